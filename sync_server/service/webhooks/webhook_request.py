"""Sends one webhook: signs it, connects to the very address that was checked, reads the answer's status."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

import h11
from msgspec import Struct

from sync_server.service.config.outside import WebhookSettings
from sync_server.version import own_version

from .safe_address import TargetRefused, resolve
from .told_events import CONTENT_TYPE

TIMEOUT_S = 15.0  # for the whole request and the head of its answer, as Standard Webhooks asks
MAX_HEAD = 16_384
GONE = 410  # the receiver does not want any more of them


class SendProblem(StrEnum):
    """Why a target does not have it. The pages have a sentence for each."""

    TIMEOUT = "timeout"
    LOCAL = "local"  # its address is in the shop's network; the detail is the address
    TLS = "tls"
    UNREACHABLE = "unreachable"
    NO_HTTP = "no_http"
    REDIRECT = "redirect"  # the detail is where to
    GONE = "gone"
    REFUSED = "refused"  # it answered with a status that is no yes
    NOT_TRIED = "not_tried"  # nobody waits for it any more, or it waited for too long


class SendResult(Struct, frozen=True):
    """What came of a try. `problem` is None if the target has it. `status` is that of HTTP."""

    status: int | None = None
    problem: SendProblem | None = None
    detail: str = ""

    @property
    def is_final(self) -> bool:
        """Whether the target wants no more of it."""
        return self.problem is SendProblem.GONE

    @property
    def written(self) -> str:
        """The problem and its detail in one text, as the store keeps it."""
        return f"{self.problem}: {self.detail}" if self.problem else ""


Tls = Callable[[], ssl.SSLContext]


async def send(
    target: WebhookSettings,
    message_id: str,
    body: bytes,
    secret: str,
    now: int,
    tls: Tls = ssl.create_default_context,
) -> SendResult:
    """Sends it once. `now` in ms UTC is the time of the signature. Raises nothing."""
    parts = urlsplit(target.url)
    headers = [
        ("Host", parts.netloc),
        ("User-Agent", f"Welkom/{own_version()}"),
        ("Content-Type", CONTENT_TYPE),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        *signature(message_id, body, secret, now),
    ]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await _connect(target, tls)
            try:
                answer = await _exchange(reader, writer, path, headers, body)
            finally:
                writer.close()
    except TimeoutError:
        return SendResult(problem=SendProblem.TIMEOUT)
    except TargetRefused as error:
        return SendResult(problem=SendProblem.LOCAL, detail=str(error))
    except ssl.SSLError as error:
        return SendResult(problem=SendProblem.TLS, detail=error.reason or str(error))
    except OSError as error:
        return SendResult(problem=SendProblem.UNREACHABLE, detail=error.strerror or str(error))
    except h11.RemoteProtocolError as error:
        return SendResult(problem=SendProblem.NO_HTTP, detail=str(error))
    return _result(answer)


def signature(message_id: str, body: bytes, secret: str, now: int) -> list[tuple[str, str]]:
    """The three headers of Standard Webhooks."""
    from standardwebhooks import Webhook  # only shops with webhooks need it

    at = datetime.fromtimestamp(now // 1000, UTC)
    return [
        ("webhook-id", message_id),
        ("webhook-timestamp", str(now // 1000)),
        ("webhook-signature", Webhook(secret).sign(message_id, at, body.decode())),
    ]


def _result(answer: h11.Response) -> SendResult:
    status = answer.status_code
    if 200 <= status < 300:
        return SendResult(status)
    if 300 <= status < 400:
        to = dict(answer.headers).get(b"location", b"").decode("latin-1")[:200]
        return SendResult(status, SendProblem.REDIRECT, to)
    return SendResult(status, SendProblem.GONE if status == GONE else SendProblem.REFUSED, str(status))


async def _connect(target: WebhookSettings, tls: Tls) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects to an address that was checked, and not to what the name may lead to a moment later."""
    parts = urlsplit(target.url)
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    addresses = await resolve(host, port, target.allow_local)
    failure: OSError = OSError("the name has no address")
    for address in addresses:
        try:
            if is_tls:
                return await asyncio.open_connection(address, port, ssl=tls(), server_hostname=host)
            return await asyncio.open_connection(address, port)
        except ssl.SSLError:
            raise
        except OSError as error:
            failure = error
    raise failure


async def _exchange(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    path: str,
    headers: list[tuple[str, str]],
    body: bytes,
) -> h11.Response:
    """Sends the request and reads the head of the answer; its body is of no interest."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    request = h11.Request(method="POST", target=path, headers=headers)
    for part in (request, h11.Data(data=body), h11.EndOfMessage()):
        writer.write(connection.send(part) or b"")
    with contextlib.suppress(ConnectionError):  # a receiver may answer before it has read everything
        await writer.drain()
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(4096))
        elif isinstance(event, h11.ConnectionClosed):
            raise h11.RemoteProtocolError("it closed the connection without an answer")
