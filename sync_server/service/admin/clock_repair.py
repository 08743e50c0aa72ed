"""Sets a store right whose log was written by a clock that was ahead: what is in the future happens now.

The log stays in order, and each event keeps its place. Only its time changes: a time after now is now. The
durations of such visits are not known, and become zero.
"""

import sqlite3

import msgspec
from msgspec.structs import replace

from sync_server.domain import events as ev
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor.offline_ops import rebuild_visit
from sync_server.service.storage import event_log, known_times, mapping

# Times in ms UTC that are in no event: table and column.
TIMES = (
    ("presence_log", "at"),
    ("feedback", "at"),
    ("ops", "at"),
    ("devices", "enrolled_at"),
    ("devices", "revoked_at"),
    ("devices", "seen_at"),
    ("employees", "pin_set_at"),
    ("accounts", "set_at"),
    ("tokens", "made_at"),
    ("tokens", "used_at"),
    ("arrival_reports", "at"),
    ("webhook_events", "at"),
    ("webhook_deliveries", "made_at"),
    ("webhook_deliveries", "next_at"),
    ("webhook_deliveries", "done_at"),
    ("raised_alerts", "at"),
    ("mails", "made_at"),
    ("mails", "next_at"),
    ("mails", "done_at"),
    ("calendars", "made_at"),
    ("tries", "at"),
    ("tries", "until"),
    ("epochs", "began_at"),
    ("staff_plans", "imported_at"),
    ("walls", "made_at"),
    ("second_factors", "since"),
    ("invitations", "made_at"),
    ("invitations", "until"),
    ("audit_log", "at"),
)
_UPDATE = "UPDATE visit_events SET at_server = ?, happened_at = ? WHERE seq = ?"
_UPDATE_BODY = "UPDATE visit_events SET body = printf('%-*s', length(CAST(body AS BLOB)), ?) WHERE seq = ?"

_json = msgspec.json.Encoder()


def trust_clock(db: sqlite3.Connection, catalogue: Catalogue, now: int) -> int:
    """A person says that it is `now` (ms UTC). Returns how many events were written in the future.

    To be called in a transaction. The floor must be read again afterwards.
    """
    future = [
        mapping.record_of(row)
        for row in db.execute(f"{mapping.SELECT_EVENTS} WHERE at_server > ? ORDER BY seq", (now,)).fetchall()
    ]
    for record in future:
        moved = _moved(db, record, catalogue, now)
        db.execute(_UPDATE, (moved.at, moved.happened_at, moved.seq))
        if moved.event is not record.event:
            # As long as before, so that no copy of what it says is left behind (privacy/retention.py).
            db.execute(_UPDATE_BODY, (_json.encode(moved.event).decode(), moved.seq))
    for visit_id in dict.fromkeys(record.visit_id for record in future if record.visit_id is not None):
        _rebuild(db, visit_id)
    for table, column in TIMES:
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} > ?", (now, now))
    known_times.write_clock_trusted(db, now)
    return len(future)


def _moved(db: sqlite3.Connection, record: Record, catalogue: Catalogue, now: int) -> Record:
    """The record as it would have been written now."""
    event = record.event
    match event:
        case ev.Offered():
            event = replace(event, until=min(event.until, now))
        case ev.NeedClosed() | ev.Announced():  # they end at closing time
            event = replace(event, until=min(event.until, catalogue.next_closing(now)))
        case ev.Opened(ticket, day):
            today = catalogue.day(now)
            taken = "SELECT 1 FROM visits WHERE day = ? AND ticket = ?"
            if day > today and db.execute(taken, (today, ticket)).fetchone() is None:
                db.execute(
                    "UPDATE visits SET day = ? WHERE visit_id = ?", (today, record.visit_id)
                )  # for the next
                event = replace(event, day=today)
    happened_at = None if record.happened_at is None else min(record.happened_at, now)
    return replace(record, at=now, event=event, happened_at=happened_at)


def _rebuild(db: sqlite3.Connection, visit_id: str) -> None:
    visit = rebuild_visit(event_log.records_of(db, visit_id))
    if visit is not None:
        db.execute(mapping.UPSERT_VISIT, mapping.visit_row(visit))
        db.execute(
            "UPDATE visits SET created_at = ?, day = ? WHERE visit_id = ?",
            (visit.created_at, visit.day, visit_id),
        )
