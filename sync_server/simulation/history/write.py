"""Writes a made-up past to a store's file, in one transaction."""

import contextlib
import gc
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.visit.visit import ENDED
from sync_server.service.storage import mapping
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.writer import insert
from sync_server.simulation.behaviour import Behaviour

from .shop_days import ShopDays

QUIET_MS = 900_000  # at the end nobody comes for so long


class NotEmpty(Exception):
    """The store has visits already. The text says so to a person."""


class _Rows:
    """Collects the rows of a simulated past. A visit's row is made when it has ended."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.batch = Batch(0)
        self._presence = mapping.PresenceLog(Floor(catalogue))

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


def write_history(
    data_dir: DataDir,
    catalogue: Catalogue,
    kiosks: Sequence[tuple[str, str]],
    tablets: Mapping[str, tuple[str, str]],
    behaviour: Behaviour,
    begin: int,
    end: int,
    seed: int = 1,
) -> int:
    """Fills an empty store with what happens from `begin` to `end`; returns how many visits there were.

    For the other arguments see `ShopDays`. Raises NotEmpty, StoreError and sqlite3.Error; then nothing
    was written.
    """
    with _without_collector(), contextlib.closing(connect(data_dir.store)) as db:
        require_empty(data_dir, db)
        rows = _Rows(catalogue)
        days = ShopDays(catalogue, kiosks, tablets, behaviour, seed, rows.add)
        days.live(begin, end, end - QUIET_MS)
        rows.add_open(days.floor)
        with transaction(db):
            insert(db, [rows.batch])
        return len(rows.batch.visits)
