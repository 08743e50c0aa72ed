"""A store with its server and its devices, all of them real, in one event loop."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from msgspec.structs import replace
from zmq.utils.monitor import parse_monitor_message

from sync_server.device.device import Device
from sync_server.device.environment import Environment
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.refusal import Refusal
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFile
from sync_server.protocol.rows import VisitRow
from sync_server.protocol.visibility import kiosk_visit, person_row, staff_visit
from sync_server.protocol.wire import decode_from_server, encode
from sync_server.service.admin import client
from sync_server.service.auth import devices
from sync_server.service.config.load import load_settings
from sync_server.service.server import Server, Web, serve
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.sync.sessions import KIOSK_ENDED_VISITS_MS
from sync_server.store_clock import StoreClock

from .cable import Cable

GIVE_UP_S = 30.0  # a test that waits this long has failed
PIN = "48151623"


class StoreHarness:
    """A store in `data_dir`. `until` waits for a condition; `close` ends the server and all devices."""

    def __init__(self, data_dir: DataDir, work: Path, pin_hash: str) -> None:
        self.data_dir = data_dir
        self.work = work
        self.changed = asyncio.Event()
        self.server: Server | None = None
        self.sync = "127.0.0.1:0"
        self.enrol_at = ""  # for pairing; set it to "127.0.0.1:0" before `open` for any port
        self.devices: list[Device] = []
        self.raws: list[RawClient] = []
        self.cables: list[Cable] = []
        self.answered: list[tuple[str, Refusal | None]] = []  # the answers to devices, in order
        self._running: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        db = connect(data_dir.store)
        db.execute("UPDATE employees SET pin_hash = ?", (pin_hash,))
        db.close()

    @property
    def catalogue(self) -> Catalogue:
        return load_settings(self.data_dir.settings).catalogue()

    # --- the server -----------------------------------------------------------------------------

    async def open(self, web: Web | None = None, store_clock: StoreClock | None = None) -> Server:
        """Starts the server, on the same port every time."""
        ready: asyncio.Future[Server] = asyncio.get_running_loop().create_future()
        self._stop = asyncio.Event()

        def started(server: Server) -> None:
            if ready.done():  # it has started again by itself, as a page asked for
                self._take(server)
            else:
                ready.set_result(server)

        serving = serve(
            self.data_dir,
            web,
            sync=self.sync,
            ready=started,
            stop=self._stop,
            enrol_at=self.enrol_at,
            store_clock=store_clock,
        )
        self._running = asyncio.ensure_future(serving)
        both: set[asyncio.Future[Any]] = {self._running, ready}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            self._running.result()
        return self._take(ready.result())

    def _take(self, server: Server) -> Server:
        """This is the server that runs now."""
        if self._watching is not None:
            self._watching.cancel()
        self.server = server
        self.sync = server.sync_address.removeprefix("tcp://")
        self._watching = asyncio.ensure_future(self._watch(server))
        self.changed.set()
        return server

    async def close_server(self) -> None:
        self._stop.set()
        running = self.forget_server()
        if running is not None:
            await asyncio.wait_for(running, GIVE_UP_S)

    def forget_server(self) -> "asyncio.Task[None] | None":
        """To be called after the server has ended by itself."""
        running, self._running, self.server = self._running, None, None
        if self._watching is not None:
            self._watching.cancel()
        return running

    async def ended(self) -> None:
        """Waits until the server ends by itself. Raises what it raised."""
        assert self._running is not None
        await asyncio.wait_for(asyncio.shield(self._running), GIVE_UP_S)

    async def _watch(self, server: Server) -> None:
        with server.processor.changes.watch() as event:
            while True:
                await event.wait()
                event.clear()
                self.changed.set()

    # --- devices ----------------------------------------------------------------------------------

    def enrol(self, kind: str, name: str) -> DeviceFile:
        """Adds a device, while no server runs."""
        return client.add_device(self.data_dir, kind, name, "tcp://to-be-known")

    async def cable(self) -> Cable:
        """A connection to the server that can be cut."""
        self.cables.append(await Cable(self.sync).open())
        return self.cables[-1]

    def device(
        self, file: DeviceFile, cable: Cable | None = None, around: Environment | None = None
    ) -> Device:
        """Starts a device. `answered` collects the answers to its ops."""
        at = replace(file, server=cable.address) if cable else self.at_home(file)
        device = Device(at, self.work / file.device_id, around)
        device.on_change = self.changed.set
        refusals: dict[str, Refusal] = {}

        def refused(submit: msg.Submit, refusal: Refusal) -> None:
            refusals[submit.op_id] = refusal
            self.answered.append((submit.op_id, refusal))
            self.changed.set()

        device.on_refused = refused
        device.on_answered = lambda _op_id: self.changed.set()
        device.start()
        self.devices.append(device)
        return device

    async def revoke(self, device_id: str) -> None:
        """Revokes a device, while the server runs."""
        assert self.server is not None
        await self.server.devices.change(lambda db: devices.revoke_device(db, device_id, 1), device_id)

    def at_home(self, file: DeviceFile) -> DeviceFile:
        return replace(file, server=f"tcp://{self.sync}")

    def raw(self, file: DeviceFile, rcvhwm: int = 1000) -> "RawClient":
        """A socket with a device's keys, to send what no device sends."""
        raw = RawClient(self.at_home(file), rcvhwm)
        self.raws.append(raw)
        return raw

    async def sign_in(self, device: Device, employee: str, pin: str = PIN) -> None:
        answer = None
        while (
            answer is None
        ):  # on a busy computer the link may be lost at that moment: try again, as a person does
            await self.until(lambda: device.live)
            answer = await device.sign_in(employee, pin)
        assert answer.refusal is None, answer.refusal
        await self.until(lambda: device.view.holder(device.file.device_id))

    async def raw_and_device(self, mad: str, sane: str) -> tuple["RawClient", Device]:
        """A running server, a raw client that has said Hello, and a device."""
        files = self.enrol(mad, "Mad"), self.enrol(sane, "Sane")
        await self.open()
        raw, device = self.raw(files[0]), self.device(files[1])
        await raw.hello()
        await self.until(lambda: device.live)
        return raw, device

    async def crew(self, *names: str) -> list[Device]:
        """A running server, a kiosk, and a signed-in tablet for each name."""
        files = [self.enrol("kiosk", "Front"), *(self.enrol("staff", f"{name}s") for name in names)]
        await self.open()
        devices = [self.device(file) for file in files]
        for device, name in zip(devices[1:], names, strict=True):
            await self.sign_in(device, name)
        await self.until(lambda: devices[0].live)
        return devices

    async def served(self, kiosk: Device) -> None:
        """Opens a visit at this kiosk, and waits until it is on disk."""
        visit_id = come(kiosk)
        await self.until(lambda: not kiosk.outbox.pending())
        assert self.one("SELECT count(*) FROM visits WHERE visit_id = ?", visit_id) == 1

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Waits until a condition is true, and returns its value. It is tested again after each change."""
        try:
            async with asyncio.timeout(GIVE_UP_S):
                while not (value := condition()):
                    self.changed.clear()
                    await self.changed.wait()
                return value
        except TimeoutError:
            raise AssertionError(f"this never became true: {condition.__qualname__}") from None

    def agrees(self, device: Device) -> bool:
        """Invariant 10: whether the device shows the server's floor, as far as it may see it."""
        assert self.server is not None
        floor, now = self.server.processor.floor, self.server.processor.clock()
        if not device.live or device.outbox.pending():
            return False
        if device.file.kind == "staff":
            visits = {v.visit_id: staff_visit(v) for v in floor.open_visits()}
            people = {p.id: person_row(p) for p in floor.people.values()}
            return device.view.visits == visits and device.view.people == people
        own = [
            v
            for v in floor.visits.values()
            if v.device_id == device.file.device_id
            and (v.ended_at is None or now - v.ended_at <= KIOSK_ENDED_VISITS_MS)
        ]
        return device.view.visits == {v.visit_id: kiosk_visit(v, floor) for v in own}

    # --- the end -------------------------------------------------------------------------------------

    def stop(self, device: Device) -> None:
        device.stop()
        self.devices.remove(device)

    async def close(self) -> None:
        for raw in self.raws:
            raw.close()
        for cable in self.cables:
            await cable.close()
        for device in list(self.devices):
            self.stop(device)
        if self._running is not None:
            await self.close_server()

    @contextlib.contextmanager
    def store(self) -> Iterator[Any]:
        """A read-only connection to the store."""
        db = connect(self.data_dir.store, read_only=True)
        try:
            yield db
        finally:
            db.close()

    def one(self, sql: str, *values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        with self.store() as db:
            row = db.execute(sql, values).fetchone()
            return row[0] if row else None

    def done(self) -> list[str]:
        """The ids of the ops on disk, in the order in which they were done."""
        with self.store() as db:
            return [row[0] for row in db.execute("SELECT op_id FROM ops ORDER BY rowid")]


class RawClient:
    """A DEALER socket with the keys of a device."""

    def __init__(self, file: DeviceFile, rcvhwm: int = 1000) -> None:
        self.file = file
        self._context = zmq.asyncio.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVHWM, rcvhwm)
        self.socket.curve_serverkey = file.server_key.encode()
        self.socket.curve_publickey = file.public_key.encode()
        self.socket.curve_secretkey = file.secret_key.encode()
        self._monitor = self.socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED
            | zmq.EVENT_HANDSHAKE_FAILED_AUTH
            | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
            | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
            | zmq.EVENT_DISCONNECTED
        )
        self.seen: list[bytes] = []
        self.socket.connect(file.server)

    async def send_frames(self, *frames: bytes) -> None:
        await self.socket.send_multipart(frames)

    async def send(self, message: msg.FromDevice) -> None:
        await self.send_frames(encode(message))

    async def receive(self, kind: type | None = None) -> Any:
        """The next message, or the next of this kind. Beats are skipped unless `kind` is Beat."""
        async with asyncio.timeout(GIVE_UP_S):
            while True:
                (frame,) = await self.socket.recv_multipart()
                self.seen.append(frame)
                message = decode_from_server(frame)
                if isinstance(message, kind) if kind else not isinstance(message, msg.Beat):
                    return message

    async def hello(self) -> msg.Snapshot:
        await self.send(msg.Hello(msg.PROTOCOL))
        return await self.receive(msg.Snapshot)

    async def event(self) -> int:
        """The next event of the connection: one of zmq's EVENT_ numbers."""
        async with asyncio.timeout(GIVE_UP_S):
            message = parse_monitor_message(await self._monitor.recv_multipart())
        return int(message["event"])

    def close(self) -> None:
        self.socket.disable_monitor()
        self._context.destroy(linger=0)


def visit_of(device: Device, visit_id: str) -> VisitRow | None:
    return device.view.visits.get(visit_id)


def come(device: Device, need: str = "ask", **more: Any) -> str:
    """Opens a visit at a kiosk. Returns its id."""
    visit_id = device.new_id()
    device.submit(ops.OpenVisit(visit_id, device.next_ticket(), need, "en", **more))
    return visit_id


def do(device: Device, op: Callable[..., Any], visit_id: str, **more: Any) -> str:
    """Submits an op on a visit as the tablet shows it. Returns the op's id."""
    row = device.view.visits[visit_id]
    return device.submit(op(visit_id=visit_id, expected_rev=row.rev, **more))
