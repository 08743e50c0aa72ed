"""The simulated server: the product's processor, writer and handler with a simulated disk and network."""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.catalogue.retiring import InUse, lacking, retire, with_earlier
from sync_server.domain.events import Record
from sync_server.domain.floor.in_use import in_use
from sync_server.service.auth.checker import CredentialChecker
from sync_server.service.clock import NonDecreasingClock
from sync_server.service.config.outside import WebhookEvent, WebhookSettings
from sync_server.service.processing import periodic_retention
from sync_server.service.processing.catalogue_changes import use_catalogue
from sync_server.service.processing.periodic_retention import run_retention
from sync_server.service.processing.processor import SETTLE_MS, OpProcessor
from sync_server.service.processing.recovery import RETRY_S
from sync_server.service.processing.unit_of_work import UnitOfWork
from sync_server.service.retry import retry_forever
from sync_server.service.storage import device_rows, event_log
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.catalogue_mirror import mirror_catalogue
from sync_server.service.storage.connection import reading, transaction
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.sync.device_registry import DeviceRegistry
from sync_server.service.sync.handler import DeviceHandler
from sync_server.service.sync.publisher import UpdatePublisher
from sync_server.service.webhooks.webhook_request import SendProblem, SendResult
from sync_server.service.webhooks.webhook_sender import WebhookSender
from sync_server.simulation.checks.invariant_checker import InvariantChecker
from sync_server.simulation.virtual.fake_router import FakeAuthenticator, FakeRouterSocket
from sync_server.simulation.virtual.network import Network, NetworkPath
from sync_server.simulation.virtual.process import Killed
from sync_server.simulation.virtual.virtual_loop import VirtualLoop

from .machine import DISK_FULL, Machine

T = TypeVar("T")

RECEIVER = WebhookSettings("receiver", "https://receiver.example/", tuple(WebhookEvent), words=True)
RECEIVER_DOWN = 0.1  # how often it is not there, and how often its answer is lost
WEBHOOKS_EVERY_S = 2.0

MAX_TIME_ERROR_MS = 60_000  # how far the store's time may be ahead of the true time
MAX_PAUSE_S = 0.05  # until tablets that an update concerns less are sent it
MAX_CLOCK_STEP_S = 3.0  # the farthest that a fault sets the server's clock forward or back


class SimulatedDisk:
    """The writer's executor: runs its tasks in the loop, with the delays and faults of a disk."""

    def __init__(self, machine: "ServerMachine", loop: VirtualLoop) -> None:
        self._machine = machine
        self._loop = loop
        self._tasks: list[Callable[[], object]] = []
        self._delivered_at = 0.0
        self._lost = False

    def submit(self, task: Callable[[], object], /) -> None:
        self._tasks.append(task)
        if len(self._tasks) == 1:
            self._loop.call_later(self._machine.disk_delay(), self._run)

    def transaction(
        self, db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T], batches: Sequence[Batch], /
    ) -> T:
        if batches:
            self._machine.reach("before commit")
        if self._machine.disk_full:
            raise sqlite3.OperationalError(DISK_FULL)
        with transaction(db):
            result = work(db)
        if batches:
            self._machine.checker.on_commit(list(batches))
            self._machine.reach("after commit")
        return result

    def deliver(self, callback: Callable[[], object], /) -> None:
        self._delivered_at = max(self._delivered_at, self._loop.time() + 0.0002)
        self._loop.call_at(self._delivered_at, callback)

    def close(self) -> None:
        if not self._lost:
            self._run()

    def lose(self) -> None:
        """The process was killed: what was not committed is lost."""
        self._lost = True

    def _run(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task()


class ReportingPublisher(UpdatePublisher):
    """The product's publisher. It also gives the floor to the checker after each change and reload."""

    def __init__(self, machine: "ServerMachine", socket: FakeRouterSocket, chance: Random) -> None:
        super().__init__(socket, pause=lambda: MAX_PAUSE_S * chance.random())
        self._machine = machine

    def on_records(self, processor: OpProcessor, unit: UnitOfWork, records: list[Record]) -> None:
        self._machine.check_line()
        super().on_records(processor, unit, records)

    def on_reload(self, processor: OpProcessor, unit: UnitOfWork) -> None:
        if not processor.units_waiting:  # else the disk lacks what the floor has
            self._machine.checker.on_reload(processor.floor)
        self._machine.checker.on_catalogue(processor.floor)
        super().on_reload(processor, unit)


class ServerMachine(Machine):
    """The store's server."""

    def __init__(
        self,
        loop: VirtualLoop,
        folder: DataDir,
        catalogue: Catalogue,
        net: Network,
        true_time_ms: Callable[[], int],
        checker: InvariantChecker,
        chance: Random,
    ) -> None:
        super().__init__(loop, "server", true_time_ms)
        self.folder = folder
        self.catalogue = catalogue  # as the settings have it, without what is retired
        self._earlier: list[Catalogue] = []  # the latest first
        self.checker = checker
        self.processor: OpProcessor | None = None
        self.devices: DeviceRegistry | None = None
        self.slow_disk_s = 0.0
        self._line_checked_from = 0.0  # invariant 15 is checked from this time on
        self._net = net
        self._chance = chance
        self._disk: SimulatedDisk | None = None
        self._made_at = true_time_ms()  # a store knows when it was made

    def disk_delay(self) -> float:
        return self._chance.random() * (self.slow_disk_s or 0.002)

    def _on_start(self) -> None:
        assert self.process is not None
        with reading(self.folder.store) as db:
            last_written_at = event_log.last_written_at(db)
            clock = NonDecreasingClock(self.wall_clock, self.loop.ms, last_written_at, self._made_at)
            active, revoked = device_rows.active_devices(db), device_rows.revoked_devices(db)
        authenticator = FakeAuthenticator()
        authenticator.set_devices(active, revoked)
        socket = FakeRouterSocket(self._net, authenticator, self.process, self._chance)
        socket.before_send = self._before_send
        publisher = ReportingPublisher(self, socket, self._chance)
        self._disk = SimulatedDisk(self, self.loop)
        processor = OpProcessor(self.folder, self.catalogue, clock, listener=publisher, executor=self._disk)
        self.checker.on_reload(processor.floor)
        used = lacking(self.catalogue, in_use(processor.floor))
        if used != InUse():
            use_catalogue(processor, with_earlier(self.catalogue, used, self._earlier))
        self.processor = processor
        # A started server waits for its devices first, by its own clock, which may run at half speed.
        self._pause_line_check(2 * SETTLE_MS / 1000 + 0.1)
        mirrored = processor.writer.call(lambda db: mirror_catalogue(db, processor.catalogue))
        mirrored.add_done_callback(lambda done: done.cancelled() or done.exception())
        credential_checker = CredentialChecker(self.folder.store, clock, processor.writer.call)
        handler = DeviceHandler(
            processor, credential_checker, publisher, socket, steady=self.loop.ms, hear_clock=clock.hear
        )
        self.devices = DeviceRegistry(self.folder.store, processor, authenticator, handler)
        self._tell_receiver(processor, clock)
        processor.tick()
        self.loop.create_task(handler.run())
        self.loop.create_task(
            retry_forever(
                lambda: run_retention(processor),
                lambda _failures: periodic_retention.EVERY_S,
                lambda _error, _failures: None,
            )
        )
        self._net.socket = socket

    def change_settings(self, catalogue: Catalogue) -> None:
        """The file is another one now. A running server follows at once, another one when it starts."""
        self._earlier.insert(0, self.catalogue)
        self.catalogue = catalogue
        if (processor := self.processor) is not None and self.process is not None:
            with contextlib.suppress(Killed):  # while it tells the devices
                self.process.run(lambda: use_catalogue(processor, retire(processor.catalogue, catalogue)))

    def _tell_receiver(self, processor: OpProcessor, clock: Callable[[], int]) -> None:
        """A program elsewhere is told of everything, by the product's own sender."""
        sender = WebhookSender(
            self.folder.store,
            [RECEIVER],
            clock,
            processor.writer.call,
            lambda: processor.epoch,
            processor.counters,
            self._send_webhook,
        )
        processor.recorders.append(sender.record)
        self.loop.create_task(
            retry_forever(
                sender.deliver_due, lambda _failures: WEBHOOKS_EVERY_S, lambda _error, _failures: None
            )
        )

    async def _send_webhook(
        self, _target: WebhookSettings, _id: str, body: bytes, _secret: str, _now: int
    ) -> SendResult:
        """The receiver gets it or not, and says so or not."""
        if self._chance.random() < RECEIVER_DOWN:
            return SendResult(problem=SendProblem.UNREACHABLE)
        self.checker.webhooks.on_webhook(body)
        self.reach("sending")
        return (
            SendResult(503, SendProblem.REFUSED) if self._chance.random() < RECEIVER_DOWN else SendResult(204)
        )

    def _before_send(self, path: NetworkPath, frame: bytes) -> None:
        self.checker.on_send(path.name, frame)
        self.reach("sending")

    def set_clock_error(self, clock_error_ms: int) -> None:
        """Sets its clock. What is due because of the step alone is done with the next alarm or op."""
        self.clock_error_ms = clock_error_ms
        self._pause_line_check(2 * MAX_CLOCK_STEP_S)

    def _pause_line_check(self, seconds: float) -> None:
        """Does not check invariant 15 for this long: the server may not have done yet what is due."""
        self._line_checked_from = max(self._line_checked_from, self.loop.time() + seconds)

    def check_line(self) -> None:
        """Checks invariant 15, after each change of the floor and in between."""
        if self.processor is None:
            return
        ahead_ms = self.processor.clock() - self._true_time_ms()
        if ahead_ms > MAX_TIME_ERROR_MS:
            self.checker.violated(11, f"the store's time is {ahead_ms // 1000} s ahead of the true time")
        if self.processor.recovery.write_error is not None:
            self._pause_line_check(RETRY_S + 0.1)
        if self.loop.time() >= self._line_checked_from:
            self.checker.check_line(self.processor.floor, self.processor.clock())

    def stop(self) -> None:
        """Shuts down in order: writes what is under way, and sends nothing more."""
        if self.processor is not None and self.process is not None:
            with contextlib.suppress(Killed):
                self.process.run(self.processor.close)
            self.kill()

    def _on_end(self) -> None:
        if self.processor is not None and self._disk is not None:
            self._disk.lose()
            self.processor.writer.close()
        self.processor = self.devices = None
        self._net.on_server_ended()
