"""The HTTP application of the enrolment port: one request a connection, small, and few from one address.

How many connections there may be, and how long each may take, is limited by `net/http_connections.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sync_server.protocol.enrol import MAX_MESSAGE_BYTES
from sync_server.service.limits.numbers import ENROL_BURST, ENROL_PER_S, MAX_ADDRESSES
from sync_server.service.limits.rate_limit import PerKey, TokenBucket
from sync_server.service.observe.counters import Counters

# method, path, body, the address it came from, the address it came to
Answer = Callable[[str, str, bytes, str, str], Awaitable[tuple[int, bytes]]]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TOO_LARGE = 413, b""
TOO_MANY = 429, b'{"why":"too_many"}'


class EnrolHttpApp:
    """An ASGI application. `answer` gives the status and the body for each request within the limits."""

    def __init__(self, answer: Answer, counters: Counters | None = None) -> None:
        self.rates = PerKey(lambda: TokenBucket(ENROL_BURST, ENROL_PER_S), MAX_ADDRESSES)
        self._answer = answer
        self._counters = counters or Counters()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        if body is None:
            return
        address = str((scope["client"] or ("",))[0])
        if len(body) > MAX_MESSAGE_BYTES:
            status, content = TOO_LARGE
        elif not self.rates.of(address).take(asyncio.get_running_loop().time() * 1000):
            self._counters.add("enrol_shed")
            status, content = TOO_MANY
        else:
            query = b"?" + scope["query_string"] if scope["query_string"] else b""
            path = (scope["raw_path"] + query).decode("ascii", "replace")
            host = str(scope["server"][0])
            status, content = await self._answer(scope["method"], path, body, address, host)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        headers += [(b"connection", b"close"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or its beginning where it is too large; None where the client hung up."""
    body = b""
    while len(body) <= MAX_MESSAGE_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body
