"""Writes a made-up past to a store's file, in one transaction."""

import contextlib
import gc
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from multiprocessing import get_context

from msgspec import Struct, structs

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.visit.visit import ENDED
from sync_server.service.storage import mapping
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.mapping import Row
from sync_server.service.storage.writer import insert
from sync_server.simulation.behaviour import OPENS, Behaviour

from .seasons import DayShape, at_hour
from .shop_days import ShopDays

QUIET_MS = 900_000  # at the end nobody comes for so long
PART_DAYS = 61  # a longer past is made in parts, on all processors
WARM_UP_DAYS = 3  # that a part lives through before its first


class NotEmpty(Exception):
    """The store has visits already. The text says so to a person."""


class PastPlan(Struct, frozen=True):
    """What `ShopDays` needs, from `begin` to `end`, ms UTC. The time before `written_from` is not written:
    from it the estimator learns the waits that the first shoppers are told."""

    catalogue: Catalogue
    kiosks: Sequence[tuple[str, str]]
    tablets: Mapping[str, tuple[str, str]]
    behaviour: Behaviour
    shapes: Mapping[date, DayShape]
    seed: int
    begin: int
    written_from: int
    end: int


class _Rows:
    """Collects the rows of a simulated past. A visit's row is made when it has ended."""

    def __init__(self, floor: Floor) -> None:
        self.batch = Batch(0)
        self._presence = mapping.PresenceLog(floor)

    def add(self, floor: Floor, records: list[Record]) -> None:
        batch = self.batch
        for record in records:
            batch.events.append(mapping.event_row(record))
            visit = floor.visits.get(record.visit_id or "")
            if visit is not None and visit.state in ENDED:
                batch.visits[visit.visit_id] = mapping.visit_row(visit)
            if (feedback := mapping.feedback_row(record)) is not None:
                batch.feedback.append(feedback)
        batch.presence += self._presence.rows(floor, records)

    def add_open(self, floor: Floor) -> None:
        for visit in floor.open_visits():
            self.batch.visits[visit.visit_id] = mapping.visit_row(visit)


def require_empty(data_dir: DataDir, db: sqlite3.Connection) -> None:
    """Raises NotEmpty if anything has ever happened in the store."""
    if db.execute("SELECT 1 FROM visit_events LIMIT 1").fetchone():
        raise NotEmpty(f"{data_dir.path}: has visits already; choose a new store")


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Stops the search for reference cycles. All rows are kept until they are written, so it would look at
    ever more of them and find nothing: a sixth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def live(past: PastPlan) -> Batch:
    """The rows of this past. The first has seq 1."""
    with _without_collector():
        days = ShopDays(past.catalogue, past.kiosks, past.tablets, past.behaviour, past.seed, past.shapes)
        if past.begin < past.written_from:
            days.live(past.begin, past.written_from, past.written_from - QUIET_MS, lambda *_: None)
            days.sessions, days.opened_pages = [], []
        skipped = days.floor.seq
        rows = _Rows(days.floor)
        days.live(past.written_from, past.end, past.end - QUIET_MS, rows.add)
        rows.add_open(days.floor)
        rows.batch.sessions = [mapping.session_row(op, day) for day, op in days.sessions]
        rows.batch.pages += days.opened_pages
        return _after(rows.batch, -skipped)


def _after(batch: Batch, seq: int) -> Batch:
    """The same rows, `seq` later in the log."""

    def moved(rows: list[Row]) -> list[Row]:
        return [(row[0] + seq, *row[1:]) for row in rows] if seq else rows

    return replace(
        batch,
        events=moved(batch.events),
        presence=moved(batch.presence),
        feedback=moved(batch.feedback),
    )


def _parts(past: PastPlan) -> Iterator[PastPlan]:
    """The past in parts of PART_DAYS, each from an hour before an opening on, when nobody is there."""

    def morning(day: date) -> int:
        return at_hour(past.catalogue, day, OPENS - 1)

    day = past.catalogue.local(past.begin).date()
    begin, written_from, number = past.begin, past.written_from, 0
    while written_from < past.end:
        day += timedelta(days=PART_DAYS)
        end = min(morning(day), past.end)
        seed = past.seed + (number << 32)
        yield structs.replace(past, seed=seed, begin=begin, written_from=written_from, end=end)
        begin, written_from, number = morning(day - timedelta(days=WARM_UP_DAYS)), end, number + 1


def write_history(
    data_dir: DataDir,
    catalogue: Catalogue,
    kiosks: Sequence[tuple[str, str]],
    tablets: Mapping[str, tuple[str, str]],
    behaviour: Behaviour,
    begin: int,
    end: int,
    seed: int = 1,
    shapes: Mapping[date, DayShape] | None = None,
    processes: int | None = 1,
) -> int:
    """Fills an empty store with what happens from `begin` to `end`; returns how many visits there were.

    For the other arguments see `ShopDays`. The rows are the same on any number of `processes`; None is one
    for each processor. Raises NotEmpty, StoreError and sqlite3.Error; then nothing was written.
    """
    past = PastPlan(catalogue, kiosks, tablets, behaviour, shapes or {}, seed, begin, begin, end)
    parts = list(_parts(past))
    count = min(len(parts), processes or os.cpu_count() or 1)
    with contextlib.ExitStack() as cleanup:
        db = cleanup.enter_context(contextlib.closing(connect(data_dir.store)))
        require_empty(data_dir, db)
        batches: Iterator[Batch] = map(live, parts)
        if count > 1:
            pool = cleanup.enter_context(ProcessPoolExecutor(count, mp_context=get_context("fork")))
            batches = pool.map(live, parts)
        return _write(db, batches)


def _write(db: sqlite3.Connection, batches: Iterable[Batch]) -> int:
    seq = visits = 0
    with _without_collector(), transaction(db):
        for batch in batches:
            insert(db, [_after(batch, seq)])
            seq += len(batch.events)
            visits += len(batch.visits)
    return visits
