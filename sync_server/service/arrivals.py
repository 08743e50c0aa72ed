"""Counts people who came through a door, as a sensor reports them: the store keeps quarters of an hour.

A report may be sent again: the same `report` counts once.
"""

import hashlib
import sqlite3
from datetime import date, datetime, time, timedelta

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue

from .limits.numbers import ARRIVAL_REPORTS_KEPT_MS

QUARTER_MS = 900_000


class OtherReport(Exception):
    """This name was used for a report that said something else."""


class Quarter(Struct, frozen=True):
    """How many people came through a door in the quarter of an hour that begins at `at`, ms UTC."""

    at: int
    door: str
    people: int


def count_arrivals(
    db: sqlite3.Connection, door: str, people: int, at: int | None, now: int, report: str | None = None
) -> bool:
    """Counts `people` who came through `door` at `at`, ms UTC; None: at `now`. Whether they were counted.

    False for a `report` that was counted before. Raises OtherReport if it said something else then.
    """
    moment = now if at is None else at
    if report is not None:
        name = hashlib.sha256(report.encode()).hexdigest()
        digest = hashlib.sha256(f"{door}\0{people}\0{at}".encode()).hexdigest()
        found = db.execute("SELECT digest FROM arrival_reports WHERE report = ?", (name,)).fetchone()
        if found is not None:
            if found[0] != digest:
                raise OtherReport
            return False
        db.execute("DELETE FROM arrival_reports WHERE at < ?", (now - ARRIVAL_REPORTS_KEPT_MS,))
        db.execute("INSERT INTO arrival_reports VALUES (?,?,?)", (name, digest, now))
    db.execute(
        "INSERT INTO arrivals VALUES (?,?,?) ON CONFLICT (quarter, door) DO UPDATE SET people = people + ?3",
        (moment - moment % QUARTER_MS, door, people),
    )
    return True


def day_span(catalogue: Catalogue, first: date, last: date) -> tuple[int, int]:
    """From the first local midnight to the one after the last day, ms UTC."""
    zone = catalogue.local(0).tzinfo
    start, end = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    return int(start.timestamp() * 1000), int(end.timestamp() * 1000)


def arrivals_between(db: sqlite3.Connection, start: int, end: int) -> list[Quarter]:
    """The quarters that begin from `start` to before `end`, ms UTC, in order, without those of nobody."""
    rows = db.execute(
        "SELECT quarter, door, people FROM arrivals WHERE quarter >= ? AND quarter < ?"
        " ORDER BY quarter, door",
        (start, end),
    )
    return [Quarter(*row) for row in rows]
