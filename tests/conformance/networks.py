"""One interface to two networks: real sockets (RouterSocket and Link), and those of the simulation."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, Protocol

import zmq
import zmq.asyncio
from msgspec.structs import replace

from sync_server.device.network.link import Link
from sync_server.protocol.device_file import DeviceFile
from sync_server.service.auth.server_key import new_pair
from sync_server.service.storage.device_rows import DeviceRow
from sync_server.service.sync.router import Delivery, RouterSocket
from sync_server.service.sync.zap import DeviceAuthenticator
from sync_server.simulation.virtual.fake_router import FakeAuthenticator, FakeRouterSocket
from sync_server.simulation.virtual.network import Network, NetworkPath, SimulatedConnection
from sync_server.simulation.virtual.process import SimulatedProcess
from sync_server.simulation.virtual.virtual_loop import VirtualLoop
from tests.integration.cable import Cable

GIVE_UP_S = 60.0
REPEAT_S = 0.3


class DeviceEnd:
    """One device: its identity and what has arrived at it."""

    def __init__(self, file: DeviceFile) -> None:
        self.file = file
        self.row = DeviceRow(file.device_id, file.kind, file.name, file.letter, file.public_key)
        self.received: list[bytes] = []


class NetworkUnderTest(Protocol):
    """A server's socket and devices. `received` are the frames at the server: peer, device id, frame."""

    received: list[tuple[bytes, str, bytes]]

    async def start_server(self) -> None: ...
    async def stop_server(self) -> None: ...
    def new_device(self, name: str) -> DeviceEnd:
        """A device that is registered nowhere yet, with its link closed."""

    def register(self, active: list[DeviceEnd], revoked: list[DeviceEnd]) -> None: ...
    def suspend(self, device: DeviceEnd) -> None: ...
    async def open(self, device: DeviceEnd) -> None:
        """Opens the device's link, in place of an open one."""

    def close(self, device: DeviceEnd) -> None: ...
    def send(self, device: DeviceEnd, frame: bytes) -> None:
        """From the device to the server."""

    def send_to(self, peer: bytes, frame: bytes) -> Delivery:
        """From the server to a device."""

    def stall(self, device: DeviceEnd) -> None:
        """Holds everything up between this device and the server."""

    def cut(self, device: DeviceEnd) -> None:
        """Ends the device's connection, and lets it make no other."""

    def repair(self, device: DeviceEnd) -> None: ...
    async def until(self, condition: Callable[[], object], again: Callable[[], None] | None = None) -> None:
        """Returns as soon as `condition()` is true. Looks again whenever a frame has arrived.

        Calls `again` regularly meanwhile, where a frame can be lost and must be repeated.
        """


class _Waiting:
    """Waits for a condition that can only become true when something arrives."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, str, bytes]] = []
        self._changed = asyncio.Event()

    def on_messages(self, incoming: list[Any]) -> None:
        self.received += [(peer, device.device_id, frame) for peer, device, frame in incoming]
        self._changed.set()

    def on_frame(self, device: DeviceEnd) -> Callable[[bytes], None]:
        def receive(frame: bytes) -> None:
            device.received.append(frame)
            self._changed.set()

        return receive

    async def until(self, condition: Callable[[], object], again: Callable[[], None] | None = None) -> None:
        async with asyncio.timeout(GIVE_UP_S):
            while not condition():
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), REPEAT_S if again else None)
                except TimeoutError:
                    assert again is not None
                    again()


class RealNetwork(_Waiting):
    """RouterSocket, Link and DeviceAuthenticator of the product, with a TCP proxy for each device."""

    def __init__(self) -> None:
        super().__init__()
        self._server_key, self._secret = new_pair()
        self._devices: tuple[list[DeviceRow], list[DeviceRow]] = ([], [])
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._authenticator: DeviceAuthenticator | None = None
        self._address = "127.0.0.1:0"
        self._router: RouterSocket | None = None
        self._reading: asyncio.Task[None] | None = None
        self._links: dict[str, Link] = {}
        self._cables: dict[str, Cable] = {}

    async def start_server(self) -> None:
        self._context = zmq.Context()
        self._authenticator = DeviceAuthenticator(zmq.asyncio.Context.shadow(self._context.underlying))
        self._authenticator.set_devices(*self._devices)
        self._authenticator.start()
        self._router = RouterSocket(self._address, self._secret, self._authenticator, self._context)
        self._address = self._router.address.removeprefix("tcp://")
        self._reading = asyncio.ensure_future(self._router.read(self.on_messages))

    async def stop_server(self) -> None:
        self._router.close()
        await self._reading
        self._authenticator.stop()
        self._context.destroy(linger=0)  # returns when the port is free

    def new_device(self, name: str) -> DeviceEnd:
        public, secret = new_pair()
        return DeviceEnd(DeviceFile(name, "kiosk", name, "A", "", self._server_key, public, secret))

    def register(self, active: list[DeviceEnd], revoked: list[DeviceEnd]) -> None:
        self._devices = [end.row for end in active], [end.row for end in revoked]
        self._authenticator.set_devices(*self._devices)

    def suspend(self, device: DeviceEnd) -> None:
        self._authenticator.suspend(device.row.device_id)

    async def open(self, device: DeviceEnd) -> None:
        name = device.row.device_id
        if name not in self._cables:
            self._cables[name] = await Cable(f"tcp://{self._address}").open()
            file = replace(device.file, server=self._cables[name].address)
            self._links[name] = Link(file, self.on_frame(device))
        self._links[name].open()

    def close(self, device: DeviceEnd) -> None:
        self._links[device.row.device_id].close()

    def send(self, device: DeviceEnd, frame: bytes) -> None:
        self._links[device.row.device_id].send(frame)

    def send_to(self, peer: bytes, frame: bytes) -> Delivery:
        return self._router.send(peer, frame)

    def stall(self, device: DeviceEnd) -> None:
        self._cables[device.row.device_id].stall()

    def cut(self, device: DeviceEnd) -> None:
        self._cables[device.row.device_id].cut()

    def repair(self, device: DeviceEnd) -> None:
        self._cables[device.row.device_id].repair()

    async def end(self) -> None:
        for link in self._links.values():
            link.close()
        await self.stop_server()
        for cable in self._cables.values():
            await cable.close()


class SimulatedNetwork(_Waiting):
    """The simulation's network on the running VirtualLoop."""

    def __init__(self) -> None:
        super().__init__()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self._net = Network(loop)
        self._process = SimulatedProcess(loop)
        self._authenticator = FakeAuthenticator()
        self._paths: dict[str, NetworkPath] = {}
        self._reading: asyncio.Task[None] | None = None

    async def start_server(self) -> None:
        process = SimulatedProcess(self._net.loop)
        socket = FakeRouterSocket(self._net, self._authenticator, process, Random(1))
        self._reading = asyncio.ensure_future(socket.read(self.on_messages))
        await asyncio.sleep(0)  # until it reads
        self._net.socket = socket

    async def stop_server(self) -> None:
        assert self._reading is not None
        self._reading.cancel()
        self._net.on_server_ended()

    def new_device(self, name: str) -> DeviceEnd:
        return DeviceEnd(DeviceFile(name, "kiosk", name, "A", "", "s" * 40, f"key of {name}", "k" * 40))

    def register(self, active: list[DeviceEnd], revoked: list[DeviceEnd]) -> None:
        self._authenticator.set_devices([end.row for end in active], [end.row for end in revoked])

    def suspend(self, device: DeviceEnd) -> None:
        self._authenticator.suspend(device.row.device_id)

    async def open(self, device: DeviceEnd) -> None:
        name = device.row.device_id
        path = self._paths.setdefault(name, NetworkPath(self._net, name, device.row.public_key, Random(name)))
        if path.connection is not None:
            path.connection.close()
        path.connection = SimulatedConnection(path, self._process, self.on_frame(device))

    def close(self, device: DeviceEnd) -> None:
        path = self._paths[device.row.device_id]
        assert path.connection is not None
        path.connection.close()
        path.connection = None

    def send(self, device: DeviceEnd, frame: bytes) -> None:
        connection = self._paths[device.row.device_id].connection
        if connection is not None:
            connection.send(frame)

    def send_to(self, peer: bytes, frame: bytes) -> Delivery:
        assert isinstance(self._net.socket, FakeRouterSocket)
        return self._net.socket.send(peer, frame)

    def stall(self, device: DeviceEnd) -> None:
        path = self._paths[device.row.device_id]
        path.server_blocked = path.device_blocked = 1

    def cut(self, device: DeviceEnd) -> None:
        self.stall(device)
        connection = self._paths[device.row.device_id].connection
        if connection is not None:
            connection.disconnect()

    def repair(self, device: DeviceEnd) -> None:
        path = self._paths[device.row.device_id]
        path.server_blocked = path.device_blocked = 0
        if path.connection is not None:
            path.connection.deliver_held()

    async def end(self) -> None:
        await self.stop_server()


async def _on_real_sockets(scenario: Callable[[Any], Any]) -> None:
    network = RealNetwork()
    try:
        await network.start_server()
        await scenario(network)
    finally:
        await network.end()


async def _simulated(scenario: Callable[[Any], Any]) -> None:
    network = SimulatedNetwork()
    await network.start_server()
    await scenario(network)
    await network.end()


def run_on_real_sockets(scenario: Callable[[Any], Any]) -> None:
    asyncio.run(_on_real_sockets(scenario))


def run_simulated(scenario: Callable[[Any], Any]) -> None:
    loop = VirtualLoop()
    faults: list[BaseException | None] = []
    loop.on_fault = lambda _message, error: faults.append(error)
    try:
        loop.run_until_complete(_simulated(scenario))
    finally:
        loop.discard()
    assert faults == []
