"""Tracks TCP connections and closes the oldest unauthenticated ones when there are too many.

A connection is unauthenticated until a message of a known device came over it. A real device sends
one within milliseconds, so many connections that never do shut out only each other.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import socket as sockets
import struct
from collections.abc import Callable

import zmq

from sync_server.service.limits.numbers import MAX_CONNECTIONS_PER_DEVICE, MAX_UNAUTHENTICATED
from sync_server.service.observe.counters import Counters

EVENT_BATCH = 200  # events read before devices get their turn
_EVENT = struct.Struct("=hi")
_HANDSHAKE_FAILED = zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
_numbers = itertools.count()

log = logging.getLogger(__name__)


class ConnectionGuard:
    """Follows the connections of a ROUTER that is about to be bound, by their file descriptors."""

    def __init__(
        self,
        socket: "zmq.Socket[bytes]",
        context: "zmq.Context[zmq.Socket[bytes]]",
        counters: Counters,
        known_devices: Callable[[], int] = lambda: 0,
    ) -> None:
        self._known_devices = known_devices
        self._socket = socket
        self._counters = counters
        self._unauthenticated: dict[int, None] = {}  # descriptors, the oldest first
        self._authenticated: dict[int, tuple[bytes, str]] = {}  # peer and key of a device
        self._descriptors: dict[bytes, int] = {}  # of each peer
        address = f"inproc://connection-guard-{next(_numbers)}"
        socket.monitor(address, zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | _HANDSHAKE_FAILED)
        self._events = context.socket(zmq.PAIR)
        self._events.setsockopt(zmq.RCVHWM, 0)  # ZeroMQ's own thread blocks where it cannot send an event
        self._events.setsockopt(zmq.LINGER, 0)
        self._events.connect(address)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Reads events in the running loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._events.fileno(), self._read)
        self._read()

    def close(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(ValueError, RuntimeError):  # the loop is closed already
                self._loop.remove_reader(self._events.fileno())
        self._socket.disable_monitor()
        self._events.close()

    @property
    def unauthenticated(self) -> int:
        """How many connections have shown no key yet."""
        return len(self._unauthenticated)

    def mark_authenticated(self, peer: bytes, key: str, frame: zmq.Frame) -> None:
        """A message of the device with this key came over this connection."""
        if peer in self._descriptors:
            return
        try:
            descriptor = int(frame.get(zmq.SRCFD))
        except (zmq.ZMQError, ValueError):
            return  # the connection is closed already
        self._unauthenticated.pop(descriptor, None)
        self._authenticated[descriptor] = peer, key
        self._descriptors[peer] = descriptor
        own = [number for number, (_, other) in self._authenticated.items() if other == key]
        for number in own[:-MAX_CONNECTIONS_PER_DEVICE]:
            self._shut_down(number)

    def disconnect(self, peer: bytes) -> None:
        """Closes this device's connection."""
        if (descriptor := self._descriptors.get(peer)) is not None:
            self._shut_down(descriptor)

    def _read(self) -> None:
        if self._events.closed:
            return
        with contextlib.suppress(zmq.Again):  # no more events at the moment
            for _ in range(EVENT_BATCH):
                event, descriptor = _EVENT.unpack(self._events.recv_multipart(zmq.NOBLOCK)[0])
                self._on_event(event, descriptor)
            assert self._loop is not None
            self._loop.call_soon(self._read)

    def _on_event(self, event: int, descriptor: int) -> None:
        if event == zmq.EVENT_ACCEPTED:
            self._unauthenticated[descriptor] = None
            # After a restart all devices of the store connect at the same moment.
            if len(self._unauthenticated) > MAX_UNAUTHENTICATED + self._known_devices():
                self._counters.add("connections_shed")
                self._shut_down(next(iter(self._unauthenticated)))
        elif event == zmq.EVENT_DISCONNECTED:
            self._forget(descriptor)
        else:
            self._counters.add("handshakes_broken")

    def _forget(self, descriptor: int) -> None:
        self._unauthenticated.pop(descriptor, None)
        if (device := self._authenticated.pop(descriptor, None)) is not None:
            self._descriptors.pop(device[0], None)

    def _shut_down(self, descriptor: int) -> None:
        """Closes one connection. ZeroMQ cannot do that; after `shutdown` it sees it as closed by the peer."""
        self._forget(descriptor)
        try:
            with sockets.socket(fileno=os.dup(descriptor)) as connection:
                # The number may be another file's by now; only a connection to this socket is closed.
                if connection.getsockname()[1] == self._port:
                    connection.shutdown(sockets.SHUT_RDWR)
        except OSError as error:
            log.debug("a connection was closed already: %s", error)

    @property
    def _port(self) -> int:
        return int(self._socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
