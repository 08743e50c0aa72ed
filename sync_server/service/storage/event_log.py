"""Reads the event log, the table `visit_events`."""

import sqlite3
from collections.abc import Iterator

from sync_server.domain.events import Record

from . import mapping

PRESENCE_EVENTS = 500  # that are read to know who held which tablet: several days
OVERRIDE_EVENTS = (
    500  # that are read to know what kiosks offer and say: what is older ended at a closing time
)


def records(db: sqlite3.Connection, from_seq: int = 1) -> Iterator[Record]:
    """The log in order, from `from_seq` on."""
    rows = db.execute(f"{mapping.SELECT_EVENTS} WHERE seq >= ? ORDER BY seq", (from_seq,))
    return map(mapping.record_of, rows)


def records_of(db: sqlite3.Connection, visit_id: str) -> Iterator[Record]:
    """The events of one visit in order."""
    for row in db.execute(f"{mapping.SELECT_EVENTS} WHERE visit_id = ? ORDER BY seq", (visit_id,)):
        yield mapping.record_of(row)


def visit_exists(db: sqlite3.Connection, visit_id: str) -> bool:
    """Whether there ever was such a visit."""
    return db.execute("SELECT 1 FROM visits WHERE visit_id = ?", (visit_id,)).fetchone() is not None


def presences_before(db: sqlite3.Connection, seq: int) -> list[Record]:
    """The last PRESENCE_EVENTS changes of presence before this seq, in order."""
    rows = db.execute(
        # In the order of an index: later in the log is later in time, unless a person has set the clock back.
        f"{mapping.SELECT_EVENTS} WHERE event = 'presence_changed' AND seq < ?"
        " ORDER BY at_server DESC, seq DESC LIMIT ?",
        (seq, PRESENCE_EVENTS),
    ).fetchall()
    return [mapping.record_of(row) for row in sorted(rows)]


def overrides_before(db: sqlite3.Connection, seq: int) -> list[Record]:
    """The last OVERRIDE_EVENTS closed needs and announcements before this seq, in order."""
    rows = db.execute(
        # With + SQLite finds the few by their index, and does not go through the log from its end.
        f"{mapping.SELECT_EVENTS} WHERE event IN ('need_closed', 'need_reopened', 'announced',"
        " 'kiosk_put_away') AND +seq < ?"
        " ORDER BY +seq DESC LIMIT ?",
        (seq, OVERRIDE_EVENTS),
    ).fetchall()
    return [mapping.record_of(row) for row in reversed(rows)]


def last_written_at(db: sqlite3.Connection) -> int:
    """The time of the last event, ms UTC; 0 for an empty log."""
    row = db.execute("SELECT at_server FROM visit_events ORDER BY seq DESC LIMIT 1").fetchone()
    return int(row[0]) if row else 0
