"""The enrolment port under attack: it does nothing but enrolment, and has a limit on everything."""

import asyncio
import json

import pytest
from msgspec.structs import replace

from sync_server.device.network.enrol_client import EnrolClient
from sync_server.protocol import enrol
from sync_server.service.enrol import http_app, service
from sync_server.service.limits.numbers import ENROL_BURST, ENROL_CONNECTIONS_PER_ADDRESS, ENROL_HEAD_BYTES
from sync_server.service.net.http_connections import ENROL

from .harness import StoreHarness


async def connect(shop: StoreHarness) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = shop.server.enrol.address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def say(shop: StoreHarness, data: bytes) -> bytes:
    """Sends bytes. Returns everything until the connection is closed."""
    reader, writer = await connect(shop)
    writer.write(data)
    async with asyncio.timeout(20):
        try:
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()


def request(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    head = [f"{method} {path} HTTP/1.1", "Host: shop", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


@pytest.mark.attack(
    "Other requests to the enrolment port: pages, commands, files, other methods",
    "404 without content",
)
async def test_everything_but_enrolment_is_404(shop):
    await shop.open()
    ask = enrol.encode(enrol.Ask(enrol.WIRE, "kiosk", "k" * 40, "0" * 64))
    for method, path in (
        ("GET", "/"),
        ("GET", "/enrol"),
        ("PUT", "/enrol"),
        ("POST", "/enrol/"),
        ("POST", "//enrol"),
        ("POST", "/enrol?x"),
        ("GET", "/enrol/code"),
        ("DELETE", f"/enrol/{'a' * 32}"),
        ("GET", f"/enrol/{'A' * 32}"),
        ("GET", "/enrol/../store.db"),
        ("POST", "/control"),
        ("GET", "/manager"),
        ("GET", "/health"),
        ("OPTIONS", "*"),
    ):
        answer = await say(shop, request(method, path, ask))
        assert answer.startswith(b"HTTP/1.1 404 "), (method, path)
        assert answer.endswith(b"\r\n\r\n"), (method, path)
    assert shop.server.enrol.requests.waiting(shop.server.processor.clock()) == []


async def test_an_unknown_request_has_expired(shop):
    await shop.open()
    answer = await say(shop, request("GET", f"/enrol/{'a' * 32}"))
    assert answer.startswith(b"HTTP/1.1 410 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["why"] == "expired"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00\xff" * 100 + b"\r\n\r\n", b"400"),
        (b"GET\r\n\r\n", b"400"),
        (request("POST", "/enrol", b"x" * (enrol.MAX_MESSAGE_BYTES + 1)), b"413"),
        (request("POST", "/enrol", b"[" * enrol.MAX_MESSAGE_BYTES), b"400"),
        (request("GET", "/", b"", f"X: {'y' * ENROL_HEAD_BYTES}"), b"431"),
        (
            b"POST /enrol HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"400",
        ),
        (b"POST /enrol HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
async def test_malformed_and_too_large_requests_are_refused(shop, data, status, monkeypatch):
    monkeypatch.setattr(service, "ENROL", replace(ENROL, request_s=0.5))
    await shop.open()
    answer = await say(shop, data)
    assert answer == b"" or answer.split()[1] == status
    assert (await say(shop, request("GET", "/"))).startswith(b"HTTP/1.1 404 ")


@pytest.mark.attack(
    "Slow-loris on the enrolment port: headers that never end, a body that never comes",
    "the connection is closed after five seconds",
)
async def test_a_slow_request_is_disconnected(shop, monkeypatch):
    """Slow-loris: headers that never end, and a body that never comes."""
    monkeypatch.setattr(service, "ENROL", replace(ENROL, request_s=0.05))
    await shop.open()
    for beginning in (b"POST /enrol HT", b"POST /enrol HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"):
        assert await say(shop, beginning) == b""


async def test_one_address_has_a_limited_number_of_connections(shop):
    await shop.open()
    idle = [await connect(shop) for _ in range(ENROL_CONNECTIONS_PER_ADDRESS)]
    assert await say(shop, request("GET", "/")) == b""
    assert shop.server.counters.values()["enrol_shed"] >= 1
    for _, writer in idle:
        writer.close()
    async with asyncio.timeout(20):
        while not (await say(shop, request("GET", "/"))).startswith(b"HTTP/1.1 404 "):
            await asyncio.sleep(0)


@pytest.mark.attack(
    "1,000 connections to the enrolment port at the same time",
    "most are closed; a device is paired right afterwards",
)
async def test_a_device_can_be_paired_after_a_thousand_connections_at_once(shop):
    await shop.open()
    await asyncio.gather(*(say(shop, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(1000)))
    async with asyncio.timeout(20):
        while shop.server.enrol.listener.per_address.total():
            await asyncio.sleep(0)
    shop.server.enrol.http_app.rates.clear()  # as a quarter of an hour later
    code = shop.server.enrol.make_code("kiosk", "Front").code
    file = await EnrolClient("kiosk").with_code(shop.server.enrol.address, code)
    device = shop.device(file)
    await shop.until(lambda: device.live)


@pytest.mark.attack(
    "More requests to the enrolment port than one address may make",
    "they are refused and told to wait",
)
async def test_requests_above_the_rate_limit_are_refused(shop, monkeypatch):
    monkeypatch.setattr(http_app, "ENROL_PER_S", 0.0)
    await shop.open()
    for _ in range(ENROL_BURST):
        assert (await say(shop, request("GET", "/"))).startswith(b"HTTP/1.1 404 ")
    answer = await say(shop, request("GET", "/"))
    assert answer.startswith(b"HTTP/1.1 429 ")
    assert enrol.decode(answer.partition(b"\r\n\r\n")[2], enrol.Denied).why == "too_many"
