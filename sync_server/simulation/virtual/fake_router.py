"""The server's end of the simulated network: stands in for the ROUTER socket and its authenticator."""

from collections.abc import Callable, Iterable
from random import Random

from sync_server.service.storage.device_rows import DeviceRow
from sync_server.service.sync.router import REVOKED_FRAME, Delivery, Incoming

from .network import Network, NetworkPath, SimulatedConnection
from .process import SimulatedProcess


class FakeAuthenticator:
    """The devices that may take part and those that were revoked, by public key."""

    def __init__(self) -> None:
        self.devices: dict[str, DeviceRow] = {}
        self.revoked: dict[str, DeviceRow] = {}

    def set_devices(self, devices: Iterable[DeviceRow], revoked: Iterable[DeviceRow], /) -> None:
        self.devices = {device.public_key: device for device in devices}
        self.revoked = {device.public_key: device for device in revoked}

    def suspend(self, device_id: str, /) -> list[DeviceRow]:
        found = [device for device in self.devices.values() if device.device_id == device_id]
        self.devices = {key: device for key, device in self.devices.items() if device not in found}
        return found

    def accepts(self, public_key: str) -> bool:
        """Whether a device may connect. A revoked one may, to be told that it was revoked."""
        return public_key in self.devices or public_key in self.revoked


class FakeRouterSocket:
    """Gives the handler the frames of all devices. Those that arrive within a moment come together."""

    def __init__(
        self, net: Network, authenticator: FakeAuthenticator, process: SimulatedProcess, chance: Random
    ) -> None:
        self.authenticator = authenticator
        self.before_send: Callable[[NetworkPath, bytes], None] = lambda _path, _frame: None
        self._net = net
        self._process = process
        self._chance = chance
        self._received: list[tuple[bytes, str, bytes]] = []
        self._on_messages: Callable[[list[Incoming]], None] | None = None

    async def read(self, on_messages: Callable[[list[Incoming]], None]) -> None:
        self._on_messages = on_messages
        await self._net.loop.create_future()

    def receive(self, peer: bytes, connection: SimulatedConnection, frame: bytes) -> None:
        self._received.append((peer, connection.path.public_key, frame))
        if len(self._received) == 1:
            pause = 0.003 * self._chance.random()
            self._net.loop.call_later(pause, self._read_batch, context=self._process.context)

    def _read_batch(self) -> None:
        received, self._received = self._received, []
        incoming: list[Incoming] = []
        revoked: dict[bytes, None] = {}
        for peer, key, frame in received:
            if (device := self.authenticator.devices.get(key)) is not None:
                incoming.append((peer, device, frame))
            elif key in self.authenticator.revoked:
                revoked[peer] = None
        for peer in revoked:
            self.send(peer, REVOKED_FRAME)
        if incoming and self._on_messages is not None:
            self._on_messages(incoming)

    def send(self, peer: bytes, message: bytes) -> Delivery:
        connection = self._net.peers.get(peer)
        if connection is None:
            return Delivery.GONE
        self.before_send(connection.path, message)
        return Delivery.SENT if connection.send_to_device(message) else Delivery.FULL
