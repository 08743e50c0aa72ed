"""Hands for tests in which a device asks to be let in: the device's, the manager's, and somebody else's."""

import pytest

from sync_server.device.enrol import Pairing, PairingError, Reason
from sync_server.service.door import listen

from .house import House


async def asked(shop: House, pairing: Pairing) -> str:
    """The device asks; the digits it shows."""
    return (await pairing.begin(shop.server.enrolment.address)).digits


def waiting(shop: House) -> list:
    return shop.server.enrolment.pairing.waiting(shop.server.shop.clock())


async def approve(shop: House, name: str = "Front door") -> None:
    (request,) = waiting(shop)
    await shop.server.enrolment.approve(request.request, name)


def failing(reason: Reason):
    return pytest.raises(PairingError, check=lambda error: error.reason is reason)


async def listening(door) -> str:
    socket = listen("127.0.0.1:0")
    await door.open(socket)
    return f"127.0.0.1:{socket.getsockname()[1]}"
