"""The simulated network: a path for each device, which delays, repeats, holds back and loses frames.

A connection behaves like one of ZeroMQ: it keeps the order, and a short break only holds frames up. After a
longer break it is replaced by a new connection with another peer name, and the frames on their way are lost.
Frames of a device's old connection may still arrive after the first ones of its new connection.
`tests/conformance` runs the same tests on this network and on real sockets.
"""

from collections.abc import Callable
from random import Random
from typing import Protocol

from sync_server.service.limits.numbers import QUEUE_MESSAGES

from .process import Killed, SimulatedProcess
from .virtual_loop import VirtualLoop

RESET_S = 6.0  # after this long without a sign of the other end, both ends drop a connection
RETRY_S = 0.2
DELAY_S = (0.001, 0.004)


class KeyCheck(Protocol):
    def accepts(self, public_key: str) -> bool: ...


class ServerSocket(Protocol):
    """What the network needs of the server's socket."""

    @property
    def authenticator(self) -> KeyCheck: ...

    def receive(self, peer: bytes, connection: "SimulatedConnection", frame: bytes, /) -> None: ...


class NetworkPath:
    """The way between one device and the server, with its faults.

    `server_blocked` and `device_blocked` count the faults that keep frames from the server and the device.
    `slow_s` is an additional delay, `repeats` the share of frames that arrive twice.
    """

    def __init__(self, net: "Network", name: str, public_key: str, chance: Random) -> None:
        self.net = net
        self.name = name
        self.public_key = public_key
        self.chance = chance
        self.server_blocked = 0
        self.device_blocked = 0
        self.slow_s = 0.0
        self.repeats = 0.0
        self.connection: SimulatedConnection | None = None
        self._breaks = 0

    @property
    def open(self) -> bool:
        return not (self.server_blocked or self.device_blocked)

    def delay(self) -> float:
        low, high = DELAY_S
        delay = low + (high - low) * self.chance.random()
        if self.slow_s:
            delay += self.slow_s * self.chance.random()
        return delay

    def block(self, to_server: bool, to_device: bool, seconds: float) -> None:
        """Holds frames of one or both directions back for a while."""
        self._breaks += 1
        self.server_blocked += to_server
        self.device_blocked += to_device
        number = self._breaks
        self.net.later(RESET_S, lambda: self._time_out(number))
        self.net.later(seconds, lambda: self._unblock(to_server, to_device))

    def _time_out(self, number: int) -> None:
        if number == self._breaks and not self.open and self.connection is not None:
            self.connection.disconnect()

    def _unblock(self, to_server: bool, to_device: bool) -> None:
        self.server_blocked -= to_server
        self.device_blocked -= to_device
        if self.connection is not None:
            self.connection.deliver_held()


class SimulatedConnection:
    """One socket of a device, and the connections that it makes one after another."""

    def __init__(
        self, path: NetworkPath, process: SimulatedProcess, on_frame: Callable[[bytes], None]
    ) -> None:
        self.path = path
        self.process = process
        self.on_frame = on_frame
        self.peer: bytes | None = None
        self.closed = False
        self.frozen = False  # its process is stopped and reads nothing
        self._unsent: list[bytes] = []  # sent while it was not connected
        self._held_for_server: list[bytes] = []
        self._held_for_device: list[bytes] = []
        self._in_flight = 0  # frames on their way to the device
        self._last_to_server = 0.0
        self._last_to_device = 0.0
        path.net.later(path.delay(), self._connect)

    def _connect(self) -> None:
        net, path = self.path.net, self.path
        if self.closed or self.peer is not None:
            return
        if not path.open or net.socket is None:
            net.later(RETRY_S, self._connect)
            return
        if not net.socket.authenticator.accepts(path.public_key):
            return  # refused in the handshake; ZeroMQ does not try again with such a socket
        self.peer = net.new_peer(self)
        unsent, self._unsent = self._unsent, []
        for frame in unsent:
            self.send(frame)

    def disconnect(self) -> None:
        """Loses the connection and the frames held on it; the socket makes another one."""
        net = self.path.net
        if self.peer is not None:
            net.forget(self.peer)
        self.peer = None
        self._held_for_server.clear()
        self._held_for_device.clear()
        if not self.closed:
            net.later(RETRY_S, self._connect)

    def close(self) -> None:
        self.closed = True
        if self.peer is not None:
            peer, net = self.peer, self.path.net
            net.later(self.path.delay(), lambda: net.forget(peer))

    def send(self, frame: bytes) -> None:
        """Sends a frame to the server."""
        if self.closed:
            return
        if self.peer is None:
            self._unsent.append(frame)
            return
        path = self.path
        net = path.net
        self._last_to_server = max(self._last_to_server, net.loop.time() + path.delay())
        net.at(self._last_to_server, self._arrive_at_server, self.peer, frame)
        if path.repeats and path.chance.random() < path.repeats:
            self._last_to_server += path.delay()
            net.at(self._last_to_server, self._arrive_at_server, self.peer, frame)

    def _arrive_at_server(self, peer: bytes, frame: bytes) -> None:
        net = self.path.net
        if peer != self.peer and not self.closed:
            return  # the connection was lost while the frame was on its way
        if self.path.server_blocked:
            self._held_for_server.append(frame)
        elif net.socket is not None:
            net.socket.receive(peer, self, frame)

    def send_to_device(self, frame: bytes) -> bool:
        """Sends a frame to the device. False if too many wait for it already."""
        if self._in_flight + len(self._held_for_device) >= QUEUE_MESSAGES:
            return False
        self._in_flight += 1
        net = self.path.net
        self._last_to_device = max(self._last_to_device, net.loop.time() + self.path.delay())
        net.at(self._last_to_device, self._arrive_at_device, self.peer, frame)
        return True

    def _arrive_at_device(self, peer: bytes, frame: bytes) -> None:
        self._in_flight -= 1
        if self.closed or self.process.ended or self.peer not in (peer, None):
            return
        if self.path.device_blocked or self.frozen:
            if peer == self.peer:
                self._held_for_device.append(frame)
            return
        self._deliver(frame)

    def _deliver(self, frame: bytes) -> None:
        try:
            self.process.context.run(self.on_frame, frame)
        except Killed:
            return

    def deliver_held(self) -> None:
        """Delivers the frames that were held back and can pass now."""
        net = self.path.net
        if not self.path.server_blocked and net.socket is not None and self.peer is not None:
            held, self._held_for_server = self._held_for_server, []
            for frame in held:
                net.socket.receive(self.peer, self, frame)
        if not (self.path.device_blocked or self.frozen):
            held, self._held_for_device = self._held_for_device, []
            for frame in held:
                if not (self.closed or self.process.ended):
                    self._deliver(frame)


class Network:
    """All paths of the store, and the server's socket while a server runs."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.at = loop.simulation_at
        self.socket: ServerSocket | None = None
        self.peers: dict[bytes, SimulatedConnection] = {}
        self._made = 0

    def new_peer(self, connection: SimulatedConnection) -> bytes:
        self._made += 1
        peer = self._made.to_bytes(4, "big")
        self.peers[peer] = connection
        return peer

    def forget(self, peer: bytes) -> None:
        self.peers.pop(peer, None)

    def on_server_ended(self) -> None:
        """Ends all connections; the devices' sockets try again by themselves."""
        self.socket = None
        for connection in list(self.peers.values()):
            connection.disconnect()

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        self.loop.simulation_at(self.loop.time() + seconds, function)
