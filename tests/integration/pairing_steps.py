"""Steps of the tests in which a device is paired: of the device, of the manager, and of an attacker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from sync_server.device.network.enrol_client import EnrolClient, PairingError, PairingFailure
from sync_server.service.enrol.http_app import Answer, EnrolHttpApp
from sync_server.service.net.http_connections import ENROL, HttpListener
from sync_server.service.net.http_server import serve_http
from sync_server.service.net.listen import listen
from sync_server.service.observe.counters import Counters

from .harness import StoreHarness


async def asked(shop: StoreHarness, pairing: EnrolClient) -> str:
    """The device asks; the digits it shows."""
    return (await pairing.begin(shop.server.enrol.address)).digits


def waiting(shop: StoreHarness) -> list:
    return shop.server.enrol.requests.waiting(shop.server.processor.clock())


async def approve(shop: StoreHarness, name: str = "Front door") -> None:
    """The manager types the digits that the device shows."""
    (request,) = waiting(shop)
    await shop.server.enrol.approve(request.request, request.digits, name)


def failing(reason: PairingFailure) -> pytest.RaisesExc[PairingError]:
    return pytest.raises(PairingError, check=lambda error: error.reason is reason)


@contextlib.asynccontextmanager
async def enrol_port(answer: Answer) -> AsyncIterator[str]:
    """An enrolment port that answers as a test wants; its address."""
    counters = Counters()
    socket = listen("127.0.0.1:0")
    serving = asyncio.ensure_future(
        serve_http(EnrolHttpApp(answer, counters), socket, HttpListener(ENROL, counters))
    )
    try:
        yield f"127.0.0.1:{socket.getsockname()[1]}"
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
