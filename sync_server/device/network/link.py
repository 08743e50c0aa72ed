"""The device's encrypted DEALER socket. The engine decides when it is replaced by a new one."""

import asyncio
import contextlib
from collections.abc import Callable

import zmq

from sync_server.addresses import parse_device_address
from sync_server.protocol.device_file import DeviceFile

MAX_FRAMES_PER_TURN = 20  # frames that are read before the screen gets its turn
MAX_FROM_SERVER_BYTES = 8 * 1024 * 1024  # a snapshot of a very busy store is well below this


class Link:
    """Calls `on_frame` in the event loop for each frame that arrives."""

    def __init__(self, device: DeviceFile, on_frame: Callable[[bytes], None]) -> None:
        self._device = device
        self._opened = 0
        self._on_frame = on_frame
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._socket: zmq.Socket[bytes] | None = None
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        """Opens a new socket in place of the present one."""
        self.close()
        socket = self._context.socket(zmq.DEALER)
        for option, value in (
            (zmq.RECONNECT_IVL, 200),
            (zmq.RECONNECT_IVL_MAX, 0),  # no growing interval: 200 to 400 ms between all tries
            (zmq.CONNECT_TIMEOUT, 1000),  # if nothing answers, TCP itself would wait for minutes
            (zmq.HEARTBEAT_IVL, 2000),
            (zmq.HEARTBEAT_TIMEOUT, 6000),
            (zmq.MAXMSGSIZE, MAX_FROM_SERVER_BYTES),
            (zmq.SNDHWM, 0),  # no limit: a full queue would drop one op and send a later one
            (zmq.LINGER, 0),
            (zmq.IPV6, self._uses_ipv6()),
        ):
            socket.setsockopt(option, value)
        socket.curve_serverkey = self._device.server_key.encode()
        socket.curve_publickey = self._device.public_key.encode()
        socket.curve_secretkey = self._device.secret_key.encode()
        self._socket = socket
        self._loop.add_reader(socket.fileno(), self._read_frames)
        socket.connect(self._device.server)

    def _uses_ipv6(self) -> bool:
        """A socket of ZeroMQ looks up one kind of address of a name, so the next socket tries the other."""
        server = parse_device_address(self._device.server)
        self._opened += 1
        return server.is_ipv6 or (server.is_name and self._opened % 2 == 0)

    def send(self, frame: bytes) -> None:
        """Sends the frame if the socket takes it. The engine repeats what was not sent."""
        if self._socket is None:
            return
        with contextlib.suppress(zmq.Again):
            self._socket.send(frame, zmq.NOBLOCK)
        # Sending can consume the descriptor's signal that a frame has arrived.
        self._loop.call_soon(self._read_frames)

    def close(self) -> None:
        """Closes the socket, if there is one."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _read_frames(self) -> None:
        # ZeroMQ's descriptor signals changes only, so read until nothing is left. Pause after every few
        # frames, because the answers to a whole day's ops may arrive together.
        with contextlib.suppress(zmq.Again):
            for _ in range(MAX_FRAMES_PER_TURN):
                if self._socket is None:
                    return
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
                self._on_frame(frames[0])
            self._loop.call_soon(self._read_frames)
