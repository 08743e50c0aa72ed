"""One simulated shop: it opens, lives some days and nights, and is watched all the time."""

import asyncio
import contextlib
import functools
import logging
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PosixPath
from random import Random
from zoneinfo import ZoneInfo

import argon2

from sync_server.domain import ops
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.visit import ENDED
from sync_server.protocol.device_file import DeviceFile
from sync_server.service import accounts
from sync_server.service.folder import Folder
from sync_server.service.keys import make_server_key
from sync_server.service.server import FORGET_EVERY_S
from sync_server.service.settings import load_settings
from sync_server.service.shop import Unwell
from sync_server.service.store import connect, migrate, transaction

from . import acts, agree
from .faults import Trouble
from .ledger import Ledger, Violation
from .loop import VirtualLoop
from .machines import DeviceMachine, ServerMachine
from .network import Network
from .network import Path as Way
from .script import CLOSING_S, DAY_S, ITEMS_A_DAY, KIOSKS, LULLS, Item, script
from .store_file import EMPLOYEES, PIN, STORE_TOML

HEALED_S = 5.0  # after that long without a fault all copies agree
LOOK_S = 0.05
WATCH_S = 0.5
WAKES_S = 2 * FORGET_EVERY_S + 30
ZONE = ZoneInfo("Europe/Amsterdam")
PIN_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PIN)


@dataclass(frozen=True)
class Plan:
    """Which shop, how long, and which items of its script: all where `keep` is None."""

    seed: int
    shop: int
    days: int
    faults: bool = True
    keep: frozenset[int] | None = None
    clocks_wrong_by_ms: int = 0  # the first device's; each further one's is wrong the other way, and less

    @property
    def name(self) -> str:
        return f"{self.seed}/{self.shop}"


@dataclass
class Lived:
    """What came of it. The first violation ends a shop's life."""

    plan: Plan
    days: int = 0
    ops: int = 0
    visits: int = 0
    kills: int = 0
    cuts: int = 0
    lost_acknowledged: int = 0
    violation: Violation | None = None
    done: tuple[Item, ...] = ()
    log: tuple[str, ...] = ()  # what the server wrote, line by line, without the ids devices made


class Memory(PosixPath):
    """A path where SQLite keeps databases in memory, each for as long as a connection to it is open."""

    def as_uri(self) -> str:
        return super().as_uri() + "?vfs=memdb"


@functools.cache
def _empty_store() -> bytes:
    """A store's database before anything is in it: made once, for it takes as long as a part of a day."""
    with tempfile.TemporaryDirectory(prefix="welkom-simulate-") as folder:
        path = Memory(folder) / "empty.db"
        with contextlib.closing(connect(path)) as db:  # it lives as long as this
            migrate(path)
            return db.serialize()


class ShopLife:
    """Builds the shop in `folder` and lives it."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.loop = VirtualLoop()
        self._folder = Folder(Memory(folder) / "store")
        self._folder.path.mkdir(parents=True)
        self._disk = connect(self._folder.store)  # outlives every process
        self._devices = folder / "devices"
        chance = Random(f"{plan.name}/things")
        self._start_of_life = _opening(datetime(2026, 1, 5, tzinfo=ZONE) + timedelta(chance.randrange(360)))
        self._gap_ms = self._start_of_life
        self.day = -1
        self.done: list[Item] = []
        files = self._found()
        settings = load_settings(self._folder.settings)
        self.catalogue = settings.catalogue()
        self.ledger = Ledger(self.catalogue, self.world_ms)
        self.ledger.on_violation = self.loop.stop
        self.loop.on_fault = self._unexpected
        self.net = Network(self.loop)
        self.server = ServerMachine(
            self.loop,
            self._folder,
            settings,
            self.net,
            self.world_ms,
            self.ledger,
            Random(f"{plan.name}/server"),
        )
        self.machines: dict[str, DeviceMachine] = {}
        for file in files:
            way = Way(self.net, file.device_id, file.public_key, Random(f"{plan.name}/{file.device_id}/way"))
            own = Random(f"{plan.name}/{file.device_id}")
            self.machines[file.device_id] = DeviceMachine(
                self.loop, file, self._devices, way, self.world_ms, self.ledger, own
            )
        wrong = plan.clocks_wrong_by_ms
        for machine in self.machines.values():
            machine.wrong_by_ms, wrong = wrong, int(-0.8 * wrong)
        self.tablet_of = {who: who for who in EMPLOYEES}
        self.trouble = Trouble(self.server, self.net, self.ledger, self._machine_of, self._hand_out_spare)
        self._chance = Random()
        self._lost = 0

    def world_ms(self) -> int:
        """The true time, ms UTC."""
        return self._gap_ms + self.loop.ms()

    def _found(self) -> list[DeviceFile]:
        """Founds the store: its folder, its devices, its PINs."""
        self._folder.settings.write_text(STORE_TOML, "utf-8")
        make_server_key(self._folder.server_key)
        with contextlib.closing(sqlite3.connect(":memory:")) as empty:
            empty.deserialize(_empty_store())
            empty.backup(self._disk)
        settings = load_settings(self._folder.settings)
        db = connect(self._folder.store)
        now = self._start_of_life
        with contextlib.closing(db), transaction(db):
            accounts.mirror_catalogue(db, settings.catalogue())
            names = [(name, "kiosk") for name in KIOSKS] + [(name, "staff") for name in (*EMPLOYEES, "spare")]
            files = [accounts.add_device(db, kind, name, now, "simulated", "k" * 40) for name, kind in names]
            for who in EMPLOYEES:
                accounts.set_pin(db, who, PIN_HASH, now)
        return files

    # --- its life ----------------------------------------------------------------------------------

    def live(self) -> Lived:
        """Lives all days, or until something is found."""
        asyncio.set_event_loop(self.loop)
        quiet = _Quiet(self)
        logging.getLogger("sync_server").addHandler(quiet)
        try:
            main = self.loop.create_task(self._days())
            main.add_done_callback(lambda _task: self.loop.stop())
            self.loop.run_forever()
            if main.done() and not main.cancelled():
                main.result()
        finally:
            logging.getLogger("sync_server").removeHandler(quiet)
            for machine in (self.server, *self.machines.values()):
                machine.kill()
            asyncio.set_event_loop(None)
            self.loop.bury()
            for disk in (self._disk, *(machine.disk for machine in self.machines.values())):
                disk.close()  # SQLite holds on to whoever it tells of what leaves an outbox
        ledger = self.ledger
        found = ledger.violations[0] if ledger.violations else None
        return Lived(
            self.plan,
            days=found.day if found else self.day + 1,
            ops=len(ledger.fates),
            visits=ledger.visits,
            kills=ledger.kills,
            cuts=ledger.cuts,
            lost_acknowledged=self._lost,
            violation=found,
            done=tuple(self.done) if found else (),
            log=tuple(ledger.lines),
        )

    async def _days(self) -> None:
        for day in range(self.plan.days):
            self.day = self.ledger.day = day
            await self._one_day(Random(f"{self.plan.name}/{day}/night"))

    async def _one_day(self, night: Random) -> None:
        self.server.wrong_by_ms = 0
        await self._open_up()
        begin = self.loop.time()
        items = script(self.plan.name, self.day, self.plan.faults)
        keep = self.plan.keep
        self._next(begin, iter(items if keep is None else [i for i in items if i.number in keep]))
        self.net.at(begin, self._watch, begin + DAY_S)
        for lull in LULLS:
            await asyncio.sleep(begin + lull - self.loop.time())
            await self._must_agree()
        await asyncio.sleep(begin + CLOSING_S + 4 - self.loop.time())
        await self._must_agree()
        await asyncio.sleep(begin + DAY_S - self.loop.time())
        self._end_of_day(night)

    async def _open_up(self) -> None:
        if self.server.life is not None:
            # It has slept, with all its timers. It wakes a while before the doors open.
            self._gap_ms -= int(WAKES_S * 1000)
            await asyncio.sleep(WAKES_S)
        self.server.start()
        for name, machine in self.machines.items():
            if name != "spare" or "spare" in self.tablet_of.values():
                machine.freeze(False)
                machine.start()

    def _next(self, begin: float, items: Iterator[Item], item: Item | None = None) -> None:
        """One timer at a time: thousands of them would be slow."""
        following = next(items, None)
        if following is not None:
            self.net.at(begin + following.at, self._next, begin, items, following)
        if item is not None:
            self._happens(item)

    def _happens(self, item: Item) -> None:
        self.done.append(item)
        self._chance.seed(item.seed)  # its own; a Random for each would be made twice as slowly
        chance = self._chance
        if item.kind in ("arrive", "kiosk", "glance"):
            machine = self._machine_of(item.who)
            machine.do(self._act, item, machine, chance)
        elif item.kind == "phone":
            self._phone(chance)
        else:
            self.trouble.do(item, chance)

    def _act(self, item: Item, machine: DeviceMachine, chance: Random) -> None:
        device = machine.device
        if device is None or device.catalogue is None:
            return
        number = item.number % ITEMS_A_DAY
        if item.kind == "arrive":
            acts.arrive(device, device.catalogue, self.day, number, chance)
        elif item.kind == "kiosk":
            acts.at_kiosk(device, chance)
        else:
            pin = acts.glance(device, device.catalogue, item.who, self.day, number, chance)
            if pin is not None:
                self.loop.create_task(device.sign_in(item.who, pin))

    def _phone(self, chance: Random) -> None:
        """A shopper cancels on the phone page, and the phone asks twice if it hears nothing."""
        shop, life = self.server.shop, self.server.life
        if shop is None or life is None or not shop.floor.visits:
            return
        visits = sorted(shop.floor.visits.values(), key=lambda v: v.created_at)[-15:]
        visit = chance.choice(visits)
        op = ops.Cancel(visit.visit_id) if visit.state not in ENDED else ops.Rate(visit.visit_id, ces=4)
        op_id = f"{chance.getrandbits(128):032x}"

        async def ask() -> None:
            with contextlib.suppress(Unwell):
                for _ in range(2):
                    await shop.submit(op_id, op, Actor(ActorKind.PHONE))
                    self.ledger.acknowledge(op_id)

        life.run(self.loop.create_task, ask())

    def _machine_of(self, who: str) -> DeviceMachine:
        return self.machines[self.tablet_of.get(who, who)]

    def _hand_out_spare(self, who: str) -> None:
        self.tablet_of[who] = "spare"
        self.machines["spare"].start()

    # --- what must hold then -----------------------------------------------------------------------

    async def _must_agree(self) -> None:
        """10: nothing is broken any more; within 5 s all copies are the same."""
        until = self.loop.time() + HEALED_S
        machines = [m for m in self.machines.values() if m.name in {*self.tablet_of.values(), *KIOSKS}]
        while (why := agree.disagreement(self.server, machines)) is not None:
            if self.loop.time() > until:
                self.ledger.blame(10, f"{why}, {HEALED_S:.0f} s after everything had healed")
                return
            await asyncio.sleep(LOOK_S)

    def _watch(self, until: float) -> None:
        """15, between the turns too: what was due has been done."""
        self.server.check_line()
        if self.loop.time() + WATCH_S < until:
            self.net.at(self.loop.time() + WATCH_S, self._watch, until)

    def _end_of_day(self, night: Random) -> None:
        if self.server.shop is not None:
            self._lost += agree.check_disk(
                self.ledger, self.server.shop.floor, self._folder.store, self.server.wall_clock()
            )
        disks = [(machine.name, machine.on_disk()) for machine in self.machines.values()]
        disks.append((self._folder.store.name, self._disk.serialize()))
        agree.check_forgotten(self.ledger, self.day, disks)
        # Machines are switched off for the night, or lose their power, or only sleep.
        for machine in (*self.machines.values(), self.server):
            way = night.random()
            if way < 0.4:
                machine.stop()
            elif way < 0.7:
                machine.kill()
            else:
                machine.sleep()
        self._gap_ms += _opening(_local(self.world_ms()) + timedelta(1)) - self.world_ms()

    def _unexpected(self, message: str, error: BaseException | None) -> None:
        self.ledger.blame(0, f"{message}: {error!r}")


class _Quiet(logging.Handler):
    """Hears what the product logs: a fault in the rules is one here too."""

    def __init__(self, life: ShopLife) -> None:
        super().__init__(logging.ERROR)
        self._life = life

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not self._life.server.disk_full:
            self._life.ledger.blame(0, f"{record.getMessage()}: {error!r}")


def _opening(day: datetime) -> int:
    """When the doors open on this day, ms UTC: closing time ends the compressed day."""
    closing = day.replace(hour=18, minute=0, second=0, microsecond=0)
    return int(closing.timestamp() * 1000) - int(CLOSING_S * 1000)


def _local(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, ZONE)
