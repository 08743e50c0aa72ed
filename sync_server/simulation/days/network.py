"""The shop's network: a path for each device, which delays, repeats, holds back and loses.

A connection behaves as ZeroMQ's do: in order and whole while it lasts; held up by a short break;
after a longer one it is made anew under another name, and what was on its way is lost. Frames of a
device's old connection may still arrive after the first ones of its new connection.
"""

from collections.abc import Callable, Iterable
from random import Random

from sync_server.service.queries import DeviceRow
from sync_server.service.socket import Incoming

from .loop import Killed, Life, VirtualLoop

RESET_S = 6.0  # after so long without a sign both ends give a connection up
RETRY_S = 0.2
MOST_WAITING = 200  # frames for one device, as in the real socket
QUICK_S = (0.001, 0.004)


class Path:
    """The way between one device and the server, and what is wrong with it."""

    def __init__(self, net: "Network", name: str, public_key: str, chance: Random) -> None:
        self.net = net
        self.name = name
        self.public_key = public_key
        self.chance = chance
        self.out_closed = 0  # how many faults keep frames from the server
        self.in_closed = 0  # and from the device
        self.slow_s = 0.0
        self.repeats = 0.0
        self.connection: Connection | None = None
        self._breaks = 0

    @property
    def open(self) -> bool:
        return not (self.out_closed or self.in_closed)

    def delay(self) -> float:
        low, high = QUICK_S
        delay = low + (high - low) * self.chance.random()
        if self.slow_s:
            delay += self.slow_s * self.chance.random()
        return delay

    def break_off(self, out: bool, back: bool, seconds: float) -> None:
        """Closes one or both directions for a while."""
        self._breaks += 1
        self.out_closed += out
        self.in_closed += back
        number = self._breaks
        self.net.later(RESET_S, lambda: self._give_up(number))
        self.net.later(seconds, lambda: self._heal(out, back))

    def _give_up(self, number: int) -> None:
        if number == self._breaks and not self.open and self.connection is not None:
            self.connection.reset()

    def _heal(self, out: bool, back: bool) -> None:
        self.out_closed -= out
        self.in_closed -= back
        if self.connection is not None:
            self.connection.flow()


class Connection:
    """One socket of a device."""

    def __init__(self, path: Path, life: Life, on_frame: Callable[[bytes], None]) -> None:
        self.path = path
        self.life = life
        self.on_frame = on_frame
        self.peer: bytes | None = None
        self.closed = False
        self.frozen = False  # its process is stopped: it takes nothing in
        self._queue: list[bytes] = []  # sent while nothing was connected
        self._held_out: list[bytes] = []
        self._held_in: list[bytes] = []
        self._out_at = 0.0
        self._in_at = 0.0
        self._tries = 0
        path.net.later(path.delay(), self._connect)

    def _connect(self) -> None:
        net, path = self.path.net, self.path
        if self.closed or self.peer is not None:
            return
        if not path.open or net.socket is None:
            self._tries += 1
            net.later(RETRY_S, self._connect)
            return
        if path.public_key not in net.socket.gate.devices:
            return  # turned away at the handshake; such a socket stays dead
        self.peer = net.new_peer(self)
        queued, self._queue = self._queue, []
        for frame in queued:
            self.send(frame)

    def reset(self) -> None:
        """The connection is lost, with what is held on it; the socket makes another."""
        net = self.path.net
        if self.peer is not None:
            net.forget(self.peer)
        self.peer = None
        self._held_out.clear()
        self._held_in.clear()
        if not self.closed:
            net.later(RETRY_S, self._connect)

    def close(self) -> None:
        self.closed = True
        if self.peer is not None:
            peer, net = self.peer, self.path.net
            net.later(self.path.delay(), lambda: net.forget(peer))

    def send(self, frame: bytes) -> None:
        """From the device."""
        if self.closed:
            return
        if self.peer is None:
            self._queue.append(frame)
            return
        path = self.path
        net = path.net
        self._out_at = max(self._out_at, net.loop.time() + path.delay())
        net.at(self._out_at, self._arrive_at_server, self.peer, frame)
        if path.repeats and path.chance.random() < path.repeats:
            self._out_at += path.delay()
            net.at(self._out_at, self._arrive_at_server, self.peer, frame)

    def _arrive_at_server(self, peer: bytes, frame: bytes) -> None:
        net = self.path.net
        if peer != self.peer and not self.closed:
            return  # it was on its way when the connection was lost
        if self.path.out_closed:
            self._held_out.append(frame)
        elif net.socket is not None:
            net.socket.take(peer, self, frame)

    def send_back(self, frame: bytes) -> bool:
        """From the server. False where it is too far behind."""
        if len(self._held_in) >= MOST_WAITING:
            return False
        net = self.path.net
        self._in_at = max(self._in_at, net.loop.time() + self.path.delay())
        net.at(self._in_at, self._arrive_at_device, self.peer, frame)
        return True

    def _arrive_at_device(self, peer: bytes, frame: bytes) -> None:
        if self.closed or self.life.over or self.peer not in (peer, None):
            return
        if self.path.in_closed or self.frozen:
            if peer == self.peer:
                self._held_in.append(frame)
            return
        self._deliver(frame)

    def _deliver(self, frame: bytes) -> None:
        try:
            self.life.context.run(self.on_frame, frame)
        except Killed:
            return

    def flow(self) -> None:
        """What was held goes on its way."""
        net = self.path.net
        if not self.path.out_closed and net.socket is not None and self.peer is not None:
            held, self._held_out = self._held_out, []
            for frame in held:
                net.socket.take(self.peer, self, frame)
        if not (self.path.in_closed or self.frozen):
            held, self._held_in = self._held_in, []
            for frame in held:
                if not (self.closed or self.life.over):
                    self._deliver(frame)


class Gate:
    """Who may take part, by public key: what the product's gate keeps, without its sockets."""

    def __init__(self) -> None:
        self.devices: dict[str, DeviceRow] = {}

    def admit(self, devices: Iterable[DeviceRow], _dismissed: Iterable[DeviceRow]) -> None:
        self.devices = {device.public_key: device for device in devices}

    def shut_out(self, device_id: str) -> list[DeviceRow]:
        found = [device for device in self.devices.values() if device.device_id == device_id]
        self.devices = {key: d for key, d in self.devices.items() if d not in found}
        return found


class Socket:
    """The server's end, as the desk knows it. What comes in within a moment is done in one turn."""

    def __init__(self, net: "Network", gate: Gate, life: Life, chance: Random) -> None:
        self.gate = gate
        self.before_send: Callable[[Path, bytes], None] = lambda _path, _frame: None
        self._net = net
        self._life = life
        self._chance = chance
        self._at_hand: list[tuple[bytes, str, bytes]] = []
        self._on_messages: Callable[[list[Incoming]], None] | None = None

    async def read(self, on_messages: Callable[[list[Incoming]], None]) -> None:
        self._on_messages = on_messages
        await self._net.loop.create_future()

    def take(self, peer: bytes, connection: Connection, frame: bytes) -> None:
        self._at_hand.append((peer, connection.path.public_key, frame))
        if len(self._at_hand) == 1:
            pause = 0.003 * self._chance.random()
            self._net.loop.call_later(pause, self._turn, context=self._life.context)

    def _turn(self) -> None:
        at_hand, self._at_hand = self._at_hand, []
        incoming: list[Incoming] = []
        for peer, key, frame in at_hand:
            if (device := self.gate.devices.get(key)) is not None:
                incoming.append((peer, device, frame))
        if incoming and self._on_messages is not None:
            self._on_messages(incoming)

    def send(self, peer: bytes, message: bytes) -> bool:
        connection = self._net.peers.get(peer)
        if connection is None:
            return False
        self.before_send(connection.path, message)
        return connection.send_back(message)

    def send_all(self, peers: Iterable[bytes], message: bytes) -> list[bytes]:
        return [peer for peer in peers if not self.send(peer, message)]


class Network:
    """All paths of the shop, and the server's socket while a server lives."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.at = loop.world_at
        self.socket: Socket | None = None
        self.peers: dict[bytes, Connection] = {}
        self._made = 0

    def new_peer(self, connection: Connection) -> bytes:
        self._made += 1
        peer = self._made.to_bytes(4, "big")
        self.peers[peer] = connection
        return peer

    def forget(self, peer: bytes) -> None:
        self.peers.pop(peer, None)

    def server_died(self) -> None:
        """Its connections end; the devices' sockets try again by themselves."""
        self.socket = None
        for connection in list(self.peers.values()):
            connection.reset()

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        self.loop.world_at(self.loop.time() + seconds, what)
