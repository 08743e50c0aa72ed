"""Maps the domain's values to rows of `store.db` and back, with the SQL that writes them."""

import sqlite3
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import msgspec

from sync_server.domain.events import Event, ExtendedBecause, Rated, Record, RootCause
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import CountSession
from sync_server.domain.report.histogram import coarse
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State, Visit

# What matters only while a visit is open is not a column: replaying the log gives it back.
_WHILE_OPEN = {
    "offer_to",
    "offer_until",
    "asked",
    "asked_at",
    "lapsed",
    "lapsed_at",
    "line_at",
    "ring",
    "recalled_at",
    "stint_at",
    "arrived_at",
    "touched_at",
    "before_expiry",
    "undo",
    "undo_until",
    "situation",
}
# Words about a shopper are in the log alone. SQLite leaves a copy where it moves a row, and rows of the log
# never move. The table `visits` says only whether there are any, and whether there is a link.
_WORDS = {"alias", "colour", "place", "notes", "comment"}
_FIELDS = tuple(f for f in Visit.__struct_fields__ if f not in _WHILE_OPEN | _WORDS | {"link"})
VISIT_COLUMNS = (*_FIELDS, "described", "linked")  # in the order of `visit_row`
_DAY = VISIT_COLUMNS.index("day")
# What never changes after the opening is not written again with every step, nor are its indexes.
_CONSTANT = {"visit_id", "ticket", "day", "source", "device_id", "language", "priority", "party_size"}
_CONSTANT |= {"taps", "created_at", "quoted_low_s", "quoted_median_s", "quoted_high_s", "expected_s"}
_MAY_CHANGE = tuple(c for c in VISIT_COLUMNS if c not in _CONSTANT)

SESSION_STEP_S = 5
INSERT_EVENT = "INSERT INTO visit_events VALUES (?,?,?,?,?,?,?,?,?,?,?)"
INSERT_PRESENCE = "INSERT INTO presence_log VALUES (?,?,?,?)"
INSERT_FEEDBACK = "INSERT INTO feedback VALUES (?,?,?,?,?)"
INSERT_OP = "INSERT INTO ops VALUES (?,?,?,?,?)"
# Of the day of a visit, its month and its year: they are summaries of what the visit was before.
DROP_SUMMARIES = "DELETE FROM period_summaries WHERE period IN (?1, substr(?1, 1, 7), substr(?1, 1, 4))"
# A day's sessions at kiosks that came to the same are one row: nobody can tell one from another.
COUNT_SESSION = (
    "INSERT INTO kiosk_sessions (day, reached, last, taps, seconds, sessions) VALUES (?,?,?,?,?,1)"
    " ON CONFLICT DO UPDATE SET sessions = sessions + 1"
)
OPEN_PAGE = "INSERT OR IGNORE INTO opened_pages (visit_id, day) VALUES (?,?)"
UPSERT_VISIT = (
    f"INSERT INTO visits ({','.join(VISIT_COLUMNS)}) VALUES ({','.join('?' * len(VISIT_COLUMNS))})"
    f" ON CONFLICT(visit_id) DO UPDATE SET {','.join(f'{c}=excluded.{c}' for c in _MAY_CHANGE)}"
)
SELECT_EVENTS = (
    "SELECT seq, visit_id, rev, event, actor, device_id, at_device, at_server, body, ahead_ms, happened_at"
    " FROM visit_events"
)

# Registering adapters avoids sqlite3's lookup of `__conform__`, which takes longer than the writing itself.
# Both leave the value as it is, and neither runs Python code: half of all values are None.
_none: Callable[[None], None] = dict[None, None]().get
sqlite3.register_adapter(type(None), _none)
sqlite3.register_adapter(bytes, bytes)
for word in (State, Resolution, ExtendedBecause, RootCause):
    sqlite3.register_adapter(word, str)

_fields = attrgetter(*_FIELDS)
_words = attrgetter(*_WORDS)
_json = msgspec.json.Encoder()
_event: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)

Row = tuple[Any, ...]


def event_row(record: Record) -> Row:
    """The row of INSERT_EVENT."""
    body = _json.encode(record.event).decode()
    return (
        record.seq,
        record.visit_id,
        record.rev,
        type(record.event).__struct_config__.tag,
        record.actor,
        record.device_id,
        record.at_device,
        record.at,
        body,
        record.ahead_ms,
        record.happened_at,
    )


def record_of(row: Row) -> Record:
    """The record of a row of SELECT_EVENTS. Raises msgspec.ValidationError for a body that is no event."""
    seq, visit_id, rev, _kind, actor, device_id, at_device, at, body, ahead_ms, happened_at = row
    event = _event.decode(body)
    return Record(seq, at, event, visit_id, rev, actor, device_id, at_device, ahead_ms, happened_at)


def visit_row(visit: Visit) -> Row:
    """The row of UPSERT_VISIT."""
    return (*_fields(visit), int(any(_words(visit))), int(visit.link is not None))


def days_of(
    visits: Iterable[Row], sessions: Iterable[Row] = (), pages: Iterable[Row] = ()
) -> set[tuple[str]]:
    """The store-days of these rows of visits, sessions and opened pages, as values of DROP_SUMMARIES."""
    return {(row[_DAY],) for row in visits} | {(row[0],) for row in sessions} | {(row[1],) for row in pages}


def feedback_row(record: Record) -> Row | None:
    """The row of INSERT_FEEDBACK; None where the event is no rating."""
    match record.event:
        case Rated(ces, nps, _comment):
            return (record.seq, record.visit_id, record.at, ces, nps)
    return None


def session_row(op: CountSession, day: str) -> Row:
    """The row of COUNT_SESSION. The seconds are coarse, at least to 5 s, so that a day has few rows."""
    seconds = -(-coarse(op.seconds) // SESSION_STEP_S) * SESSION_STEP_S
    return (day, op.reached.value, op.last, op.taps, seconds)


class PresenceLog:
    """Follows a floor, and gives a row of `presence_log` for each change of a presence."""

    def __init__(self, floor: Floor) -> None:
        self._seen = dict(floor.people)

    def rows(self, floor: Floor, records: list[Record]) -> list[Row]:
        """The rows for everybody whose presence has changed since the last call, because of these records."""
        rows = []
        for person in floor.people.values():
            if (before := self._seen.get(person.id)) is person:
                continue
            self._seen[person.id] = person
            if before is None or before.presence is not person.presence:
                rows.append((records[-1].seq, person.id, person.presence.value, records[-1].at))
        return rows
