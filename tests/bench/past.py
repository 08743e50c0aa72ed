"""Gives a store a past of many visits: a simulated week, again and again before it."""

import contextlib
import sqlite3
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from msgspec import msgpack

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.report.period_summary import PeriodSummary
from sync_server.service.config.load import load_settings
from sync_server.service.reports import period_summaries
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from sync_server.simulation.history.fill import fill_store

DAYS = 7  # simulated; the others are copies of them
WEEK_MS = DAYS * 86_400_000
VISITS_A_DAY = 365
APART_MS = 97_003  # between two visits of which one is a copy of the other, on the same day
CACHE_KB = 400_000
TABLES = ("visit_events", "visits", "feedback", "presence_log")


def fill(path: Path, visits: int, times_a_day: int = 1) -> int:
    """Writes about as many visits to the store in `path`, the last ones yesterday; returns how many.

    A day has `times_a_day` × VISITS_A_DAY visits.
    """
    written = fill_store(path, DAYS, VISITS_A_DAY, seed=1) * times_a_day
    weeks = max(1, -(-visits // written))
    with contextlib.closing(connect(path / "store.db")) as db:
        db.execute("PRAGMA foreign_keys=OFF")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("PRAGMA journal_mode=OFF")
        db.execute(f"PRAGMA cache_size=-{CACHE_KB}")
        _set_week_aside(db)
        db.execute("BEGIN")
        last_seq = db.execute("SELECT max(seq) FROM week_events").fetchone()[0]
        seq = 0
        for week in range(weeks - 1, -1, -1):
            for again in range(times_a_day - 1, -1, -1):  # the real week is the last one in the log
                _copy(db, week, again, seq)
                seq += last_seq
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode=WAL")
    return written * weeks


def _set_week_aside(db: sqlite3.Connection) -> None:
    """Moves the simulated week to tables of its own. Rows about a visit know when it was opened."""
    db.execute("CREATE TEMP TABLE week_visits AS SELECT * FROM visits")
    for table, kept in (("visit_events", "week_events"), ("feedback", "week_feedback")):
        with_opening = f"SELECT t.*, created_at FROM {table} t LEFT JOIN visits USING (visit_id)"
        db.execute(f"CREATE TEMP TABLE {kept} AS {with_opening}")
    db.execute("CREATE TEMP TABLE week_presence AS SELECT * FROM presence_log")
    for table in reversed(TABLES):
        db.execute(f"DELETE FROM {table}")


def _copy(db: sqlite3.Connection, week: int, again: int, seq: int) -> None:
    """Writes the week so many weeks earlier, after this seq; `again` numbers its copies on the same days."""
    values = {"back": week * WEEK_MS + again * APART_MS, "days": f"-{week * DAYS} days", "seq": seq}
    visit_id = "printf('%012x', created_at - :back) || substr(visit_id, 13)"
    day, ticket = "date({}, :days)", "{}" if not again else f"'{again}' || {{}}"
    special = {
        "visit_id": visit_id,
        "day": day,
        "ticket": ticket,
        "seq": "seq + :seq",
        "body": _body(week, day, ticket),
        **dict.fromkeys(("at", "at_server", "at_device", "happened_at"), "{} - :back"),
    }
    _insert(db, "visits", "week_visits", special, values)
    of_visits = "" if not again else " WHERE visit_id IS NOT NULL"
    _insert(db, "visit_events", f"week_events{of_visits}", special, values)
    _insert(db, "feedback", "week_feedback", special, values)
    if not again:
        _insert(db, "presence_log", "week_presence", special, values)


def _body(week: int, day: str, ticket: str) -> str:
    """An event's body. What opened a visit also has its day and ticket."""
    # What the estimator learns from is long, and only the latest visits are asked for it.
    opened = "body" if not week else "json_remove(body, '$.situation')"
    for name, value in (("day", day), ("ticket", ticket)):
        path = f"'$.{name}'"
        opened = f"json_set({opened}, {path}, {value.format(f'(body ->> {path})')})"
    return f"iif(event = 'opened', {opened}, body)"


def _insert(
    db: sqlite3.Connection, table: str, source: str, special: Mapping[str, str], values: Mapping[str, object]
) -> None:
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    changed = [
        special.get(name, "{} - :back" if name.endswith("_at") else name).replace("{}", name)
        for name in names
    ]
    used = {name: value for name, value in values.items() if any(f":{name}" in sql for sql in changed)}
    db.execute(f"INSERT INTO {table} ({','.join(names)}) SELECT {','.join(changed)} FROM {source}", used)


def keep_summaries(path: Path, now: int) -> None:
    """Keeps all summaries of a store made by `fill`, as a server does in the background.

    The days of a week are those of the last one, apart from the name of the week. `now` in ms UTC.
    """
    data_dir = DataDir(path)
    catalogue = load_settings(data_dir.settings).catalogue()
    with contextlib.closing(connect(data_dir.store)) as db:
        db.execute("PRAGMA synchronous=OFF")
        for _ in range(DAYS):
            _keep_next(db, catalogue, now)
        rows = db.execute("SELECT period, version, summary FROM period_summaries WHERE length(period) = 10")
        last_week = rows.fetchall()
        first = date.fromisoformat(db.execute("SELECT min(day) FROM visits").fetchone()[0])
        for period, version, kept in last_week:
            day = date.fromisoformat(period)
            summary = msgpack.decode(kept, type=PeriodSummary)
            while (day := day - timedelta(days=DAYS)) >= first:
                monday = (day - timedelta(days=day.weekday())).isoformat()
                summary.weeks = dict.fromkeys([monday], *summary.weeks.values())
                row = (day.isoformat(), version, msgpack.encode(summary))
                db.execute("INSERT OR REPLACE INTO period_summaries VALUES (?,?,?)", row)
        while _keep_next(db, catalogue, now):
            pass


def _keep_next(db: sqlite3.Connection, catalogue: Catalogue, now: int) -> bool:
    made = period_summaries.next_to_keep(db, catalogue, now)
    return made is not None and period_summaries.keep(db, catalogue, made)
