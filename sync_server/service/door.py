"""The port of the enrolment server: as much HTTP as it needs, with a limit on everything.

One request a connection, read and answered within a few seconds; few connections at once, fewer
from one address. Whoever is beyond a limit is hung up on and harms nobody else.
"""

import asyncio
import contextlib
import logging
import socket as sockets
from collections import Counter
from collections.abc import Awaitable, Callable

import h11

from sync_server.protocol.enrol import LARGEST

from .counters import Counters
from .limits import BACKLOG

MOST_OPEN = 64  # connections at once
MOST_OPEN_EACH = 8  # from one address
TAKEN_AT_ONCE = 16  # while a crowd comes in, devices have their turn in between
WHOLE_S = 5.0  # from the first byte of a request to the last of its answer
BURST = 40  # requests of one address at once
PER_S = 4.0  # and from then on
LARGEST_HEAD = 4096  # bytes of request line and headers
MOST_ADDRESSES = 2000  # remembered for their rate

log = logging.getLogger(__name__)

# method, path, body, the address it came from, the address it came to
Answer = Callable[[str, str, bytes, str, str], Awaitable[tuple[int, bytes]]]


class Door:
    """Listens from `open` to `close`."""

    def __init__(self, answer: Answer, counters: Counters | None = None) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._open: Counter[str] = Counter()
        self._rates: dict[str, tuple[float, float]] = {}  # allowance left, and when it was reckoned
        self._tasks: set[asyncio.Task[None]] = set()
        self._counters = counters or Counters()

    async def open(self, socket: sockets.socket) -> None:
        self._server = await asyncio.start_server(
            self._came, sock=socket, limit=LARGEST_HEAD, backlog=TAKEN_AT_ONCE
        )
        socket.listen(BACKLOG)  # what asyncio takes in one go is one thing, how many may wait another

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        address = str((writer.get_extra_info("peername") or ("",))[0])
        try:
            if self._open.total() >= MOST_OPEN or self._open[address] >= MOST_OPEN_EACH:
                self._counters.add("enrol_shed")
                return
            self._open[address] += 1
            try:
                async with asyncio.timeout(WHOLE_S):
                    await self._serve(reader, writer, address)
            finally:
                self._open[address] -= 1
                self._open += Counter()  # forgets the addresses with nothing open
        except (TimeoutError, OSError, asyncio.CancelledError):
            pass
        except Exception:
            log.exception("a request to the enrolment port could not be answered")
        finally:
            self._tasks.discard(task)
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> None:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
        try:
            request, body = await _read(http, reader)
        except h11.RemoteProtocolError as error:
            if http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                return
            status, said = error.error_status_hint, b""
        else:
            if not self._within_rate(address, asyncio.get_running_loop().time()):
                self._counters.add("enrol_shed")
                status, said = 429, b'{"why":"too_many"}'
            else:
                host = str(writer.get_extra_info("sockname")[0])
                path = request.target.decode("ascii", "replace")
                status, said = await self._answer(request.method.decode(), path, body, address, host)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(said)))]
        headers += [("Connection", "close"), ("Cache-Control", "no-store")]
        for event in (h11.Response(status_code=status, headers=headers), h11.Data(said), h11.EndOfMessage()):
            writer.write(http.send(event) or b"")
        await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()
            # Closing while unread bytes come in would reset the connection, and the answer with it.
            while await reader.read(LARGEST_HEAD):
                pass

    def _within_rate(self, address: str, now: float) -> bool:
        if len(self._rates) >= MOST_ADDRESSES:
            self._rates.clear()
        left, at = self._rates.get(address, (float(BURST), now))
        left = min(float(BURST), left + (now - at) * PER_S)
        self._rates[address] = (max(0.0, left - 1), now)
        return left >= 1


async def _read(http: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes]:
    """The whole request. Raises h11.RemoteProtocolError for what is none, or is too large."""
    request: h11.Request | None = None
    body = b""
    taken = 0
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            if request is None and taken >= LARGEST_HEAD:
                raise h11.RemoteProtocolError("head too large", error_status_hint=431)
            data = await reader.read(LARGEST_HEAD)
            taken += len(data)
            http.receive_data(data)
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > LARGEST:
                raise h11.RemoteProtocolError("body too large", error_status_hint=413)
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, body
        else:
            raise h11.RemoteProtocolError("hung up")


def listen(address: str) -> sockets.socket:
    """A listening socket on `host:port`. Raises OSError."""
    host, _, port = address.rpartition(":")
    found = sockets.create_server((host.strip("[]"), int(port)))
    found.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
    return found
