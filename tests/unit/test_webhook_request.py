"""One webhook goes to a real receiver: signed, to the address that was checked, never where it may not go."""

import asyncio
import socket
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from sync_server.service.config.outside import WebhookSettings
from sync_server.service.net.tls import make_certificate
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.webhooks import safe_address, webhook_request
from sync_server.service.webhooks.safe_address import TargetRefused, is_outside, resolve
from sync_server.service.webhooks.webhook_request import SendProblem, SendResult, send
from tests.webhook_receiver import WebhookReceiver, webhook_receiver

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = b'{"type":"welkom.visit.opened"}'


def target(url: str, allow_local: bool = True) -> WebhookSettings:
    return WebhookSettings("till", url, ("visit.opened",), allow_local=allow_local)


def sent(to: WebhookSettings) -> SendResult:
    return asyncio.run(send(to, "msg_1", BODY, SECRET, int(time.time() * 1000)))


@pytest.fixture
def receiver() -> Any:
    with webhook_receiver() as found:
        yield found


def test_the_verifier_of_standard_webhooks_accepts_it(receiver: WebhookReceiver) -> None:
    assert sent(target(receiver.url + "?shop=1")) == SendResult(204)
    (got,) = receiver.wait(1)
    assert Webhook(SECRET).verify(got.body, got.headers) == {"type": "welkom.visit.opened"}
    assert got.headers["content-type"] == "application/cloudevents+json"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body + b" ", got.headers)


@pytest.mark.attack(
    "The target of a webhook redirects to this computer",
    "the redirect is not followed, and the page says where it points",
)
@pytest.mark.parametrize("status", [500, 404, 301, 410])
def test_an_answer_other_than_yes_is_a_problem(receiver: WebhookReceiver, status: int) -> None:
    receiver.answer = lambda: (status, "http://127.0.0.1:1/")
    result = sent(target(receiver.url))
    assert (result.status, result.is_final) == (status, status == 410)
    assert result.detail == ("http://127.0.0.1:1/" if status == 301 else str(status))
    assert result.problem is {301: SendProblem.REDIRECT, 410: SendProblem.GONE}.get(
        status, SendProblem.REFUSED
    )
    assert len(receiver.received) == 1, "a redirect is not followed"


def test_an_address_of_the_shops_network_is_refused_unless_it_is_allowed(receiver: WebhookReceiver) -> None:
    for host in ("127.0.0.1", "localhost"):
        url = receiver.url.replace("127.0.0.1", host)
        result = sent(target(url, allow_local=False))
        assert result.problem is SendProblem.LOCAL
    assert receiver.received == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
     "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:192.168.1.1",
     "64:ff9b::a00:1", "2002:a00:1::", "ff02::1", "no address"],
)  # fmt: skip
def test_what_is_no_address_of_the_internet(address: str) -> None:
    assert not is_outside(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::808:808"])
def test_what_is_an_address_of_the_internet(address: str) -> None:
    assert is_outside(address)


@pytest.mark.attack(
    "A name leads to the internet when it is checked, and into the shop's network a moment later",
    "the address that was checked is the one that is connected to",
)
def test_a_name_is_looked_up_once(receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads outside when it is checked, and into the shop when it is connected to."""
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    looked_up: list[str] = []

    async def run() -> tuple[SendResult, list[str]]:
        loop = asyncio.get_running_loop()
        real = loop.getaddrinfo

        async def look_up(host: str, *given: Any, **more: Any) -> Any:
            if host != "rebind.example":
                return await real(host, *given, **more)
            looked_up.append(host)
            address = "127.0.0.1" if len(looked_up) == 1 else "127.0.0.2"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(loop, "getaddrinfo", look_up)
        monkeypatch.setattr(safe_address, "is_outside", lambda address: address == "127.0.0.1")
        to = target(f"http://rebind.example:{port}/hooks", allow_local=False)
        return await send(to, "msg_1", BODY, SECRET, 0), looked_up

    result, asked = asyncio.run(run())
    assert (result, asked) == (SendResult(204), ["rebind.example"])
    assert receiver.received[0].headers["host"] == f"rebind.example:{port}"


def test_one_local_address_among_others_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async def look_up(*_given: Any, **_more: Any) -> Any:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 1)) for a in ("8.8.8.8", "10.0.0.1")]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
        with pytest.raises(TargetRefused, match=r"10\.0\.0\.1"):
            await resolve("two.example", 1, False)

    asyncio.run(run())


def test_a_receiver_that_is_silent_or_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_request, "TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert sent(target(f"http://127.0.0.1:{port}/")).problem is SendProblem.TIMEOUT
    assert sent(target(f"http://127.0.0.1:{port}/")).problem is SendProblem.UNREACHABLE


def test_what_is_no_http_is_a_problem() -> None:
    async def run() -> SendResult:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(BODY)
            writer.write(b"220 mail.example ESMTP\r\n")
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await send(target(f"http://127.0.0.1:{port}/"), "msg_1", BODY, SECRET, 0)

    assert asyncio.run(run()).problem is SendProblem.NO_HTTP


def test_a_certificate_must_be_known_and_of_that_name(tmp_path: Path) -> None:
    folder = DataDir(tmp_path)
    make_certificate(folder, "Shop", ["localhost"], datetime.now(UTC))
    certificate, key = tmp_path / "tls.cert.pem", tmp_path / "tls.key.pem"
    answering = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    answering.load_cert_chain(certificate, key)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(BODY)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async def run() -> list[SendResult]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=answering)
        port = server.sockets[0].getsockname()[1]

        def trusting() -> ssl.SSLContext:
            return ssl.create_default_context(cafile=str(certificate))

        async with server:
            good, wrong_name = target(f"https://localhost:{port}/"), target(f"https://127.0.0.2:{port}/")
            return [
                await send(good, "msg_1", BODY, SECRET, 0, trusting),
                await send(good, "msg_1", BODY, SECRET, 0),
                await send(wrong_name, "msg_1", BODY, SECRET, 0, trusting),
            ]

    known, unknown, other_name = asyncio.run(run())
    assert known == SendResult(204)
    assert unknown.problem is SendProblem.TLS
    assert other_name.problem
