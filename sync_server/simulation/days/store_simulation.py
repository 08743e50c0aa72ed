"""Simulates one store: opens it, does the items of its script for some days, and checks the invariants."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sync_server.domain import ops
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.violation import InvariantViolated
from sync_server.domain.visit.visit import ENDED
from sync_server.service.config.load import load_settings
from sync_server.service.processing.periodic_retention import EVERY_S as RETENTION_EVERY_S
from sync_server.service.processing.processor import Unavailable
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from sync_server.simulation.checks.invariant_checker import InvariantChecker
from sync_server.simulation.machines.device_machine import DeviceMachine
from sync_server.simulation.machines.server_machine import ServerMachine
from sync_server.simulation.virtual.network import Network, NetworkPath
from sync_server.simulation.virtual.virtual_loop import VirtualLoop

from . import actions, consistency, log_corrections, now_actions, settings_changes
from .faults import FaultInjector
from .plan import ZONE, Outcome, Plan, next_opening_ms, opening_ms
from .script import CLOSING_S, DAY_S, ITEMS_A_DAY, KIOSKS, LULLS, Item, script
from .store_settings import EMPLOYEES
from .store_setup import MemoryPath, create_store

AGREEMENT_S = 5.0  # this long after the last fault all copies are the same
AGREEMENT_CHECK_S = 0.05
LINE_CHECK_S = 0.5
WAKE_UP_S = 2 * RETENTION_EVERY_S + 30


class StoreSimulation:
    """Creates the store in `folder` and runs it."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.loop = VirtualLoop()
        self._folder = DataDir(MemoryPath(folder) / "store")
        self._folder.path.mkdir(parents=True)
        self._disk = connect(self._folder.store)  # outlives every process
        first_day = datetime(2026, 1, 5, tzinfo=ZONE) + timedelta(
            Random(f"{plan.name}/things").randrange(360)
        )
        self._offset_ms = opening_ms(first_day)  # from the loop's time to the true time
        self._day = -1
        self._done: list[Item] = []
        files = create_store(self._folder, self._disk, self._offset_ms)
        settings = load_settings(self._folder.settings)
        self._first = settings.catalogue()
        self.checker = InvariantChecker(self._first, self.true_time_ms)
        self.checker.on_violation = self.loop.stop
        self.loop.on_fault = self._on_fault
        self._net = Network(self.loop)
        self.server = ServerMachine(
            self.loop,
            self._folder,
            self._first,
            self._net,
            self.true_time_ms,
            self.checker,
            Random(f"{plan.name}/server"),
        )
        self._machines: dict[str, DeviceMachine] = {}
        for file in files:
            name = f"{plan.name}/{file.device_id}"
            path = NetworkPath(self._net, file.device_id, file.public_key, Random(f"{name}/way"))
            self._machines[file.device_id] = DeviceMachine(
                self.loop, file, folder / "devices", path, self.true_time_ms, self.checker, Random(name)
            )
        error = plan.clock_error_ms
        for machine in self._machines.values():
            machine.clock_error_ms, error = error, int(-0.8 * error)
        self._tablet_of = {employee: employee for employee in EMPLOYEES}
        self._faults = FaultInjector(
            self.server, self._net, self.checker, self._machine_of, self._hand_out_spare
        )
        self._chance = Random()
        self._lost_acknowledged = 0

    def true_time_ms(self) -> int:
        """The time that a correct clock shows, ms UTC."""
        return self._offset_ms + self.loop.ms()

    # --- days --------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Runs all days, or until the first violation."""
        asyncio.set_event_loop(self.loop)
        error_log = _ErrorLogHandler(self)
        logging.getLogger("sync_server").addHandler(error_log)
        try:
            main = self.loop.create_task(self._run_days())
            main.add_done_callback(lambda _task: self.loop.stop())
            self.loop.run_forever()
            if main.done() and not main.cancelled():
                main.result()
        finally:
            logging.getLogger("sync_server").removeHandler(error_log)
            for machine in (self.server, *self._machines.values()):
                machine.kill()
            asyncio.set_event_loop(None)
            self.loop.discard()
            for disk in (self._disk, *(machine.disk for machine in self._machines.values())):
                disk.close()  # an open one keeps the function of its trigger alive, and so the machine
        checker = self.checker
        violation = checker.violations[0] if checker.violations else None
        return Outcome(
            self.plan,
            days=violation.day if violation else self._day + 1,
            ops=len(checker.results),
            visits=checker.visits,
            kills=checker.kills,
            cuts=checker.cuts,
            lost_acknowledged=self._lost_acknowledged,
            violation=violation,
            items=tuple(self._done) if violation else (),
            log=tuple(checker.log_lines),
        )

    async def _run_days(self) -> None:
        for day in range(self.plan.days):
            self._day = self.checker.day = day
            await self._run_day(Random(f"{self.plan.name}/{day}/night"))

    async def _run_day(self, night: Random) -> None:
        self.server.clock_error_ms = 0
        await self._open()
        begin = self.loop.time()
        items = script(self.plan.name, self._day, self.plan.faults)
        keep = self.plan.keep
        self._schedule(begin, iter(items if keep is None else [i for i in items if i.number in keep]))
        self._net.at(begin, self._check_line, begin + DAY_S)
        for lull in LULLS:
            await asyncio.sleep(begin + lull - self.loop.time())
            await self._check_agreement()
        await asyncio.sleep(begin + CLOSING_S + 4 - self.loop.time())
        await self._check_agreement()
        await asyncio.sleep(begin + DAY_S - self.loop.time())
        self._end_day(night)

    async def _open(self) -> None:
        if self.server.process is not None:
            # It slept through the night, with all its timers, and wakes up a while before the store opens.
            self._offset_ms -= int(WAKE_UP_S * 1000)
            await asyncio.sleep(WAKE_UP_S)
        self.server.start()
        for name, machine in self._machines.items():
            if name != "spare" or "spare" in self._tablet_of.values():
                machine.freeze(False)
                machine.start()

    def _end_day(self, night: Random) -> None:
        """Checks all disks. Then each machine is shut down, loses its power, or sleeps."""
        if self.server.processor is not None:
            self._lost_acknowledged += consistency.check_disk(
                self.checker, self.server.processor.floor, self._folder.store, self.server.wall_clock()
            )
        disks = [(machine.name, machine.disk_content()) for machine in self._machines.values()]
        disks.append((self._folder.store.name, self._disk.serialize()))
        consistency.check_retention(self.checker, self._day, disks)
        for machine in (*self._machines.values(), self.server):
            choice = night.random()
            if choice < 0.4:
                machine.stop()
            elif choice < 0.7:
                machine.kill()
            else:
                machine.sleep()
        self._offset_ms += next_opening_ms(self.true_time_ms()) - self.true_time_ms()

    # --- the items of a day ------------------------------------------------------------------------

    def _schedule(self, begin: float, items: Iterator[Item], item: Item | None = None) -> None:
        """Does `item` and sets the timer of the next one: thousands of timers at once would be slow."""
        following = next(items, None)
        if following is not None:
            self._net.at(begin + following.at, self._schedule, begin, items, following)
        if item is not None:
            self._do(item)

    def _do(self, item: Item) -> None:
        self._done.append(item)
        self._chance.seed(item.seed)  # faster than a new Random for each item
        chance = self._chance
        if item.kind in ("arrive", "kiosk", "glance"):
            machine = self._machine_of(item.who)
            machine.do(self._use_device, item, machine, chance)
        elif item.kind == "phone":
            self._use_phone(chance)
        elif item.kind == "settings":
            self.server.change_settings(settings_changes.changed(self.server.catalogue, self._first, chance))
        elif item.kind == "manager":
            self._use_page_now(chance)
            self._correct_the_log(item.number % ITEMS_A_DAY, chance)
        else:
            self._faults.do(item, chance)

    def _use_device(self, item: Item, machine: DeviceMachine, chance: Random) -> None:
        device = machine.device
        if device is None or device.catalogue is None:
            return
        number = item.number % ITEMS_A_DAY
        if item.kind == "arrive":
            actions.arrive(device, device.catalogue, self._day, number, chance)
        elif item.kind == "kiosk":
            actions.return_to_kiosk(device, chance)
        else:
            pin = actions.use_tablet(device, device.catalogue, item.who, self._day, number, chance)
            if pin is not None:
                self.loop.create_task(device.sign_in(item.who, pin))

    def _use_phone(self, chance: Random) -> None:
        """A shopper cancels or rates on the phone page. The phone sends it twice, as after a lost answer."""
        processor, process = self.server.processor, self.server.process
        if processor is None or process is None or not processor.floor.visits:
            return
        visits = sorted(processor.floor.visits.values(), key=lambda v: v.created_at)[-15:]
        visit = chance.choice(visits)
        op = ops.Cancel(visit.visit_id) if visit.state not in ENDED else ops.Rate(visit.visit_id, ces=4)
        self._submit_twice(op, ActorKind.PHONE, chance)

    def _use_page_now(self, chance: Random) -> None:
        """One or two managers do something on the page Now."""
        if (processor := self.server.processor) is not None:
            for op in now_actions.acts(processor.floor, KIOSKS, processor.clock(), chance):
                self._submit_twice(op, ActorKind.MANAGER, chance)

    def _correct_the_log(self, number: int, chance: Random) -> None:
        """One or two managers correct a visit as the log on disk has it."""
        if self.server.processor is None:
            return
        for op in log_corrections.corrections(
            self.checker.replayed.visits.values(), self._day, number, chance
        ):
            self._submit_twice(op, ActorKind.MANAGER, chance)

    def _submit_twice(self, op: ops.AnyOp, role: ActorKind, chance: Random) -> None:
        processor, process = self.server.processor, self.server.process
        op_id = f"{chance.getrandbits(128):032x}"
        if processor is None or process is None:
            return

        async def send() -> None:
            with contextlib.suppress(Unavailable):
                for _ in range(2):
                    await processor.submit(op_id, op, Actor(role))
                    self.checker.on_page_answer(op_id)

        process.run(self.loop.create_task, send())

    def _machine_of(self, who: str) -> DeviceMachine:
        return self._machines[self._tablet_of.get(who, who)]

    def _hand_out_spare(self, employee: str) -> None:
        self._tablet_of[employee] = "spare"
        self._machines["spare"].start()

    # --- checks ------------------------------------------------------------------------------------

    async def _check_agreement(self) -> None:
        """Invariant 10: 5 s after the last fault ended, all copies are the same."""
        deadline = self.loop.time() + AGREEMENT_S
        machines = [m for m in self._machines.values() if m.name in {*self._tablet_of.values(), *KIOSKS}]
        while (difference := consistency.disagreement(self.server, machines)) is not None:
            if self.loop.time() > deadline:
                self.checker.violated(10, f"{difference}, {AGREEMENT_S:.0f} s after the last fault ended")
                return
            await asyncio.sleep(AGREEMENT_CHECK_S)

    def _check_line(self, until: float) -> None:
        """Invariant 15, regularly: also time alone must bring about an offer."""
        self.server.check_line()
        if self.loop.time() + LINE_CHECK_S < until:
            self._net.at(self.loop.time() + LINE_CHECK_S, self._check_line, until)

    def _on_fault(self, message: str, error: BaseException | None) -> None:
        self.checker.violated(_invariant_of(error), f"{message}: {error!r}")


class _ErrorLogHandler(logging.Handler):
    """Takes an exception that the product logs for a violation, unless the disk was full."""

    def __init__(self, simulation: StoreSimulation) -> None:
        super().__init__(logging.ERROR)
        self._simulation = simulation

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not self._simulation.server.disk_full:
            self._simulation.checker.violated(_invariant_of(error), f"{record.getMessage()}: {error!r}")


def _invariant_of(error: BaseException | None) -> int:
    """The number of the invariant that the product itself found violated; 0 for any other exception."""
    return error.number if isinstance(error, InvariantViolated) else 0
