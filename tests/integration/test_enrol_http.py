"""The enrolment port in the hands of strangers: nothing but enrolment, and a limit on everything."""

import asyncio
import json

import pytest

from sync_server.device.enrol import Pairing
from sync_server.protocol import enrol
from sync_server.service import door as door_module
from sync_server.service.door import BURST, LARGEST_HEAD, MOST_OPEN_EACH

from .house import House


async def connect(shop: House) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = shop.server.enrolment.address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def say(shop: House, data: bytes) -> bytes:
    """What comes back until the port hangs up."""
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
    "The enrolment port is asked for anything else: pages, commands, files, other methods",
    "404 with nothing in it",
)
async def test_anything_but_enrolment_is_not_there(shop):
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
    assert shop.server.enrolment.pairing.waiting(shop.server.shop.clock()) == []


async def test_a_request_nobody_knows_is_over(shop):
    await shop.open()
    answer = await say(shop, request("GET", f"/enrol/{'a' * 32}"))
    assert answer.startswith(b"HTTP/1.1 410 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["why"] == "expired"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00\xff" * 100 + b"\r\n\r\n", b"400"),
        (b"GET\r\n\r\n", b"400"),
        (request("POST", "/enrol", b"x" * (enrol.LARGEST + 1)), b"413"),
        (request("POST", "/enrol", b"[" * enrol.LARGEST), b"400"),
        (request("GET", "/", b"", f"X: {'y' * LARGEST_HEAD}"), b"431"),
        (
            b"POST /enrol HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"400",
        ),
        (b"POST /enrol HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
async def test_what_is_no_request_or_too_large_is_refused(shop, data, status, monkeypatch):
    monkeypatch.setattr(door_module, "WHOLE_S", 0.5)
    await shop.open()
    answer = await say(shop, data)
    assert answer == b"" or answer.split()[1] == status
    assert (await say(shop, request("GET", "/"))).startswith(b"HTTP/1.1 404 ")


@pytest.mark.attack(
    "Slow-loris on the enrolment port: headers that never end, a body that never comes",
    "the connection ends after five seconds",
)
async def test_whoever_sends_slowly_is_hung_up_on(shop, monkeypatch):
    """Slow-loris: headers that never end, and a body that never comes."""
    monkeypatch.setattr(door_module, "WHOLE_S", 0.05)
    await shop.open()
    for beginning in (b"POST /enrol HT", b"POST /enrol HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"):
        assert await say(shop, beginning) == b""


async def test_many_connections_of_one_address_leave_the_door_open_to_the_next(shop):
    await shop.open()
    idle = [await connect(shop) for _ in range(MOST_OPEN_EACH)]
    assert await say(shop, request("GET", "/")) == b""
    assert shop.server.counters.values()["enrol_shed"] >= 1
    for _, writer in idle:
        writer.close()
    async with asyncio.timeout(20):
        while not (await say(shop, request("GET", "/"))).startswith(b"HTTP/1.1 404 "):
            await asyncio.sleep(0)


@pytest.mark.attack(
    "1,000 connections to the enrolment port at once",
    "most are hung up on; a device is paired right afterwards",
)
async def test_a_thousand_connections_at_once_do_the_shop_no_harm(shop):
    await shop.open()
    await asyncio.gather(*(say(shop, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(1000)))
    async with asyncio.timeout(20):
        while shop.server.enrolment._door._open.total():
            await asyncio.sleep(0)
    shop.server.enrolment._door._rates.clear()  # a quarter of an hour later
    code = shop.server.enrolment.make_code("kiosk", "Front").code
    file = await Pairing("kiosk").with_code(shop.server.enrolment.address, code)
    device = shop.device(file)
    await shop.until(lambda: device.live)


@pytest.mark.attack(
    "More requests to the enrolment port than one address may make",
    "they are told to wait",
)
async def test_requests_beyond_the_rate_are_turned_away(shop, monkeypatch):
    monkeypatch.setattr(door_module, "PER_S", 0.0)
    await shop.open()
    for _ in range(BURST):
        assert (await say(shop, request("GET", "/"))).startswith(b"HTTP/1.1 404 ")
    answer = await say(shop, request("GET", "/"))
    assert answer.startswith(b"HTTP/1.1 429 ")
    assert enrol.decode(answer.partition(b"\r\n\r\n")[2], enrol.Denied).why == "too_many"
