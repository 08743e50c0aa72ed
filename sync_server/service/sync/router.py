"""The server's one socket: a ROUTER that only moves bytes between devices and the shop."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

import zmq
import zmq.asyncio

from sync_server.protocol.messages import Dismissed
from sync_server.protocol.wire import MAX_FROM_DEVICE, encode

from .counters import Counters
from .doorway import Doorway
from .gate import Gate, set_curve_server
from .limits import BACKLOG, HANDSHAKE_MS, KEPT_OUT_S, MOST_FRAMES, QUEUE
from .queries import DeviceRow

log = logging.getLogger(__name__)

ENCRYPTION = 64  # bytes that CURVE adds to a frame, and some more
DISMISSED = encode(Dismissed())
MOST_AT_ONCE = 500  # messages read before the shop gets to write and answer
SKIPPED_AT_ONCE = 5000  # frames of one message, before everybody else gets their turn

Incoming = tuple[bytes, DeviceRow, bytes | None]  # peer, device, its message (None: too many frames)


class Admits(Protocol):
    """Who may take part, by public key: the gate."""

    devices: dict[str, DeviceRow]


class Connections(Protocol):
    """What the desk needs of a socket."""

    @property
    def gate(self) -> Admits: ...

    async def read(self, on_messages: Callable[[list[Incoming]], None]) -> None: ...

    def send(self, peer: bytes, message: bytes) -> bool: ...


class PortError(Exception):
    """The address cannot be listened on. The text names it and what to do."""


class Socket:
    """Binds, reads and sends.

    `on_messages` gets what is at hand in one list, so that many ops share one commit. One task
    reads, and it is never cancelled while the socket lives: a cancelled read can lose a message.
    """

    def __init__(
        self,
        address: str,
        secret_key: str,
        gate: Gate,
        context: "zmq.Context[zmq.Socket[bytes]]",
        counters: Counters | None = None,
    ) -> None:
        self.gate = gate
        self._counters = counters or Counters()
        self._socket = context.socket(zmq.ROUTER)
        set_curve_server(self._socket, secret_key)
        for option, value in (
            (zmq.MAXMSGSIZE, MAX_FROM_DEVICE + ENCRYPTION),
            (zmq.HANDSHAKE_IVL, HANDSHAKE_MS),
            (zmq.HEARTBEAT_IVL, 2000),
            (zmq.HEARTBEAT_TIMEOUT, 6000),
            (zmq.HEARTBEAT_TTL, 6000),
            (zmq.ROUTER_MANDATORY, 1),
            (zmq.ROUTER_HANDOVER, 0),
            (zmq.SNDHWM, QUEUE),
            (zmq.RCVHWM, QUEUE),
            (zmq.BACKLOG, BACKLOG),
            (zmq.LINGER, 0),
        ):
            self._socket.setsockopt(option, value)
        self._doorway = Doorway(self._socket, context, self._counters)
        self._skipping = False  # in the middle of a message of far too many frames
        try:
            self._socket.bind(f"tcp://{address}")
        except zmq.ZMQError as error:
            self._doorway.close()
            self._socket.close()
            raise PortError(
                f"server.sync: cannot listen on {address} ({error.strerror});"
                " another program may be using the port: stop it or choose another one in store.toml"
            ) from error
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._ready = asyncio.Event()

    async def read(self, on_messages: Callable[[list[Incoming]], None]) -> None:
        """Reads for as long as the server runs."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket.fileno(), self._ready.set)
        self._doorway.watch()
        self._ready.set()
        while not self._socket.closed:
            await self._ready.wait()
            # ZeroMQ's descriptor tells only of changes: read until nothing is left.
            self._ready.clear()
            more = True
            while more:
                messages, more = self._at_hand()
                if messages:
                    on_messages(messages)
                await asyncio.sleep(0)

    def _at_hand(self) -> tuple[list[Incoming], bool]:
        """The next messages of devices that may take part, and whether there may be more."""
        messages: list[Incoming] = []
        dismissed: set[bytes] = set()
        more = False
        with contextlib.suppress(zmq.Again):
            for _ in range(MOST_AT_ONCE):
                if self._socket.closed:
                    return messages, False
                if self._skipping and not self._skip():
                    more = True
                    break
                if (message := self._next(dismissed)) is not None:
                    messages.append(message)
            else:
                more = True
        # What a dismissed device says is not even looked at: it is told that it has no part any more.
        self.send_all(dismissed, DISMISSED)
        return messages, more

    def _next(self, dismissed: set[bytes]) -> Incoming | None:
        """The next message; None if it comes from nobody who may take part. Raises zmq.Again."""
        peer = self._socket.recv(zmq.NOBLOCK)
        frame = last = self._socket.recv(zmq.NOBLOCK, copy=False)
        count = 1
        while last.more and count < MOST_FRAMES:
            last = self._socket.recv(zmq.NOBLOCK, copy=False)
            count += 1
        self._skipping = last.more
        device = self.gate.device_of(frame)
        if device is None:
            if self.gate.is_dismissed(frame):
                dismissed.add(peer)
            return None
        self._doorway.came_in(peer, device.public_key, frame)
        if self._skipping:
            log.warning(
                "%s sent a message of more than %d frames and is kept out for %d s",
                device.device_id, MOST_FRAMES, KEPT_OUT_S,
            )  # fmt: skip
            self._counters.add("messages_of_many_frames")
            self.gate.keep_out(device, KEPT_OUT_S)
            self._doorway.turn_out(peer)
            return None
        return peer, device, frame.bytes if count == 1 else None

    def _skip(self) -> bool:
        """Reads past some of the frames of a message nobody wants; whether it was the last of them."""
        for _ in range(SKIPPED_AT_ONCE):
            self._socket.recv(zmq.NOBLOCK)
            if not self._socket.getsockopt(zmq.RCVMORE):
                self._skipping = False
                return True
        return False

    def send(self, peer: bytes, message: bytes) -> bool:
        """Sends, or says that this peer is gone or too far behind; it will ask for a new snapshot."""
        try:
            self._socket.send_multipart((peer, message), zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EAGAIN, zmq.EHOSTUNREACH):
                raise
            return False
        finally:
            # Sending can swallow the descriptor's signal that something came in meanwhile.
            self._ready.set()
        return True

    def send_all(self, peers: Iterable[bytes], message: bytes) -> list[bytes]:
        """Sends to many; the peers that could not be reached."""
        return [peer for peer in peers if not self.send(peer, message)]

    def close(self) -> None:
        with contextlib.suppress(zmq.ZMQError, ValueError, RuntimeError):
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._doorway.close()
        self._socket.close()
        self._ready.set()
