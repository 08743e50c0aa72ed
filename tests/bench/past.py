"""Gives a store a past of many visits, in seconds: a simulated week, written again and again before it."""

import contextlib
import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from sync_server.service.storage.connection import connect, transaction
from sync_server.simulation.history.fill import fill_store

DAYS = 7  # simulated; the others are copies of them
VISITS_A_DAY = 300
DAY_MS = 86_400_000
TABLES = ("visit_events", "visits", "feedback", "presence_log")
FIRST_TIME = 1 << 40  # ms: any larger number in an event is a time
TIMES = frozenset({"at_device", "at_server", "at"})


def fill(path: Path, visits: int) -> int:
    """Writes about as many visits to the new store in `path`, the last ones yesterday; returns how many."""
    written = fill_store(path, DAYS, VISITS_A_DAY, seed=1)
    copies = max(0, -(-visits // written) - 1)
    with contextlib.closing(connect(path / "store.db")) as db:
        db.execute("PRAGMA foreign_keys=OFF")
        db.execute("PRAGMA synchronous=OFF")
        with transaction(db):
            rows = {table: _rows(db, table) for table in TABLES}
            for table in reversed(TABLES):
                db.execute(f"DELETE FROM {table}")
            last_seq = max(row["seq"] for row in rows["visit_events"])
            for copy in range(copies, -1, -1):
                for table in TABLES:
                    _insert(db, table, [_moved(row, copy, (copies - copy) * last_seq) for row in rows[table]])
    return written * (copies + 1)


def _rows(db: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    found = db.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def _moved_body(body: str, copy: int) -> str:
    """The same event earlier: its store-day, and every time in it."""
    event = msgspec.json.decode(body)
    for name, value in event.items():
        if name == "day":
            event[name] = _earlier(value, copy)
        elif isinstance(value, int) and value > FIRST_TIME:
            event[name] = value - copy * DAYS * DAY_MS
    return msgspec.json.encode(event).decode()


def _earlier(day: str, copy: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=copy * DAYS)).isoformat()


def _moved(row: dict[str, Any], copy: int, seq: int) -> dict[str, Any]:
    """The row `copy` times DAYS earlier, with another visit's id."""
    back_ms = copy * DAYS * DAY_MS
    moved = dict(row)
    for name, value in row.items():
        if value is None:
            continue
        if name == "seq":
            moved[name] = value + seq
        elif name == "visit_id":
            at, rest = int(value[:12], 16), value[12:]
            moved[name] = f"{at - back_ms:012x}{rest}"
        elif name == "day":
            moved[name] = _earlier(value, copy)
        elif name == "body":
            moved[name] = _moved_body(value, copy)
        elif name in TIMES or name.endswith("_at"):
            moved[name] = value - back_ms
    return moved


def _insert(db: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        names = ",".join(rows[0])
        marks = ",".join("?" * len(rows[0]))
        db.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", (tuple(r.values()) for r in rows))
