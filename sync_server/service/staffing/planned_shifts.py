"""The shift plan in the store: who is planned when, and who imported it."""

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from msgspec import Struct

from sync_server.domain.staffing.advice import Shift
from sync_server.domain.staffing.shift_plan import MAX_SHIFT_MS

KEEP_MS = 92 * 86_400_000  # shifts that ended longer ago are deleted with the next import


class ImportedPlan(Struct, frozen=True):
    """One import: when (ms UTC), by which account, of which file, for which days, and how many shifts."""

    imported_at: int
    imported_by: str
    file: str
    from_day: str
    to_day: str
    shifts: int


def write_plan(
    db: sqlite3.Connection, shifts: Sequence[Shift], file: str, by: str, now: int, zone: tzinfo
) -> None:
    """Replaces the plan of all days from the first to the last shift. To be called in a transaction.

    There is at least one shift. `now` in ms UTC; `zone` is the store's time zone.
    """
    days = [datetime.fromtimestamp(shift.starts_at / 1000, zone).date() for shift in shifts]
    first, last = min(days), max(days)
    db.execute(
        "DELETE FROM planned_shifts WHERE starts_at >= ? AND starts_at < ?",
        (_begin(first, zone), _begin(last + timedelta(days=1), zone)),
    )
    db.execute("DELETE FROM planned_shifts WHERE starts_at < ?", (now - KEEP_MS,))
    cursor = db.execute(
        "INSERT INTO staff_plans (imported_at, imported_by, file, from_day, to_day, shifts)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (now, by, file, first.isoformat(), last.isoformat(), len(shifts)),
    )
    db.executemany(
        "INSERT INTO planned_shifts (employee, starts_at, ends_at, plan) VALUES (?, ?, ?, ?)",
        [(shift.employee, shift.starts_at, shift.ends_at, cursor.lastrowid) for shift in shifts],
    )


def shifts_between(db: sqlite3.Connection, first: date, last: date, zone: tzinfo) -> list[Shift]:
    """The shifts of these days, and those that reach into them."""
    rows = db.execute(
        "SELECT starts_at, ends_at, employee FROM planned_shifts WHERE starts_at >= ? AND starts_at < ?"
        " ORDER BY starts_at, employee",
        (_begin(first, zone) - MAX_SHIFT_MS, _begin(last + timedelta(days=1), zone)),
    )
    return [Shift(*row) for row in rows]


def planned_days(db: sqlite3.Connection, first: date, last: date) -> frozenset[date]:
    """The days from `first` to `last` for which a plan was imported."""
    spans = db.execute(
        "SELECT DISTINCT from_day, to_day FROM staff_plans WHERE to_day >= ? AND from_day <= ?",
        (first.isoformat(), last.isoformat()),
    ).fetchall()
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return frozenset(day for day in days if any(a <= day.isoformat() <= b for a, b in spans))


def latest_plan(db: sqlite3.Connection) -> ImportedPlan | None:
    """The last import."""
    rows = db.execute(
        "SELECT imported_at, imported_by, file, from_day, to_day, shifts FROM staff_plans"
        " ORDER BY n DESC LIMIT 1"
    ).fetchall()
    return ImportedPlan(*rows[0]) if rows else None


def _begin(day: date, zone: tzinfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)
