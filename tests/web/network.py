"""A network between a browser and the server that a test can interrupt, as a Wi-Fi dead spot does."""

import contextlib
import socket
import threading
from collections.abc import Iterator

PIECE = 65_536


class DeadSpot:
    """Forwards connections to the server, until `begin` makes it lose every byte.

    `end` lets new connections through.

    Nothing is closed and nothing is refused: neither side can see that the other is out of reach. Connections
    from before the dead spot stay silent, because TCP would repeat its packets only after a minute or more.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lost = False
        self._sockets: list[socket.socket] = []
        self._silenced: set[socket.socket] = set()
        self._open = 0  # connections to the server
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._accept, name="dead-spot", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def wait_until_open(self, connections: int, timeout_s: float = 20) -> None:
        """Waits until the server has so many connections: those that are idle it closes after a while."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._open == connections, timeout_s), self._open

    def begin(self) -> None:
        self._lost = True
        self._silenced.update(self._sockets)

    def end(self) -> None:
        self._lost = False

    def close(self) -> None:
        for one in (self._listening, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:  # closed
                return
            self._sockets.append(near)
            if self._lost:
                self._silenced.add(near)
                continue
            far = socket.create_connection(self._target)
            self._sockets.append(far)
            self._count(1)
            for source, sink in ((near, far), (far, near)):
                from_server = source is far
                threading.Thread(target=self._forward, args=(source, sink, from_server), daemon=True).start()

    def _count(self, change: int) -> None:
        with self._changed:
            self._open += change
            self._changed.notify_all()

    def _forward(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(PIECE):
                if source not in self._silenced:
                    sink.sendall(data)
            if source not in self._silenced:
                sink.shutdown(socket.SHUT_WR)
        if from_server:
            self._count(-1)


@contextlib.contextmanager
def dead_spot(target: str) -> Iterator[DeadSpot]:
    """A way to the server at `target` (host:port) that can be interrupted."""
    network = DeadSpot(target)
    try:
        yield network
    finally:
        network.close()
