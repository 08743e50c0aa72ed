"""HTTP connections with limits: how many there may be, and how long each may take.

A client that holds a connection open and sends nothing, or a byte now and then, loses it. So does one
that does not read its answer.

This is the one place that depends on uvicorn's own HTTP protocol class, which is not a public
interface: pyproject.toml bounds uvicorn's version, and a test compares what is used of it.
"""

import asyncio
import logging
import ssl
import sys
from collections import Counter
from enum import Enum
from typing import Any

import h11
from msgspec import Struct
from uvicorn.protocols.http.h11_impl import H11Protocol

from sync_server.network_addresses import plain_host
from sync_server.service.limits import numbers
from sync_server.service.observe.counters import Counters

log = logging.getLogger(__name__)


class WhenFull(Enum):
    """Which connection is closed when there are too many."""

    CLOSE_OLDEST = "oldest"  # first one without a request; a page that listens comes back by itself
    CLOSE_NEWEST = "newest"


class ConnectionLimits(Struct, frozen=True, kw_only=True):
    """The limits of one listening socket. `max_per_address` 0 means that addresses are not counted.

    `request_s` is the time for a whole request. With `answer_included` it runs from the opening of the
    connection to the end of the answer.
    """

    max_connections: int
    max_per_address: int = 0
    when_full: WhenFull
    head_bytes: int
    request_s: float
    answer_included: bool = False
    stalled_s: float  # for the client to read what is sent to it, about 64 KB
    idle_s: int  # between two requests
    accept_batch: int  # connections accepted at once; devices are served in between
    shed_counter: str  # counts connections closed because there were too many
    slow_counter: str  # counts those that took too long; empty: not counted


PAGES = ConnectionLimits(
    max_connections=numbers.WEB_CONNECTIONS,
    when_full=WhenFull.CLOSE_OLDEST,
    head_bytes=numbers.WEB_HEAD_BYTES,
    request_s=numbers.WEB_REQUEST_S,
    stalled_s=numbers.WEB_STALLED_S,
    idle_s=numbers.WEB_IDLE_S,
    accept_batch=numbers.WEB_ACCEPT_BATCH,
    shed_counter="web_shed",
    slow_counter="web_too_slow",
)

ENROL = ConnectionLimits(
    max_connections=numbers.ENROL_CONNECTIONS,
    max_per_address=numbers.ENROL_CONNECTIONS_PER_ADDRESS,
    when_full=WhenFull.CLOSE_NEWEST,
    head_bytes=numbers.ENROL_HEAD_BYTES,
    request_s=numbers.ENROL_REQUEST_S,
    stalled_s=numbers.ENROL_REQUEST_S,
    answer_included=True,
    idle_s=1,
    accept_batch=numbers.ENROL_ACCEPT_BATCH,
    shed_counter="enrol_shed",
    slow_counter="",
)


class HttpListener:
    """What the connections of one listening socket share."""

    def __init__(
        self, limits: ConnectionLimits, counters: Counters, tls: ssl.SSLContext | None = None
    ) -> None:
        self.limits = limits
        self.counters = counters
        self.tls = tls
        self.idle: dict[LimitedConnection, None] = {}  # those without a request, the longest first
        self.per_address: Counter[str] = Counter()  # open connections


class LimitedConnection(H11Protocol):
    """One connection, as uvicorn knows it.

    It counts from its first moment on. uvicorn's own TLS would hide it until its handshake is done,
    and a client could hold as many as there are open files; so TLS is started here.
    """

    listener: HttpListener  # set by `limited_connection`

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self._opened_at = self.loop.time()
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None  # while the client does not read its answer
        self._early: list[bytes] | None = None  # received right behind the TLS handshake
        self._address = plain_host(str((transport.get_extra_info("peername") or ("",))[0]))
        self._count()
        if self._is_one_too_many():
            self.listener.counters.add(self.listener.limits.shed_counter)
            if self.listener.limits.when_full is WhenFull.CLOSE_NEWEST:
                self._release()
                transport.close()
                return
            self._close_oldest()
        if self.listener.tls is None:
            self._start(transport)
        else:
            self._early = []
            self._handshake = self.loop.create_task(self._start_tls(transport, self.listener.tls))
        self._watch_deadline()

    def _start(self, transport: asyncio.Transport) -> None:
        """Lets requests in. A socket of IPv6 shows addresses of IPv4 in another form than one of IPv4."""
        super().connection_made(transport)
        if self.client is not None:
            self.client = plain_host(self.client[0]), self.client[1]
        if self.server is not None:
            self.server = plain_host(self.server[0]), self.server[1]

    async def _start_tls(self, transport: asyncio.Transport, tls: ssl.SSLContext) -> None:
        try:
            secure = await self.loop.start_tls(transport, self, tls, server_side=True)
        except OSError as error:
            log.debug("a TLS handshake was broken off, or was none: %s", error)
            secure = None
        if secure is None:
            self._release()  # asyncio does not call `connection_lost` in this case
            return
        self._start(secure)
        early, self._early = self._early or [], None
        for data in early:
            self.data_received(data)

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._early.append(data)
            return
        # In pieces: h11 limits only a head that is not complete yet, however large one at once may be.
        size = self.listener.limits.head_bytes
        for start in range(0, len(data), size):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + size])
        self._watch_deadline()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no request, or one that is too large: h11's error says which."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # an answer is being sent already
            self.transport.abort()
            return
        if self.cycle is not None:
            # The application may be waiting for the rest of the body. What it says to its end goes nowhere.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        status = getattr(sys.exception(), "error_status_hint", 400)
        if status == 400:
            super().send_400_response(msg)
            return
        headers = [("Content-Length", "0"), ("Connection", "close")]
        for event in (h11.Response(status_code=status, headers=headers), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def on_response_complete(self) -> None:
        if not self.listener.limits.answer_included:
            self._cancel_deadline()
        super().on_response_complete()
        self._watch_deadline()

    def pause_writing(self) -> None:
        """More of an answer waits than the client reads."""
        super().pause_writing()
        self._watch_stalled()

    def resume_writing(self) -> None:
        self._cancel_stalled()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_stalled()
        self._release()
        super().connection_lost(exc)

    def _count(self) -> None:
        self._counted = True
        self.connections.add(self)
        self.listener.per_address[self._address] += 1

    def _release(self) -> None:
        """The connection does not count any more."""
        self._cancel_deadline()
        self.connections.discard(self)
        if self._counted:
            self._counted = False
            self.listener.per_address[self._address] -= 1
            if not self.listener.per_address[self._address]:
                del self.listener.per_address[self._address]

    def _is_one_too_many(self) -> bool:
        limits, own = self.listener.limits, self.listener.per_address[self._address]
        return len(self.connections) > limits.max_connections or own > (limits.max_per_address or own)

    @property
    def _busy(self) -> bool:
        """Whether a whole request came in and is being answered."""
        return self.cycle is not None and not (self.cycle.response_complete or self.cycle.more_body)

    def _watch_deadline(self) -> None:
        """Lets the time for a request run while the whole request has not come in."""
        limits = self.listener.limits
        if self.transport.is_closing():
            self._watch_stalled()  # closed once the client has read the rest
        if not limits.answer_included and (self._busy or self.transport.is_closing()):
            self._cancel_deadline()
        elif self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(limits.request_s, self._too_slow)
            self.listener.idle[self] = None

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            self.listener.idle.pop(self, None)

    def _watch_stalled(self) -> None:
        if self._stalled is None:
            self._stalled = self.loop.call_later(self.listener.limits.stalled_s, self._too_slow)

    def _cancel_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _too_slow(self) -> None:
        if counter := self.listener.limits.slow_counter:
            self.listener.counters.add(counter)
        self.transport.abort()

    def _close_oldest(self) -> None:
        oldest = next((other for other in self.listener.idle if other is not self), None)
        if oldest is None:  # all of them are answered or listen
            others = (
                other
                for other in self.connections
                if isinstance(other, LimitedConnection) and other is not self
            )
            oldest = min(others, key=lambda other: other._opened_at)
        oldest._release()
        oldest.transport.abort()


def limited_connection(listener: HttpListener) -> type[LimitedConnection]:
    """The connection class of one listening socket: uvicorn makes the connections by itself."""
    members: dict[str, Any] = {"listener": listener}
    return type("LimitedConnection", (LimitedConnection,), members)
