"""The shop's machines: a server, kiosks and tablets that run the product's own parts.

A machine lives, dies and starts again from what its disk holds. A *fuse* kills it at an exact
point: just before or after its next commit, or in the middle of what it sends.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path as File
from random import Random
from typing import Any, cast

from sync_server.device.around import Around
from sync_server.device.device import Device
from sync_server.device.last import Heard
from sync_server.device.outbox import Outbox, OutboxError
from sync_server.domain.ticket import Counter
from sync_server.protocol.device_file import DeviceFile
from sync_server.protocol.messages import Submit
from sync_server.service import queries
from sync_server.service.accounts import mirror_catalogue
from sync_server.service.clock import OnwardClock
from sync_server.service.desk import Desk
from sync_server.service.doorman import Doorman
from sync_server.service.folder import Folder
from sync_server.service.mending import RETRY_S
from sync_server.service.server import Server, forget_in_time
from sync_server.service.settings import Settings
from sync_server.service.shop import STILL_MS, Shop
from sync_server.service.store import Batch, Item, Store, reading

from .ledger import Ledger
from .loop import Killed, Life, VirtualLoop
from .network import Connection, Gate, Network, Path, Socket

TURNED_S = 3.0  # as far as the server's clock is turned
FULL = "database or disk is full"


class Machine:
    """What all machines share: life, a clock that may be wrong, and the fuse."""

    def __init__(self, loop: VirtualLoop, name: str, world_ms: Callable[[], int]) -> None:
        self.loop = loop
        self.name = name
        self.life: Life | None = None
        self.wrong_by_ms = 0
        self.disk_full = False
        self.fuse: str | None = None
        self._world_ms = world_ms

    def wall_clock(self) -> int:
        """What this machine takes for the time, ms UTC."""
        return self._world_ms() + self.wrong_by_ms

    def burn(self, point: str) -> None:
        """Dies here if the fuse says so."""
        if self.fuse == point:
            self.kill()
            raise Killed(self.name)

    def kill(self) -> None:
        """Kill -9."""
        self.fuse = None
        if self.life is not None:
            self.life.end()
            self.life = None
            self._gone()

    def start(self) -> None:
        """Begins a life, if it has none, with what the disk holds."""
        if self.life is None:
            self.life = Life(self.loop)
            with contextlib.suppress(Killed):
                self.life.run(self._begin)

    def stop(self) -> None:
        """Switched off properly."""
        raise NotImplementedError

    def sleep(self) -> None:
        """Closes its lid: it is there again in the morning, and time has passed."""

    def _begin(self) -> None:
        raise NotImplementedError

    def _gone(self) -> None:
        raise NotImplementedError


class _WatchedOutbox(Outbox):
    """The product's outbox, on a database in memory that outlives the process like a disk.

    A trigger of SQLite's own tells of every row that leaves it.
    """

    def __init__(self, machine: "DeviceMachine", path: File) -> None:
        self._machine = machine
        super().__init__(path)
        self._db.create_function("op_left", 1, machine.op_left)
        self._db.execute(
            "CREATE TEMP TRIGGER IF NOT EXISTS leaving AFTER DELETE ON main.pending"
            " BEGIN SELECT op_left(OLD.op_id); END"
        )

    def _connect(self) -> sqlite3.Connection:
        disk = self._machine.disk
        if disk.in_transaction:
            disk.execute("ROLLBACK")  # the process before died in it
        return disk

    def close(self) -> None:
        """The disk stays."""

    def put(self, submit: Submit, counter: Counter | None = None, heard: Heard | None = None) -> None:
        if self._machine.disk_full:
            raise OutboxError(f"{self.path}: {FULL}; free some space on this device")
        self._machine.burn("before commit")
        super().put(submit, counter, heard)
        self._machine.ledger.tapped(self._machine.name, submit)
        self._machine.burn("after commit")


class _Link:
    """What Device takes for its link: connections over the simulated network."""

    def __init__(self, machine: "DeviceMachine", on_frame: Callable[[bytes], None]) -> None:
        self._machine = machine
        self._on_frame = on_frame

    def open(self) -> None:
        self.close()
        assert self._machine.life is not None
        path = self._machine.path
        path.connection = Connection(path, self._machine.life, self._receive)

    def send(self, frame: bytes) -> None:
        self._machine.burn("sending")
        if (connection := self._machine.path.connection) is not None:
            connection.send(frame)

    def close(self) -> None:
        path = self._machine.path
        if path.connection is not None:
            path.connection.close()
            path.connection = None

    def _receive(self, frame: bytes) -> None:
        device = self._machine.device
        if device is None:
            return
        replica = device._engine.replica
        before = replica.n if replica.ready else None
        self._on_frame(frame)
        self._machine.ledger.heard(self._machine.name, frame, before, replica.n)


class DeviceMachine(Machine):
    """A kiosk or a tablet. `device` is the product's, while it runs."""

    def __init__(
        self,
        loop: VirtualLoop,
        file: DeviceFile,
        folder: File,
        path: Path,
        world_ms: Callable[[], int],
        ledger: Ledger,
        chance: Random,
    ) -> None:
        super().__init__(loop, file.device_id, world_ms)
        self.file = file
        self.path = path
        self.ledger = ledger
        self.device: Device | None = None
        self.revoked = False
        self.frozen = False
        self.disk = sqlite3.connect(":memory:", isolation_level=None)
        self._folder = folder
        self._around = Around(
            wall_clock=self.wall_clock,
            steady_clock=world_ms,  # it counts the nights too, as a real one's does
            random_bytes=chance.randbytes,
            jitter=chance.random,
            link=lambda _file, on_frame: _Link(self, on_frame),
            outbox=partial(_WatchedOutbox, self),
        )

    def _begin(self) -> None:
        self.device = Device(self.file, self._folder, self._around)
        self.device.on_refused = lambda _submit, refusal: self.ledger.refused(self.name, refusal)
        self.device.start()

    def do(self, what: Callable[..., Any], *args: Any) -> Any:
        """A tap: calls something of the device as its own process. None where it does not run."""
        if self.life is None or self.device is None or self.frozen:
            return None
        try:
            return self.life.run(what, *args)
        except (Killed, OutboxError):
            return None

    def stop(self) -> None:
        if self.life is not None and self.device is not None:
            self.life.run(self.device.stop)
            self.device = None
            self.kill()

    def freeze(self, frozen: bool) -> None:
        """SIGSTOP and SIGCONT: no timer and no frame reaches it meanwhile; the clocks go on."""
        if self.device is None or self.life is None or self.frozen is frozen:
            return
        self.frozen = frozen
        if self.path.connection is not None:
            self.path.connection.frozen = frozen
        if frozen:
            if self.device._timer is not None:
                self.device._timer.cancel()
            return
        self.do(self.device._tick)
        if self.path.connection is not None:
            self.path.connection.flow()

    def sleep(self) -> None:
        self.freeze(True)

    def on_disk(self) -> bytes:
        """Every byte of its database."""
        (pages,) = self.disk.execute("PRAGMA page_count").fetchone()
        return self.disk.serialize() if pages else b""

    def op_left(self, op_id: str) -> None:
        self.ledger.left_outbox(self.name, op_id)

    def _gone(self) -> None:
        if self.device is not None:
            self.device.outbox.close()
        self.device = None
        self.frozen = False
        if self.path.connection is not None:
            self.path.connection.close()
            self.path.connection = None


class _WatchedStore(Store):
    """The product's writer without its thread: the loop calls it when the disk would be ready."""

    def __init__(
        self, machine: "ServerMachine", path: File, loop: asyncio.AbstractEventLoop, done: Any
    ) -> None:
        self._machine = machine
        self._waiting: list[Item] = []
        self._told_at = 0.0
        super().__init__(path, loop, done)

    def _start(self) -> None:
        pass

    def close(self) -> None:
        self._write_waiting()
        self._db.close()

    def abandon(self) -> None:
        """The process died; what was not committed is gone."""
        self._db.close()

    def _hand_over(self, item: Item) -> None:
        self._waiting.append(item)
        if isinstance(item, Batch):
            self._machine.check_line()
        if len(self._waiting) == 1:
            self._loop.call_later(self._machine.disk_delay(), self._write_waiting)

    def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._work(waiting)

    def _tell(self, what: Callable[[], Any]) -> None:
        self._told_at = max(self._told_at, self._loop.time() + 0.0002)
        self._loop.call_at(self._told_at, what)

    def _commit(self, batches: list[Batch]) -> None:
        self._machine.burn("before commit")
        self._check_space()
        super()._commit(batches)
        self._machine.ledger.committed(batches)
        self._machine.burn("after commit")

    def _do(self, call: Any) -> None:
        if self._machine.disk_full:
            call.work = lambda _db: self._check_space()
        super()._do(call)

    def _check_space(self) -> None:
        if self._machine.disk_full:
            raise sqlite3.OperationalError(FULL)


class ServerMachine(Machine):
    """The store's server."""

    def __init__(
        self,
        loop: VirtualLoop,
        folder: Folder,
        settings: Settings,
        net: Network,
        world_ms: Callable[[], int],
        ledger: Ledger,
        chance: Random,
    ) -> None:
        super().__init__(loop, "server", world_ms)
        self.folder = folder
        self.settings = settings
        self.catalogue = settings.catalogue()
        self.ledger = ledger
        self.shop: Shop | None = None
        self.server: Server | None = None
        self.slow_disk_s = 0.0
        self._well_at = 0.0  # after a failed commit, time's own work is tried again a while later
        self._net = net
        self._chance = chance

    def disk_delay(self) -> float:
        return self._chance.random() * (self.slow_disk_s or 0.002)

    def _begin(self) -> None:
        assert self.life is not None
        with reading(self.folder.store) as db:
            clock = OnwardClock(self.wall_clock, self.loop.ms, queries.last_written_at(db))
        shop = Shop(self.folder, self.catalogue, clock, store=partial(_WatchedStore, self))
        self.shop = shop
        # Its own clock tells when it has heard its devices: at half speed where that was set back.
        self._excuse(2 * STILL_MS / 1000 + 0.1)
        self.ledger.read_again(shop.floor)
        gate = Gate()
        with reading(self.folder.store) as db:
            gate.admit(queries.devices(db), ())
        socket = Socket(self._net, gate, self.life, self._chance)
        socket.before_send = self._before_send
        mirrored = shop.store.call(lambda db: mirror_catalogue(db, shop.catalogue))
        mirrored.add_done_callback(lambda done: done.cancelled() or done.exception())
        doorman = Doorman(self.folder.store, clock, shop.store.call)
        desk = Desk(shop, doorman, socket)
        # The gate is not the product's, and nothing asks for more of it than this one has.
        self.server = Server(self.folder, self.settings, shop, doorman, cast(Any, gate), desk, "", "")
        start_over = shop.start_over

        def read_again() -> None:
            self.ledger.read_again(shop.floor)
            start_over()

        shop.start_over = read_again
        shop.tick()
        self.loop.create_task(desk.run())
        self.loop.create_task(forget_in_time(shop))
        self._net.socket = socket

    def _before_send(self, path: Path, frame: bytes) -> None:
        self.ledger.sends(path.name, frame)
        self.burn("sending")

    def turn_clock(self, wrong_by_ms: int) -> None:
        """Its clock jumps. What became due by the jump alone is done with the next alarm or op."""
        self.wrong_by_ms = wrong_by_ms
        self._excuse(2 * TURNED_S)

    def _excuse(self, seconds: float) -> None:
        """For so long at least, 15 is not asked for: what was due may not have been done yet."""
        self._well_at = max(self._well_at, self.loop.time() + seconds)

    def check_line(self) -> None:
        """15: as the floor stands after a turn, and between turns."""
        if self.shop is None:
            return
        if self.shop.mending.unwell is not None:
            self._excuse(RETRY_S + 0.1)
        if self.loop.time() >= self._well_at:
            self.ledger.check_line(self.shop.floor, self.shop.clock())

    def stop(self) -> None:
        """Switched off properly: what is under way is written, nothing more is said."""
        if self.shop is not None and self.life is not None:
            with contextlib.suppress(Killed):
                self.life.run(self.shop.close)
            self.kill()

    def _gone(self) -> None:
        if self.shop is not None:
            store = self.shop.store
            assert isinstance(store, _WatchedStore)
            store.abandon()
        self.shop = self.server = None
        self._net.server_died()
