"""Reads what the op processor needs at the start of the server, and after a failed commit."""

import sqlite3
from collections.abc import Iterator
from operator import itemgetter

import msgspec

from sync_server.domain.floor.floor import KEEP_ENDED_MS
from sync_server.domain.line_situation import LineSituation
from sync_server.domain.queue.wait_estimate import History, told_bracket
from sync_server.domain.refusal import Code, Refusal

MAX_HISTORY_VISITS = 2000  # past visits from which the wait estimate learns

_situation = msgspec.json.Decoder(LineSituation)


def replay_from(db: sqlite3.Connection, now: int) -> int:
    """The seq from which replaying the log gives the whole floor.

    It is the latest closing time over an hour ago at which no visit was open, else 1. That includes the
    ended visits that may still be asked for feedback.
    """
    row = db.execute(
        "SELECT max(seq) FROM visit_events WHERE event = 'day_closed' AND at_server < ?"
        " AND json_extract(body, '$.still_here') = 0",
        (now - KEEP_ENDED_MS,),
    ).fetchone()
    return int(row[0] or 1)


def history(db: sqlite3.Connection, before_seq: int) -> History:
    """What the wait estimate learns from past visits, without those that a replay from `before_seq` adds."""
    learned = History()
    rows = db.execute(
        "SELECT need, visits.day, created_at, serving_at, ended_at, held_ms, left_open, state,"
        "  quoted_low_s, quoted_high_s,"
        "  (SELECT json_extract(body, '$.situation') FROM visit_events AS opened"
        "   WHERE opened.visit_id = visits.visit_id AND opened.rev = 1)"
        " FROM visits WHERE serving_at > created_at AND visit_id NOT IN"
        "  (SELECT visit_id FROM visit_events WHERE seq >= ? AND event = 'opened')"
        " ORDER BY day DESC, created_at DESC LIMIT ?",
        (before_seq, MAX_HISTORY_VISITS),
    ).fetchall()
    # In the order in which the waits ended, as they were learned from at the time.
    for row in sorted(rows, key=itemgetter(3)):
        need, day, created, serving, ended, held, left_open, state, low_s, high_s, situation = row
        if situation is not None:
            line = _situation.decode(situation)
            learned.add_wait(need, day, line, (serving - created) / 1000, told_bracket(low_s, high_s))
        if state == "completed" and not left_open:
            learned.add_service(need, (ended - serving - held) / 1000)
    return learned


def tickets_of_day(db: sqlite3.Connection, day: str) -> list[str]:
    """The tickets given out on this store-day."""
    return [row[0] for row in db.execute("SELECT ticket FROM visits WHERE day = ?", (day,))]


def ops_done(db: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    """Id and digest of every op done so far. There are many, so the rows are passed on as they are."""
    return db.execute("SELECT op_id, digest FROM ops WHERE refusal IS NULL")


def ops_refused(db: sqlite3.Connection) -> Iterator[tuple[str, bytes, Refusal]]:
    """Id, digest and refusal of every op refused so far."""
    for op_id, digest, code, about in db.execute(
        "SELECT op_id, digest, refusal, about FROM ops WHERE refusal IS NOT NULL"
    ):
        yield op_id, digest, Refusal(Code(code), about.rstrip())
