"""The pages' connections: how many there may be, and how long each may take to say what it wants.

Whoever holds connections open and sends nothing, or a byte now and then, loses them. When all are
taken the oldest makes room, one without a request first; a page that listens comes back by itself.
"""

import asyncio
import ssl

from uvicorn.protocols.http.h11_impl import H11Protocol

from .counters import Counters
from .limits import WEB_CONNECTIONS, WEB_REQUEST_S


class Connection(H11Protocol):
    """One connection of a browser, as uvicorn knows it.

    It counts from its first moment on. uvicorn's own TLS would hide it until its handshake is done,
    and somebody could hold as many as there are open files; so TLS is begun here.
    """

    counters = Counters()  # those of the server, see `connections`
    tls: ssl.SSLContext | None = None
    idle: dict["Connection", None] = {}  # of the server, too: those without a request, the longest first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._made = self.loop.time()
        self._deadline: asyncio.TimerHandle | None = None
        self._early: list[bytes] | None = None  # what came right behind the handshake
        self.transport = transport
        self.connections.add(self)
        if self.tls is None:
            super().connection_made(transport)
        else:
            self._early = []
            self._handshake = self.loop.create_task(self._shake_hands(transport, self.tls))
        self._mind()
        if len(self.connections) > WEB_CONNECTIONS:
            self._make_room()

    async def _shake_hands(self, transport: asyncio.Transport, tls: ssl.SSLContext) -> None:
        try:
            secure = await self.loop.start_tls(transport, self, tls, server_side=True)
        except OSError:  # broken off, or something else than TLS was said
            secure = None
        if secure is None:
            self._forget_deadline()
            self.connections.discard(self)
            return
        super().connection_made(secure)
        early, self._early = self._early or [], None
        for data in early:
            self.data_received(data)

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._early.append(data)
            return
        super().data_received(data)
        self._mind()

    def on_response_complete(self) -> None:
        self._forget_deadline()
        super().on_response_complete()
        self._mind()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    @property
    def _busy(self) -> bool:
        """Whether a whole request came in and is being answered."""
        return self.cycle is not None and not (self.cycle.response_complete or self.cycle.more_body)

    def _mind(self) -> None:
        """Lets the time run for as long as a whole request is not here."""
        if self._busy or self.transport.is_closing():
            self._forget_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(WEB_REQUEST_S, self._too_slow)
            self.idle[self] = None

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            self.idle.pop(self, None)

    def _too_slow(self) -> None:
        self.counters.add("web_too_slow")
        self.transport.abort()

    def _make_room(self) -> None:
        self.counters.add("web_shed")
        oldest = next((other for other in self.idle if other is not self), None)
        if oldest is None:  # all of them are answered or listen
            others = (
                other for other in self.connections if isinstance(other, Connection) and other is not self
            )
            oldest = min(others, key=lambda other: other._made)
        self.connections.discard(oldest)
        oldest._forget_deadline()
        oldest.transport.abort()


def connections(counters: Counters, tls: ssl.SSLContext | None = None) -> type[Connection]:
    """The class of a server's connections: uvicorn makes them by itself, and they count in `counters`."""
    return type("Connection", (Connection,), {"counters": counters, "tls": tls, "idle": {}})
