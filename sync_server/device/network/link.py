"""The device's socket: one DEALER at a time, encrypted, replaced whenever the engine says so."""

import asyncio
import contextlib
from collections.abc import Callable

import zmq

from sync_server.protocol.device_file import DeviceFile

MOST_AT_ONCE = 20  # messages taken in before the screen gets its turn
LARGEST_FROM_SERVER = 8 * 1024 * 1024  # a snapshot of a very busy store is well below


class Link:
    """Calls `on_frame` in the event loop for each frame that comes in."""

    def __init__(self, device: DeviceFile, on_frame: Callable[[bytes], None]) -> None:
        self._device = device
        self._on_frame = on_frame
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._socket: zmq.Socket[bytes] | None = None
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        self.close()
        socket = self._context.socket(zmq.DEALER)
        for option, value in (
            (zmq.RECONNECT_IVL, 200),
            (zmq.RECONNECT_IVL_MAX, 0),  # 200 to 400 ms between two tries, however many there were
            (zmq.CONNECT_TIMEOUT, 1000),  # where nothing answers, TCP itself would wait for minutes
            (zmq.HEARTBEAT_IVL, 2000),
            (zmq.HEARTBEAT_TIMEOUT, 6000),
            (zmq.MAXMSGSIZE, LARGEST_FROM_SERVER),
            (zmq.SNDHWM, 0),  # the outbox is the queue: no op may be left out and a later one sent
            (zmq.LINGER, 0),
        ):
            socket.setsockopt(option, value)
        socket.curve_serverkey = self._device.server_key.encode()
        socket.curve_publickey = self._device.public_key.encode()
        socket.curve_secretkey = self._device.secret_key.encode()
        self._socket = socket
        self._loop.add_reader(socket.fileno(), self._drain)
        socket.connect(self._device.server)

    def send(self, frame: bytes) -> None:
        """Sends if there is room; what cannot be sent is repeated by the engine in time."""
        if self._socket is None:
            return
        with contextlib.suppress(zmq.Again):
            self._socket.send(frame, zmq.NOBLOCK)
        # Sending can swallow the descriptor's signal that something came in meanwhile.
        self._loop.call_soon(self._drain)

    def close(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _drain(self) -> None:
        # ZeroMQ's descriptor tells only of changes: read until nothing is left, with a pause for the
        # screen after every few, because the answers to a day's ops may come all at once.
        with contextlib.suppress(zmq.Again):
            for _ in range(MOST_AT_ONCE):
                if self._socket is None:
                    return
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
                self._on_frame(frames[0])
            self._loop.call_soon(self._drain)
