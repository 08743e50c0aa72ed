"""The mails that wait or were sent, in the store. The text of a mail is removed when its way has ended."""

import sqlite3
from enum import StrEnum

from msgspec import Struct

DELAYS_S = (60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400)  # two days
KEPT_MS = 31 * 86_400_000


class MailKind(StrEnum):
    """Why a mail is sent."""

    DIGEST = "digest"
    ALERT = "alert"
    TEST = "test"


class MailState(StrEnum):
    """What became of a mail."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


class WaitingMail(Struct, frozen=True):
    """A mail that is to be sent now; `message` is the whole of it."""

    n: int
    message: str
    tries: int


class LoggedMail(Struct, frozen=True):
    """A line of the log of mails. Times in ms UTC."""

    n: int
    kind: MailKind
    subject: str
    state: MailState
    made_at: int
    next_at: int
    tries: int
    problem: str | None
    done_at: int | None


def add(db: sqlite3.Connection, kind: MailKind, once: str, subject: str, message: str, now: int) -> bool:
    """Adds a mail, unless there was one with the same `once`. Whether it was added."""
    row = (kind.value, once, subject, message, now, now)
    sql = (
        "INSERT INTO mails (kind, once, subject, message, made_at, next_at, state, tries)"
        " VALUES (?,?,?,?,?,?,'waiting',0) ON CONFLICT (once) DO NOTHING"
    )
    return bool(db.execute(sql, row).rowcount)


def has(db: sqlite3.Connection, once: str) -> bool:
    """Whether there was such a mail."""
    return db.execute("SELECT 1 FROM mails WHERE once = ?", (once,)).fetchone() is not None


def due(db: sqlite3.Connection, now: int) -> list[WaitingMail]:
    """What is to be tried now."""
    rows = db.execute(
        "SELECT n, message, tries FROM mails WHERE state = 'waiting' AND next_at <= ? ORDER BY n LIMIT 20",
        (now,),
    )
    return [WaitingMail(*row) for row in rows]


def sent(db: sqlite3.Connection, n: int, now: int) -> None:
    """The mail server has it."""
    db.execute(
        "UPDATE mails SET state = 'sent', message = '', tries = tries + 1, problem = NULL, done_at = ?"
        " WHERE n = ?",
        (now, n),
    )


def failed(db: sqlite3.Connection, n: int, problem: str, now: int, is_final: bool) -> None:
    """A try failed: again later, or given up."""
    row = db.execute("SELECT tries FROM mails WHERE n = ?", (n,)).fetchone()
    if row is None:
        return
    tries = row[0] + 1
    if is_final or tries > len(DELAYS_S):
        db.execute(
            "UPDATE mails SET state = 'given_up', message = '', tries = ?, problem = ?, done_at = ?"
            " WHERE n = ?",
            (tries, problem, now, n),
        )
    else:
        next_at = now + DELAYS_S[tries - 1] * 1000
        db.execute(
            "UPDATE mails SET tries = ?, problem = ?, next_at = ? WHERE n = ?", (tries, problem, next_at, n)
        )


def try_now(db: sqlite3.Connection, now: int) -> None:
    """Everything that waits is tried at once: a person has changed the settings, or asks for it."""
    db.execute("UPDATE mails SET next_at = ? WHERE state = 'waiting'", (now,))


def drop_old(db: sqlite3.Connection, now: int) -> None:
    """Removes what ended long ago from the log."""
    db.execute("DELETE FROM mails WHERE done_at < ?", (now - KEPT_MS,))


def log_of(db: sqlite3.Connection, limit: int = 20) -> list[LoggedMail]:
    """The latest mails, the newest first."""
    rows = db.execute(
        "SELECT n, kind, subject, state, made_at, next_at, tries, problem, done_at FROM mails"
        " ORDER BY n DESC LIMIT ?",
        (limit,),
    )
    return [LoggedMail(n, MailKind(k), s, MailState(st), *rest) for n, k, s, st, *rest in rows]
