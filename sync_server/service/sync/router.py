"""The ROUTER socket that devices connect to. It moves bytes and knows nothing of messages."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from enum import Enum
from typing import Protocol

import zmq
import zmq.asyncio

from sync_server.addresses import parse_listen_address
from sync_server.protocol.messages import Dismissed
from sync_server.protocol.wire import MAX_FROM_DEVICE_BYTES, encode
from sync_server.service.limits.numbers import BACKLOG, BLOCK_S, HANDSHAKE_MS, MAX_FRAMES, QUEUE_MESSAGES
from sync_server.service.net.listen import interface_names, port_error, resolved
from sync_server.service.observe.counters import Counters
from sync_server.service.storage.device_rows import DeviceRow

from .connection_guard import ConnectionGuard
from .zap import DeviceAuthenticator, set_curve_server

log = logging.getLogger(__name__)

CURVE_BYTES = 64  # more than CURVE adds to a frame
REVOKED_FRAME = encode(Dismissed())
MESSAGE_BATCH = 500  # messages read before they are done, written and answered
SKIP_BATCH = 5000  # frames of an unwanted message skipped before everybody else gets their turn

Incoming = tuple[bytes, DeviceRow, bytes | None]  # peer, device, its message (None: too many frames)


class Delivery(Enum):
    """What became of a message to a device. FULL: too much waits for this device; try again later."""

    SENT = "sent"
    FULL = "full"
    GONE = "gone"


class Authenticator(Protocol):
    """Who may take part, by public key."""

    devices: dict[str, DeviceRow]


class DeviceConnections(Protocol):
    """What the device handler needs of a socket."""

    @property
    def authenticator(self) -> Authenticator: ...

    async def read(self, on_messages: Callable[[list[Incoming]], None]) -> None: ...

    def send(self, peer: bytes, message: bytes) -> Delivery: ...


class RouterSocket:
    """Binds, reads and sends. Raises PortError where it cannot listen on `address` (host:port).

    Only one task reads, and it is never cancelled while the socket is open: a cancelled read can lose
    a message.
    """

    def __init__(
        self,
        address: str,
        secret_key: str,
        authenticator: DeviceAuthenticator,
        context: "zmq.Context[zmq.Socket[bytes]]",
        counters: Counters | None = None,
    ) -> None:
        self.authenticator = authenticator
        self._counters = counters or Counters()
        self._socket = context.socket(zmq.ROUTER)
        set_curve_server(self._socket, secret_key)
        for option, value in (
            (zmq.MAXMSGSIZE, MAX_FROM_DEVICE_BYTES + CURVE_BYTES),
            (zmq.HANDSHAKE_IVL, HANDSHAKE_MS),
            (zmq.HEARTBEAT_IVL, 2000),
            (zmq.HEARTBEAT_TIMEOUT, 6000),
            (zmq.HEARTBEAT_TTL, 6000),
            (zmq.ROUTER_MANDATORY, 1),
            (zmq.ROUTER_HANDOVER, 0),
            (zmq.SNDHWM, QUEUE_MESSAGES),
            (zmq.RCVHWM, QUEUE_MESSAGES),
            (zmq.BACKLOG, BACKLOG),
            (zmq.LINGER, 0),
        ):
            self._socket.setsockopt(option, value)
        self._guard = ConnectionGuard(
            self._socket, context, self._counters, lambda: len(self.authenticator.devices)
        )
        self._skipping = False  # in the middle of a message of far too many frames
        try:
            self._bind(address)
        except OSError as error:  # zmq.ZMQError is none, see `_bind`
            self._guard.close()
            self._socket.close()
            raise port_error("server.sync", address, error) from error
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self.port = int(self.address.rpartition(":")[2])
        self._ready = asyncio.Event()

    def _bind(self, address: str) -> None:
        """Raises OSError."""
        at = parse_listen_address(address)
        if at.host not in interface_names():
            at = resolved(address)
        self._socket.setsockopt(zmq.IPV6, int(at.is_ipv6))
        try:
            self._socket.bind(f"tcp://{at}")
        except zmq.ZMQError as error:
            raise OSError(error.errno, error.strerror) from error

    async def read(self, on_messages: Callable[[list[Incoming]], None]) -> None:
        """Reads until the socket is closed. `on_messages` gets all messages at hand, to share one commit."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket.fileno(), self._ready.set)
        self._guard.start()
        self._ready.set()
        while not self._socket.closed:
            await self._ready.wait()
            # ZeroMQ's descriptor signals only changes: read until nothing is left.
            self._ready.clear()
            more = True
            while more:
                messages, more = self._read_batch()
                if messages:
                    on_messages(messages)
                await asyncio.sleep(0)

    def _read_batch(self) -> tuple[list[Incoming], bool]:
        """The next messages of devices that may take part, and whether there may be more."""
        messages: list[Incoming] = []
        revoked: set[bytes] = set()
        more = False
        with contextlib.suppress(zmq.Again):  # nothing is left
            for _ in range(MESSAGE_BATCH):
                if self._socket.closed:
                    return messages, False
                if self._skipping and not self._skip_frames():
                    more = True
                    break
                if (message := self._read_message(revoked)) is not None:
                    messages.append(message)
            else:
                more = True
        # The messages of a revoked device are not even decoded: it is told that it was revoked.
        for peer in revoked:
            self.send(peer, REVOKED_FRAME)
        return messages, more

    def _read_message(self, revoked: set[bytes]) -> Incoming | None:
        """The next message; None if its sender may not take part. Raises zmq.Again where there is none."""
        peer = self._socket.recv(zmq.NOBLOCK)
        frame = last = self._socket.recv(zmq.NOBLOCK, copy=False)
        count = 1
        while last.more and count < MAX_FRAMES:
            last = self._socket.recv(zmq.NOBLOCK, copy=False)
            count += 1
        self._skipping = last.more
        device = self.authenticator.device_of(frame)
        if device is None:
            if self.authenticator.is_revoked(frame):
                revoked.add(peer)
            return None
        self._guard.mark_authenticated(peer, device.public_key, frame)
        if self._skipping:
            log.warning(
                "%s sent a message of more than %d frames and is kept out for %d s",
                device.device_id, MAX_FRAMES, BLOCK_S,
            )  # fmt: skip
            self._counters.add("messages_of_many_frames")
            self.authenticator.block(device, BLOCK_S)
            self._guard.disconnect(peer)
            return None
        return peer, device, frame.bytes if count == 1 else None

    def _skip_frames(self) -> bool:
        """Reads past some frames of an unwanted message; whether the last of them was read."""
        for _ in range(SKIP_BATCH):
            self._socket.recv(zmq.NOBLOCK)
            if not self._socket.getsockopt(zmq.RCVMORE):
                self._skipping = False
                return True
        return False

    def send(self, peer: bytes, message: bytes) -> Delivery:
        try:
            self._socket.send_multipart((peer, message), zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno == zmq.EAGAIN:
                return Delivery.FULL
            if error.errno != zmq.EHOSTUNREACH:
                raise
            return Delivery.GONE
        finally:
            # Sending can swallow the descriptor's signal that something came in meanwhile.
            self._ready.set()
        return Delivery.SENT

    def close(self) -> None:
        with contextlib.suppress(zmq.ZMQError, ValueError, RuntimeError):  # it was never read, or is closed
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._guard.close()
        self._socket.close()
        self._ready.set()
