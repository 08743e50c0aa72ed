"""A TCP proxy between a device and its server: a cable that can be cut, stalled and repaired."""

import asyncio
import contextlib


class Cable:
    """Forwards bytes between its own port and the server."""

    def __init__(self, to: str) -> None:
        host, _, port = to.rpartition(":")
        self._to = host.removeprefix("tcp://"), int(port)
        self._open = asyncio.Event()
        self._open.set()
        self._broken = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.address = ""

    async def open(self) -> "Cable":
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.address = f"tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def cut(self) -> None:
        """Closes all connections, and refuses new ones."""
        self._broken = True
        for end in list(self._ends):
            end.transport.abort()

    def stall(self) -> None:
        """Forwards nothing any more, without closing connections."""
        self._open.clear()

    def repair(self) -> None:
        self._broken = False
        self._open.set()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        self._open.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._broken:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.ensure_future(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, OSError):
            while data := await source.read(65_536):
                await self._open.wait()
                sink.write(data)
                await sink.drain()
        self._ends.discard(sink)
        sink.transport.abort()
