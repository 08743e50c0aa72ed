"""The webhooks that wait or were sent: one row of the store for each event, and one for each target of it."""

import base64
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from .told_events import ToldEvent

# Standard Webhooks' own schedule: ten tries in a little more than three days.
DELAYS_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
KEPT_MS = 14 * 86_400_000  # in the log, after the end
STALE_MS = 5 * 86_400_000  # of a target that was busy with older ones all the time
AT_ONCE = 100  # rows that are read at a time
MAX_N = 2**63 - 1  # of a row


class DeliveryState(StrEnum):
    """What became of an event at a target."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class DueDelivery(Struct, frozen=True):
    """A delivery that is to be tried now."""

    n: int
    target: str
    id: str
    body: str
    tries: int


class LogPart(StrEnum):
    """Which deliveries of a log: FAILED were tried and have not arrived; WAITING will be tried."""

    ALL = "all"
    FAILED = "failed"
    WAITING = "waiting"


class LoggedDelivery(Struct, frozen=True):
    """A line of the log of deliveries: one for each event and target, however often it is tried.

    Times in ms UTC. `status` is that of HTTP, None without an answer. `ticket` and `visit_id` are of the
    visit that the event is about, None where it is about something else.
    """

    n: int
    target: str
    event: str
    state: DeliveryState
    made_at: int
    next_at: int
    tries: int
    status: int | None
    problem: str | None
    done_at: int | None
    visit_id: str | None
    ticket: str | None


_OF_PART = {
    LogPart.ALL: "",
    LogPart.FAILED: " AND d.state <> 'delivered' AND d.problem IS NOT NULL",
    LogPart.WAITING: " AND d.state = 'waiting'",
}


def add(db: sqlite3.Connection, events: Iterable[tuple[ToldEvent, Sequence[str]]], now: int) -> None:
    """Adds events, each with the names of its targets. To be called in the transaction of what they tell."""
    for event, targets in events:
        row = (event.id, event.event, event.visit_id, event.at, event.body)
        n = db.execute(
            "INSERT INTO webhook_events (id, event, visit_id, at, body) VALUES (?,?,?,?,?)", row
        ).lastrowid
        db.executemany(
            "INSERT INTO webhook_deliveries (event, target, state, made_at, next_at, tries)"
            " VALUES (?,?,'waiting',?,?,0)",
            [(n, target, now, now) for target in targets],
        )


def due(db: sqlite3.Connection, now: int) -> list[DueDelivery]:
    """What is to be tried at `now`, ms UTC, the longest due first."""
    rows = db.execute(
        "SELECT d.n, d.target, e.id, e.body, d.tries FROM webhook_deliveries d JOIN webhook_events e"
        " ON e.n = d.event WHERE d.state = 'waiting' AND d.next_at <= ? ORDER BY d.next_at LIMIT ?",
        (now, AT_ONCE),
    )
    return [DueDelivery(*row) for row in rows]


def delivered(db: sqlite3.Connection, n: int, status: int, now: int) -> None:
    """The target has it."""
    db.execute(
        "UPDATE webhook_deliveries SET state = 'delivered', tries = tries + 1, status = ?, problem = NULL,"
        " done_at = ? WHERE n = ?",
        (status, now, n),
    )


def failed(
    db: sqlite3.Connection, n: int, status: int | None, problem: str, now: int, for_good: bool = False
) -> None:
    """A try failed: it is tried again later, or given up after the last one, or at once `for_good`."""
    row = db.execute("SELECT tries FROM webhook_deliveries WHERE n = ?", (n,)).fetchone()
    if row is None:
        return
    tries = row[0] + 1
    if for_good or tries > len(DELAYS_S):
        state, next_at, done_at = DeliveryState.GIVEN_UP, now, now
    else:
        state, next_at, done_at = DeliveryState.WAITING, now + DELAYS_S[tries - 1] * 1000, None
    db.execute(
        "UPDATE webhook_deliveries SET state = ?, tries = ?, status = ?, problem = ?, next_at = ?,"
        " done_at = ? WHERE n = ?",
        (state.value, tries, status, problem, next_at, done_at, n),
    )


def send_again(db: sqlite3.Connection, n: int, now: int) -> None:
    """Sends a delivery once more, with the same id. Nothing where it is not kept any more."""
    db.execute(
        "UPDATE webhook_deliveries SET state = 'waiting', tries = 0, next_at = ?, done_at = NULL WHERE n = ?",
        (now, n),
    )


def drop_old(db: sqlite3.Connection, targets: Iterable[str], now: int) -> None:
    """Gives up what waits for too long or for nobody, and removes from the log what ended long ago."""
    known = list(targets)
    marks = ",".join("?" * len(known))
    db.execute(
        "UPDATE webhook_deliveries SET state = 'given_up', done_at = ?, problem = 'not_tried: ' WHERE state ="
        f" 'waiting' AND (next_at < ? OR target NOT IN ({marks}))",
        (now, now - STALE_MS, *known),
    )
    gone = db.execute(
        "DELETE FROM webhook_deliveries WHERE done_at > 0 AND done_at < ? RETURNING event", (now - KEPT_MS,)
    ).fetchall()
    db.executemany(
        "DELETE FROM webhook_events WHERE n = ?1"
        " AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE event = ?1)",
        set(gone),
    )


def log_of(
    db: sqlite3.Connection,
    target: str | None,
    limit: int = 50,
    part: LogPart = LogPart.ALL,
    before: int | None = None,
) -> list[LoggedDelivery]:
    """The latest deliveries to a target, or to all for None, newest first, `before` the one with this n."""
    rows = db.execute(
        "SELECT d.n, d.target, e.event, d.state, d.made_at, d.next_at, d.tries, d.status, d.problem,"
        " d.done_at, v.visit_id, v.ticket FROM webhook_deliveries d JOIN webhook_events e ON e.n = d.event"
        " LEFT JOIN visits v ON v.visit_id = e.visit_id"
        f" WHERE {'d.target = ?' if target is not None else '? IS NULL'} AND d.n < ?{_OF_PART[part]}"
        " ORDER BY d.n DESC LIMIT ?",
        (target, MAX_N if before is None else before, limit),
    )
    return [LoggedDelivery(n, t, e, DeliveryState(s), *rest) for n, t, e, s, *rest in rows]


def secret_of(db: sqlite3.Connection, target: str) -> str | None:
    """The secret with which deliveries to a target are signed; None before it has one."""
    row = db.execute("SELECT secret FROM webhook_secrets WHERE target = ?", (target,)).fetchone()
    return str(row[0]) if row else None


def make_secret(db: sqlite3.Connection, target: str, now: int) -> str:
    """Gives a target another secret, and returns it."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    db.execute("INSERT OR REPLACE INTO webhook_secrets VALUES (?,?,?)", (target, secret, now))
    return secret
