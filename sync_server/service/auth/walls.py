"""The wall displays of a store: screens that show which tickets are called, by a token in the address.

A token is in the address of one screen only. Only its hash is stored.
"""

import secrets
import sqlite3
from enum import StrEnum

from msgspec import Struct

from .devices import check_name
from .errors import AccountError
from .tokens import BYTES, hash_token


class Look(StrEnum):
    """In which of the theme's two looks a wall display is drawn. SCREEN: as the screen's browser prefers."""

    SCREEN = "screen"
    LIGHT = "light"
    DARK = "dark"


class WallSettings(Struct, frozen=True):
    """What a manager chooses for a wall display. `sound`: whether it sounds when a ticket is called."""

    name: str
    language: str
    look: Look = Look.SCREEN
    sound: bool = False


class Wall(Struct, frozen=True):
    """A wall display. `made_at` is when it was let in, ms UTC."""

    n: int
    made_at: int
    settings: WallSettings


_COLUMNS = "n, made_at, name, language, look, sound"


def add_wall(db: sqlite3.Connection, settings: WallSettings, now: int) -> str:
    """Lets a wall display in and returns its token. Raises AccountError."""
    token = secrets.token_urlsafe(BYTES)
    row = (now, hash_token(token), *_values(settings))
    db.execute(
        "INSERT INTO walls (made_at, token_hash, name, language, look, sound) VALUES (?,?,?,?,?,?)", row
    )
    return token


def change_wall(db: sqlite3.Connection, n: int, settings: WallSettings) -> None:
    """Gives a wall display other settings. Raises AccountError."""
    sql = "UPDATE walls SET name = ?, language = ?, look = ?, sound = ? WHERE n = ?"
    if not db.execute(sql, (*_values(settings), n)).rowcount:
        raise AccountError(f"there is no wall display {n} any more")


def remove_wall(db: sqlite3.Connection, n: int) -> None:
    """From now on its address shows nothing. One that is no more stays so."""
    db.execute("DELETE FROM walls WHERE n = ?", (n,))


def list_walls(db: sqlite3.Connection) -> list[Wall]:
    """All wall displays, by name."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM walls ORDER BY name COLLATE NOCASE, n")
    return [_wall(*row) for row in rows]


def find_wall(db: sqlite3.Connection, token: str) -> Wall | None:
    """The wall display with this token; None if there is none (any more)."""
    row = db.execute(f"SELECT {_COLUMNS} FROM walls WHERE token_hash = ?", (hash_token(token),)).fetchone()
    return _wall(*row) if row else None


def _values(settings: WallSettings) -> tuple[str, str, str, int]:
    return check_name(settings.name), settings.language, settings.look.value, int(settings.sound)


def _wall(n: int, made_at: int, name: str, language: str, look: str, sound: int) -> Wall:
    return Wall(n, made_at, WallSettings(name, language, Look(look), bool(sound)))
