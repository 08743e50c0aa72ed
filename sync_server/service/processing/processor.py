"""Does every op on the floor, writes it, and sends the answers once it is on disk.

A unit of work does the ops at hand on the floor in memory and gives one batch to the writer. Updates
and replies wait in the unit until the writer reports that the batch is on disk. Meanwhile the next
unit already works on top of it. When a commit fails, no device is told that its op was done: all
units in flight are dropped, and the floor is read from disk again.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor import offline_ops
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import OPENING_OPS, Actor, AnyOp, Correct, CountSession, LookInto
from sync_server.domain.refusal import Code, Refusal
from sync_server.service.observe import logs
from sync_server.service.observe.counters import Counters
from sync_server.service.privacy import late_words, retention
from sync_server.service.storage import epochs, event_log, mapping, startup
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.connection import connect, reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.executor import Executor
from sync_server.service.storage.mapping import PresenceLog
from sync_server.service.storage.writer import StoreWriter

from .change_events import ChangeNotifier
from .known_visits import KnownVisits
from .op_results import OpResult, OpResults, digest_of
from .overwriting import Overwriting
from .recovery import Recovery
from .unit_of_work import UnitOfWork

MAX_TICK_S = 60.0  # the floor's deadlines are looked at no later than this
SETTLE_MS = 3000  # after a start: devices are back within a second and send what was done meanwhile

log = logging.getLogger(__name__)


class Unavailable(Exception):
    """The store cannot be written at the moment; nothing was done. The text says why."""


class Listener(Protocol):
    """Sends devices what changed. Both methods add to `unit.updates`, which is sent after the commit."""

    def on_records(self, processor: "OpProcessor", unit: UnitOfWork, records: list[Record], /) -> None:
        """`records` were added to the floor in this unit."""

    def on_reload(self, processor: "OpProcessor", unit: UnitOfWork, /) -> None:
        """The floor was read from disk: updates that were sent before may not have happened."""


# Adds to a batch what else is written in the transaction of these records, which are on the floor.
Recorder = Callable[[Batch, Floor, list[Record]], None]


class OpProcessor:
    """The floor and its log, and the only way to change them.

    `listener` adds the updates for devices to each unit of work. `clock` gives ms UTC and goes `pace`
    times as fast as life: 1 except in a demo. `executor` runs the writer, by default in a thread.
    `keep_ms` is how long words about shoppers are stored after a visit's end; it may be changed.
    """

    def __init__(
        self,
        data_dir: DataDir,
        catalogue: Catalogue,
        clock: Callable[[], int],
        counters: Counters | None = None,
        listener: Listener | None = None,
        executor: Executor | None = None,
        keep_ms: int = retention.DESCRIPTION_MS,
        pace: int = 1,
    ) -> None:
        self.counters = counters or Counters()
        self.catalogue = catalogue
        self.clock = clock
        self.pace = pace
        self.path = data_dir.store
        self.event_counts: Counter[str] = Counter()  # events on disk, by name
        self.refusal_counts: Counter[str] = Counter()  # ops refused, by code
        self.changes = ChangeNotifier()
        self.keep_ms = keep_ms
        self.recorders: list[Recorder] = []
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._units: deque[UnitOfWork] = deque()  # with the writer
        self._write_epoch = 0  # how many commits have failed
        self._timer: asyncio.TimerHandle | None = None
        with reading(self.path, limit_s=None) as db:
            self._results = OpResults(startup.ops_done(db), startup.ops_refused(db))
            self.epoch = epochs.current_epoch(db)
        self._log = connect(self.path, read_only=True)
        self._paused_until = 0
        self.writer = StoreWriter(self.path, self._loop, self._on_written, executor)
        self.overwriting = Overwriting(lambda: self.writer.checkpoint())
        self._load()
        if self.floor.open_visits():
            self._paused_until = self.floor.paused_until = self.clock() + SETTLE_MS * pace
        self.recovery = Recovery(self.writer, self._reload, self._on_loaded)

    def _load(self) -> None:
        """Reads the floor from disk. Raises StoreError."""
        self.writer.require_file()
        now = self.clock()
        with reading(self.path, limit_s=None) as db:
            start = startup.replay_from(db, now)
            history = startup.history(db, start)
            self.floor = Floor.replay(self.catalogue, event_log.records(db, start), history)
            day = self.catalogue.day(now)
            self.floor.tickets.add(day, startup.tickets_of_day(db, day))  # the replay may begin after some
            self.floor.server_sign_offs.add_earlier(event_log.presences_before(db, start))
            self.floor.overrides.add_earlier(event_log.overrides_before(db, start))
            self._known_visits = KnownVisits(db, self.floor.visits, now)
        # After `trust_clock` the time may be earlier than at the start.
        self.floor.paused_until = self._paused_until = min(self._paused_until, now + SETTLE_MS * self.pace)
        self._presence = PresenceLog(self.floor)

    def _reload(self) -> None:
        """Reads the floor from disk, without what never got there."""
        self._results.rollback()
        self._load()

    def _on_loaded(self, tick_in_s: float) -> None:
        self.send_snapshots()
        self._schedule_tick(tick_in_s)

    def send_snapshots(self) -> None:
        """Sends every device the whole floor again."""
        unit = self.begin()
        if self._listener is not None:
            self._listener.on_reload(self, unit)
        self.finish(unit)

    def close(self) -> None:
        """Writes what is queued, then ends. Nothing more is answered."""
        if self._timer is not None:
            self._timer.cancel()
        self.writer.close()
        self._log.close()

    # --- one unit of work ------------------------------------------------------------------------

    @property
    def units_waiting(self) -> int:
        """How many units of work are not on disk yet."""
        return len(self._units)

    @property
    def ops_waiting(self) -> int:
        """How many ops are done in memory and not on disk yet."""
        return self._results.pending_count

    def begin(self) -> UnitOfWork:
        """A new unit of work, which happens now."""
        return UnitOfWork(Batch(self._write_epoch), self.clock())

    def do(
        self,
        unit: UnitOfWork,
        op_id: str,
        op: AnyOp,
        by: Actor,
        at_device: int | None = None,
        epoch: str = "",
        ahead_ms: int | None = None,
        dated: bool = False,
        forbidden: Refusal | None = None,
    ) -> Refusal | None:
        """Does an op in this unit, or finds the result it had before. The refusal, or None for done.

        `epoch` is the store's epoch in which the person saw what they tapped on; empty where there is
        none. `at_device` is the device's clock at the tap, `ahead_ms` how far ours was ahead of it.
        `dated` means that the id holds the time of its making by our clock: one that is older than all
        results we keep is refused. `forbidden` is why this sender may not do it, whatever the rules say;
        it is kept like every refusal. Raises Unavailable where the rules fail.
        """
        if (found := self._results.find(op_id, op)) is not None:
            self.counters.add("ops_repeated")
            return found.refusal
        now = unit.now
        if dated and retention.too_old(op_id, now):
            self.counters.add("ops_refused")
            return Refusal(Code.OP_ID_REUSED, op_id)  # the same each time, so it is not written
        if isinstance(op, Correct | LookInto) or offline_ops.tapped_at(at_device, ahead_ms, now) is not None:
            self._restore_visit(op, now)
        refusal = (
            forbidden or self._refuse_old_epoch(op, epoch) or self.apply(unit, op, by, at_device, ahead_ms)
        )
        digest = digest_of(op)
        self._results.add(op_id, OpResult(digest, refusal))
        self.counters.add("ops_refused" if refusal else "ops_done")
        if refusal is not None:
            self.refusal_counts[refusal.code.value] += 1
        unit.op_ids.append(op_id)
        code, about = (refusal.code.value, refusal.about) if refusal else (None, None)
        unit.batch.ops.append((op_id, digest, code, about, now))
        return refusal

    def apply(
        self,
        unit: UnitOfWork,
        op: AnyOp,
        by: Actor,
        at_device: int | None = None,
        ahead_ms: int | None = None,
    ) -> Refusal | None:
        """Does an op of the server itself, which has no op_id and is never repeated.

        Raises Unavailable where the rules fail; the whole unit must then be dropped.
        """
        try:
            outcome = self._refuse_duplicate(op) or self.floor.handle(op, by, unit.now, at_device, ahead_ms)
        except Exception as error:
            self.recovery.invalidate()
            raise Unavailable("a fault in the server; it has been written to the log") from error
        if isinstance(outcome, Refusal):
            return outcome
        self._add_records(unit, outcome)
        if isinstance(op, CountSession):
            tapped = offline_ops.tapped_at(at_device, ahead_ms, unit.now)
            day = self.catalogue.day(unit.now if tapped is None else tapped)
            unit.batch.sessions.append(mapping.session_row(op, day))
        return None

    def _restore_visit(self, op: AnyOp, now: int) -> None:
        """Reads the visit of a late op or a correction from the log, where the floor has forgotten it."""
        visit_id = getattr(op, "visit_id", None)
        if visit_id is None or visit_id in self.floor.visits or isinstance(op, OPENING_OPS):
            return
        try:
            self.floor.restore_visit(event_log.records_of(self._log, visit_id), now)
        except Exception as error:
            self.recovery.invalidate()
            raise Unavailable("the store cannot be read at the moment") from error

    def _refuse_old_epoch(self, op: AnyOp, epoch: str) -> Refusal | None:
        """After a restore, a rev from the old epoch is always stale."""
        visit = self.floor.visits.get(getattr(op, "visit_id", ""))
        if epoch in ("", self.epoch) or visit is None or getattr(op, "expected_rev", None) is None:
            return None
        return Refusal(Code.STALE_REV, str(visit.rev))

    def _refuse_duplicate(self, op: AnyOp) -> Refusal | None:
        """Refuses a visit_id that exists: its INSERT would fail and roll back the whole batch."""
        if not isinstance(op, OPENING_OPS):
            return None
        if self.visit_exists(op.visit_id):
            return Refusal(Code.VISIT_EXISTS, op.visit_id)
        self._known_visits.add(op.visit_id)
        return None

    def visit_exists(self, visit_id: str) -> bool:
        """Whether there ever was such a visit. The floor forgets one an hour after its end, the log never."""
        if visit_id in self.floor.visits:
            return True
        return not self._known_visits.is_new(visit_id) and event_log.visit_exists(self._log, visit_id)

    def publish_records(self, unit: UnitOfWork) -> None:
        """Gives the listener the records that were added to this unit since the last call."""
        records = unit.records[unit.published :]
        if records:
            unit.published = len(unit.records)
            if self._listener is not None:
                self._listener.on_records(self, unit, records)

    def finish(self, unit: UnitOfWork) -> None:
        """Gives the batch to the writer, then works out the updates while the disk is busy."""
        if unit.batch.empty and not self._units:
            self._send(unit)
            return
        self._units.append(unit)
        self.writer.put(unit.batch)
        self.publish_records(unit)
        if unit.records:
            self._schedule_tick()

    def tick(self) -> None:
        """Does what time alone brings: offers that time out, wider searches, closing time."""
        if self.recovery.state_valid:
            unit = self.begin()
            try:
                if self._known_visits.is_outdated(unit.now):
                    self._known_visits = KnownVisits(self._log, self.floor.visits, unit.now)
                self._add_records(unit, self.floor.tick(unit.now))
            except Exception:  # `invalidate` logs it
                self.recovery.invalidate()
                return
            self.finish(unit)
            if unit.records:
                return  # `finish` has scheduled the next tick
        self._schedule_tick()

    async def submit(self, op_id: str, op: AnyOp, by: Actor) -> Refusal | None:
        """Does an op that came over the web; returns when it is on disk. Raises Unavailable if it is not."""
        await self.recovery.wait_until_valid()
        unit = self.begin()
        future: asyncio.Future[Refusal | None] = self._loop.create_future()
        refusal = self.do(unit, op_id, op, by)
        unit.replies.append(lambda: None if future.done() else future.set_result(refusal))
        unit.on_rollback.append(lambda why: None if future.done() else future.set_exception(Unavailable(why)))
        self.finish(unit)
        return await future

    def _add_records(self, unit: UnitOfWork, records: list[Record]) -> None:
        """Adds the rows of these records to the batch."""
        if not records:
            return
        unit.records += records
        batch = unit.batch
        for record in records:
            visit = self.floor.visits.get(record.visit_id or "")
            due = (
                visit is not None
                and visit.ended_at is not None
                and late_words.anything_is_due(visit, unit.now, self.keep_ms)
            )
            batch.events.append(mapping.event_row(self._without_due_words(record, unit) if due else record))
            if visit is not None:
                batch.visits[visit.visit_id] = mapping.visit_row(visit)
            if (feedback := mapping.feedback_row(record)) is not None:
                batch.feedback.append(feedback)
        batch.presence += self._presence.rows(self.floor, records)
        for visit_id in unit.due:
            visit = self.floor.visits[visit_id]
            self.floor.remove_words(late_words.visit_without_due(visit, unit.now, self.keep_ms))
        for recorder in self.recorders:
            recorder(batch, self.floor, records)

    def _without_due_words(self, record: Record, unit: UnitOfWork) -> Record:
        """The record as it may be written. The visit's words that the log has go in the same transaction."""
        visit, now, keep_ms = self.floor.visits[record.visit_id or ""], unit.now, self.keep_ms
        if not unit.batch.afterwards:
            unit.batch.afterwards.append(lambda db: retention.forget(db, now, keep_ms))
        unit.due.add(visit.visit_id)
        return replace(record, event=late_words.event_without_due(record.event, visit, now, keep_ms))

    def _schedule_tick(self, wait_s: float | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if wait_s is None:
            now = self.clock()
            deadline = self.floor.next_deadline(now)
            wait_s = MAX_TICK_S if deadline is None else min(MAX_TICK_S, (deadline - now) / 1000 / self.pace)
        self._timer = self._loop.call_later(wait_s, self.tick)

    # --- after the commit ------------------------------------------------------------------------

    def _on_written(self, batches: list[Batch], error: BaseException | None) -> None:
        if error is not None:
            self._commit_failed(error)
            return
        self.recovery.write_error = None
        for _ in batches:
            self._send(self._units.popleft())

    def _send(self, unit: UnitOfWork) -> None:
        """Sends what waited for the commit of this unit."""
        self._results.commit(unit.op_ids)
        for send in unit.updates + unit.replies:
            send()
        if unit.records:
            for record in unit.records:
                self.event_counts[str(type(record.event).__struct_config__.tag)] += 1
            logs.log_events(unit.records)
            if self.changes:
                self.changes.notify({record.visit_id for record in unit.records})

    def _commit_failed(self, error: BaseException) -> None:
        """Drops all units in flight: nothing of them is on disk."""
        why = self.recovery.commit_failed(error).text
        self.counters.add("commits_failed")
        log.error("nothing can be saved at the moment: %s: %s", self.path, why)
        dropped, self._units = self._units, deque()
        self._write_epoch += 1
        self._results.rollback()
        # In reverse: a device must start again with the first op it lost, so it is told of that one last.
        for unit in reversed(dropped):
            for rolled_back in reversed(unit.on_rollback):
                rolled_back(why)
        self.recovery.reload()

    async def apply_retention(self) -> None:
        """Removes what is kept no longer, from disk and from memory."""
        now, keep_ms = self.clock(), self.keep_ms
        visits = await self.writer.call(lambda db: retention.forget(db, now, keep_ms))
        without = await self.writer.call(lambda db: retention.forget_answers(db, now, keep_ms))
        self._results.remove_digests(without)
        self._results.remove(await self.writer.call(lambda db: retention.drop_answers(db, now)))
        await self.overwriting.overwrite(visits)
