"""The doorway: every connection to the server's socket, and an end to those that only stand in the way.

A connection counts as a stranger's until a message of a known device came over it. When too many
strangers stand there, the one that has stood longest goes: a real device is through in milliseconds,
so a crowd that never shows a key keeps out nobody but itself.
"""

import asyncio
import contextlib
import itertools
import os
import socket as sockets
import struct

import zmq

from .counters import Counters
from .limits import MOST_OF_ONE_DEVICE, MOST_WITHOUT_KEY

MOST_AT_ONCE = 200  # events taken in before the devices get their turn
_EVENT = struct.Struct("=hi")
_BROKEN = zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
_numbers = itertools.count()


class Doorway:
    """Follows the connections of a ROUTER that is about to be bound, by their file descriptors."""

    def __init__(
        self,
        socket: "zmq.Socket[bytes]",
        context: "zmq.Context[zmq.Socket[bytes]]",
        counters: Counters,
    ) -> None:
        self._socket = socket
        self._counters = counters
        self._strangers: dict[int, None] = {}  # oldest first
        self._inside: dict[int, tuple[bytes, str]] = {}  # peer and key of a device
        self._peers: dict[bytes, int] = {}
        address = f"inproc://doorway-{next(_numbers)}"
        socket.monitor(address, zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | _BROKEN)
        self._events = context.socket(zmq.PAIR)
        self._events.setsockopt(zmq.RCVHWM, 0)  # ZeroMQ's own thread waits where it cannot tell an event
        self._events.setsockopt(zmq.LINGER, 0)
        self._events.connect(address)
        self._loop: asyncio.AbstractEventLoop | None = None

    def watch(self) -> None:
        """Begins, in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._events.fileno(), self._read)
        self._read()

    def close(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(ValueError, RuntimeError):
                self._loop.remove_reader(self._events.fileno())
        self._socket.disable_monitor()
        self._events.close()

    @property
    def strangers(self) -> int:
        """How many connections have shown no key yet."""
        return len(self._strangers)

    def came_in(self, peer: bytes, key: str, frame: zmq.Frame) -> None:
        """A message of a known device came over this connection."""
        if peer in self._peers:
            return
        try:
            descriptor = int(frame.get(zmq.SRCFD))
        except (zmq.ZMQError, ValueError):
            return
        self._strangers.pop(descriptor, None)
        self._inside[descriptor] = peer, key
        self._peers[peer] = descriptor
        own = [number for number, (_, other) in self._inside.items() if other == key]
        for number in own[:-MOST_OF_ONE_DEVICE]:
            self._end(number)

    def turn_out(self, peer: bytes) -> None:
        """Ends this device's connection."""
        if (descriptor := self._peers.get(peer)) is not None:
            self._end(descriptor)

    def _read(self) -> None:
        if self._events.closed:
            return
        with contextlib.suppress(zmq.Again):
            for _ in range(MOST_AT_ONCE):
                event, descriptor = _EVENT.unpack(self._events.recv_multipart(zmq.NOBLOCK)[0])
                self._note(event, descriptor)
            assert self._loop is not None
            self._loop.call_soon(self._read)

    def _note(self, event: int, descriptor: int) -> None:
        if event == zmq.EVENT_ACCEPTED:
            self._strangers[descriptor] = None
            if len(self._strangers) > MOST_WITHOUT_KEY:
                self._counters.add("connections_shed")
                self._end(next(iter(self._strangers)))
        elif event == zmq.EVENT_DISCONNECTED:
            self._gone(descriptor)
        else:
            self._counters.add("handshakes_broken")

    def _gone(self, descriptor: int) -> None:
        self._strangers.pop(descriptor, None)
        if (device := self._inside.pop(descriptor, None)) is not None:
            self._peers.pop(device[0], None)

    def _end(self, descriptor: int) -> None:
        """ZeroMQ has no way to end one connection. Shut down, it takes it for closed by the other side."""
        self._gone(descriptor)
        with contextlib.suppress(OSError), sockets.socket(fileno=os.dup(descriptor)) as connection:
            # The number may stand for something else by now; only a connection to this socket is ended.
            if connection.getsockname()[1] == self._port:
                connection.shutdown(sockets.SHUT_RDWR)

    @property
    def _port(self) -> int:
        return int(self._socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
