"""The shop: where every op is done, written down, and only then spoken of.

One turn does the ops at hand on the floor and sends one batch to the store's writer. Whatever is
to be said waits in the turn until the writer reports that the batch is on disk; meanwhile the next
turn already works on top of it. Should a commit fail, nobody is told yes: the turns in flight are
dropped, and the floor is read anew from the disk.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

from sync_server.domain import late
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor import Floor
from sync_server.domain.ops import BEGINNINGS, Actor, AnyOp
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.wire import op_digest

from . import logs, queries, retention, tables
from .answers import Answered, Answers
from .counters import Counters
from .folder import Folder
from .mending import Mending
from .store import Batch, Done, Store, connect, reading
from .tables import PresenceLog
from .turn import Turn
from .watchers import Watchers

LONGEST_WAIT_S = 60.0
STILL_MS = 3000  # after a start: devices are back within a second, and say what was done meanwhile

log = logging.getLogger(__name__)


class Unwell(Exception):
    """The store cannot be written at the moment; nothing was done. The text says why."""


class Shop:
    """The floor and its log, and the only way to change them.

    `news(turn, records)` is called in every turn that changed something, to add what devices must
    hear; `start_over()` whenever the floor had to be read anew. `clock` gives ms UTC; `store` makes
    the writer.
    """

    def __init__(
        self,
        folder: Folder,
        catalogue: Catalogue,
        clock: Callable[[], int],
        counters: Counters | None = None,
        store: Callable[[Path, asyncio.AbstractEventLoop, Done], Store] = Store,
    ) -> None:
        self.counters = counters or Counters()
        self.catalogue = catalogue
        self.clock = clock
        self.path = folder.store
        self.news: Callable[[Turn, list[Record]], None] = lambda _turn, _records: None
        self.start_over: Callable[[], None] = lambda: None
        self.happened: Counter[str] = Counter()  # events on disk, by their name
        self.refusals: Counter[str] = Counter()  # ops refused, by code
        self._loop = asyncio.get_running_loop()
        self._turns: deque[Turn] = deque()
        self._epoch = 0
        self._alarm: asyncio.TimerHandle | None = None
        self.watchers = Watchers()
        with reading(self.path) as db:
            self._answers = Answers(queries.ops_done(db), queries.ops_refused(db))
            self.epoch = queries.epoch(db)
        self._log = connect(self.path, read_only=True)
        self._still_until = 0
        self._load()
        if self.floor.open_visits():
            self._still_until = self.floor.still_until = self.clock() + STILL_MS
        self.store = store(self.path, self._loop, self._written)
        self.mending = Mending(self.store, self._read_again, self._begin_anew)

    def _load(self) -> None:
        """The floor as the disk has it."""
        now = self.clock()
        with reading(self.path) as db:
            start = queries.replay_from(db, now)
            history = queries.history(db, start)
            self.floor = Floor.replay(self.catalogue, queries.records(db, start), history)
            day = self.catalogue.day(now)
            self.floor.tickets.add(day, queries.tickets_of_day(db, day))  # also those not replayed
            self.floor.signed_off.earlier(queries.presences_before(db, start))
        self.floor.still_until = self._still_until
        self._presence = PresenceLog(self.floor)

    def _read_again(self) -> None:
        """The floor as the disk has it, without what never got there."""
        self._answers.drop_pending()
        self._load()

    def _begin_anew(self, time_waits_s: float) -> None:
        self.start_over()
        self._set_alarm(time_waits_s)

    def close(self) -> None:
        """Writes what is under way and ends. Nothing more is answered."""
        if self._alarm is not None:
            self._alarm.cancel()
        self.store.close()
        self._log.close()

    # --- one turn --------------------------------------------------------------------------------

    @property
    def turns_waiting(self) -> int:
        """How many turns are not on the disk yet."""
        return len(self._turns)

    def begin(self) -> Turn:
        return Turn(Batch(self._epoch), self.clock())

    def do(
        self,
        turn: Turn,
        op_id: str,
        op: AnyOp,
        by: Actor,
        at_device: int | None = None,
        epoch: str = "",
        ahead_ms: int | None = None,
        dated: bool = False,
    ) -> Refusal | None:
        """Does an op in this turn, or finds the fate it had before. The refusal, or None for done.

        `epoch` is the one in which the person saw what they acted upon; empty where there is none.
        `at_device` is the device's clock at the tap, `ahead_ms` how far ours was ahead of it. `dated`:
        the id tells by our clock when it was made, so one from before all answers we keep is refused.
        """
        digest = op_digest(op)
        if (known := self._answers.find(op_id, digest)) is not None:
            self.counters.add("ops_repeated")
            return known.refusal
        now = turn.now
        if dated and retention.too_old(op_id, now):
            self.counters.add("ops_refused")
            return Refusal(Code.OP_ID_REUSED, op_id)  # the same each time, so it need not be written down
        if late.tapped_at(at_device, ahead_ms, now) is not None:
            self._recall(op, now)
        refusal = self._of_lost_time(op, epoch) or self.apply(turn, op, by, at_device, ahead_ms)
        self._answers.keep(op_id, Answered(digest, refusal))
        self.counters.add("ops_refused" if refusal else "ops_done")
        if refusal is not None:
            self.refusals[refusal.code.value] += 1
        turn.op_ids.append(op_id)
        code, about = (refusal.code.value, refusal.about) if refusal else (None, None)
        turn.batch.ops.append((op_id, digest, code, about, now))
        return refusal

    def apply(
        self,
        turn: Turn,
        op: AnyOp,
        by: Actor,
        at_device: int | None = None,
        ahead_ms: int | None = None,
    ) -> Refusal | None:
        """Does an op of the server itself, which has no op_id and is never repeated.

        Raises Unwell where the rules themselves fail; the whole turn must then be dropped.
        """
        try:
            outcome = self._of_the_past(op) or self.floor.handle(op, by, turn.now, at_device, ahead_ms)
        except Exception as error:
            self.mending.distrust()
            raise Unwell("a fault in the server; it has been written to the log") from error
        if isinstance(outcome, Refusal):
            return outcome
        self._note(turn, outcome)
        return None

    def _recall(self, op: AnyOp, now: int) -> None:
        """Reads again the visit of an op that waited for so long that the floor has forgotten it."""
        visit_id = getattr(op, "visit_id", None)
        if visit_id is None or visit_id in self.floor.visits or isinstance(op, BEGINNINGS):
            return
        try:
            self.floor.recall(queries.records_of(self._log, visit_id), now)
        except Exception as error:
            self.mending.distrust()
            raise Unwell("the store cannot be read at the moment") from error

    def _of_lost_time(self, op: AnyOp, epoch: str) -> Refusal | None:
        """Revs begin to differ where a backup was restored: one seen before says nothing of now."""
        visit = self.floor.visits.get(getattr(op, "visit_id", ""))
        if epoch in ("", self.epoch) or visit is None or getattr(op, "expected_rev", None) is None:
            return None
        return Refusal(Code.STALE_REV, str(visit.rev))

    def _of_the_past(self, op: AnyOp) -> Refusal | None:
        """No visit begins twice: written down, a second beginning would fail, and all else with it."""
        if isinstance(op, BEGINNINGS) and self.was_here(op.visit_id):
            return Refusal(Code.VISIT_EXISTS, op.visit_id)
        return None

    def was_here(self, visit_id: str) -> bool:
        """Whether there ever was such a visit. The floor forgets one an hour after its end, the log never."""
        return visit_id in self.floor.visits or queries.is_known(self._log, visit_id)

    @property
    def waiting(self) -> int:
        """How many ops are done on the floor and not yet on the disk."""
        return self._answers.waiting

    def make_news(self, turn: Turn) -> None:
        """Turns what has happened in this turn so far into news."""
        records = turn.records[turn.told :]
        if records:
            turn.told = len(turn.records)
            self.news(turn, records)

    def finish(self, turn: Turn) -> None:
        """Hands the batch to the writer, then works out the news while the disk is busy."""
        if turn.batch.empty and not self._turns:
            self._speak(turn)
            return
        self._turns.append(turn)
        self.store.put(turn.batch)
        self.make_news(turn)
        if turn.records:
            self._set_alarm()

    def tick(self) -> None:
        """Does what time has brought about."""
        if self.mending.trusted:
            turn = self.begin()
            try:
                self._note(turn, self.floor.tick(turn.now))
            except Exception:
                self.mending.distrust()
                return
            self.finish(turn)
            if turn.records:
                return  # it has set the alarm
        self._set_alarm()

    async def submit(self, op_id: str, op: AnyOp, by: Actor) -> Refusal | None:
        """Does an op that came over the web. Returns when it is on disk; raises Unwell if it is not."""
        await self.mending.over()
        turn = self.begin()
        future: asyncio.Future[Refusal | None] = self._loop.create_future()
        refusal = self.do(turn, op_id, op, by)
        turn.answers.append(lambda: None if future.done() else future.set_result(refusal))
        turn.if_lost.append(lambda why: None if future.done() else future.set_exception(Unwell(why)))
        self.finish(turn)
        return await future

    def _note(self, turn: Turn, records: list[Record]) -> None:
        """Books records for the disk."""
        if not records:
            return
        turn.records += records
        batch = turn.batch
        for record in records:
            batch.events.append(tables.event_row(record))
            if record.visit_id is not None:
                batch.visits[record.visit_id] = tables.visit_row(self.floor.visits[record.visit_id])
            if (feedback := tables.feedback_row(record)) is not None:
                batch.feedback.append(feedback)
        batch.presence += self._presence.rows(self.floor, records)

    def _set_alarm(self, wait: float | None = None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        if wait is None:
            now = self.clock()
            deadline = self.floor.next_deadline(now)
            wait = LONGEST_WAIT_S if deadline is None else min(LONGEST_WAIT_S, (deadline - now) / 1000)
        self._alarm = self._loop.call_later(wait, self.tick)

    # --- after the disk --------------------------------------------------------------------------

    def _written(self, batches: list[Batch], error: BaseException | None) -> None:
        if error is not None:
            self._lost(error)
            return
        self.mending.unwell = None
        for _ in batches:
            self._speak(self._turns.popleft())

    def _speak(self, turn: Turn) -> None:
        self._answers.written(turn.op_ids)
        for say in turn.news + turn.answers:
            say()
        if turn.records:
            for record in turn.records:
                self.happened[str(type(record.event).__struct_config__.tag)] += 1
            logs.tell(turn.records)
            if self.watchers:
                self.watchers.wake({record.visit_id for record in turn.records})

    def _lost(self, error: BaseException) -> None:
        """The disk said no: nothing of the turns in flight happened."""
        why = self.mending.failed(error).text
        self.counters.add("commits_failed")
        log.error("nothing can be saved at the moment: %s: %s", self.path, why)
        lost, self._turns = self._turns, deque()
        self._epoch += 1
        self._answers.drop_pending()
        for turn in reversed(lost):  # a device must begin again with the first it lost: that is told last
            for tell in reversed(turn.if_lost):
                tell(why)
        self.mending.read_again()

    async def forget(self, keep_ms: int) -> int:
        """Removes what must not outlive its use from the disk and from here; how many visits had some."""
        now = self.clock()
        visits = await self.store.call(lambda db: retention.forget(db, now, keep_ms))
        self._answers.forget(await self.store.call(lambda db: retention.forget_answers(db, now, keep_ms)))
        self._answers.drop(await self.store.call(lambda db: retention.drop_answers(db, now)))
        await self.store.tidy()
        return visits
