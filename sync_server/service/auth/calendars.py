"""Calendars of follow-ups: each has an address of its own, with a token in it that only that address has."""

import secrets
import sqlite3

from msgspec import Struct

from .devices import check_name
from .errors import AccountError
from .tokens import BYTES, hash_token

MAX_CALENDARS = 20


class FollowUpCalendar(Struct, frozen=True):
    """A calendar. `made_at` in ms UTC."""

    n: int
    name: str
    language: str
    made_at: int


def add_calendar(db: sqlite3.Connection, name: str, language: str, now: int) -> str:
    """Makes a calendar and returns the token of its address. Raises AccountError."""
    name = check_name(name)
    if db.execute("SELECT count(*) FROM calendars").fetchone()[0] >= MAX_CALENDARS:
        raise AccountError(f"there are {MAX_CALENDARS} calendars already; remove one that nobody reads")
    token = secrets.token_urlsafe(BYTES)
    db.execute(
        "INSERT INTO calendars (name, token_hash, language, made_at) VALUES (?,?,?,?)",
        (name, hash_token(token), language, now),
    )
    return token


def list_calendars(db: sqlite3.Connection) -> list[FollowUpCalendar]:
    """All calendars, by name."""
    rows = db.execute("SELECT n, name, language, made_at FROM calendars ORDER BY name COLLATE NOCASE, n")
    return [FollowUpCalendar(*row) for row in rows]


def find_calendar(db: sqlite3.Connection, token: str) -> FollowUpCalendar | None:
    """The calendar with this token; None if there is none (any more)."""
    row = db.execute(
        "SELECT n, name, language, made_at FROM calendars WHERE token_hash = ?", (hash_token(token),)
    ).fetchone()
    return FollowUpCalendar(*row) if row else None


def remove_calendar(db: sqlite3.Connection, n: int) -> None:
    """From now on its address shows nothing. One that is no more stays so."""
    db.execute("DELETE FROM calendars WHERE n = ?", (n,))
