"""The devices of a store after they were enrolled: their list, their names and roles, when they were seen."""

import logging
import sqlite3
from typing import TYPE_CHECKING

from msgspec import Struct

from .accounts import AccountError, kind_of, name_of

if TYPE_CHECKING:
    from .server import Server

SEEN_EVERY_S = 60.0

log = logging.getLogger(__name__)


class Known(Struct, frozen=True):
    """One line of the list of devices. Times in ms UTC; `seen_at` None: never, or before that was kept."""

    device_id: str
    kind: str
    name: str
    letter: str
    enrolled_at: int
    revoked_at: int | None
    seen_at: int | None


def known(db: sqlite3.Connection) -> list[Known]:
    """All devices: those that take part by name, then those that were revoked, the latest first."""
    rows = db.execute(
        "SELECT device_id, kind, name, letter, enrolled_at, revoked_at, seen_at FROM devices"
        " ORDER BY coalesce(-revoked_at, -9e18), name COLLATE NOCASE, device_id"
    )
    return [Known(*row) for row in rows]


def rename(db: sqlite3.Connection, device_id: str, name: str) -> None:
    """Raises AccountError."""
    _change(db, device_id, "name", name_of(name))


def move(db: sqlite3.Connection, device_id: str, kind: str) -> None:
    """Gives a device the other role. Its letter stays. Raises AccountError."""
    _change(db, device_id, "kind", kind_of(kind))


def _change(db: sqlite3.Connection, device_id: str, column: str, value: str) -> None:
    sql = f"UPDATE devices SET {column} = ? WHERE device_id = ? AND revoked_at IS NULL"
    if not db.execute(sql, (value, device_id)).rowcount:
        raise AccountError(f'no device "{device_id}" takes part; `welkom device list` shows them')


def note_seen(db: sqlite3.Connection, seen: dict[str, int]) -> None:
    db.executemany("UPDATE devices SET seen_at = ? WHERE device_id = ?", [(at, d) for d, at in seen.items()])


async def write_seen(server: "Server") -> None:
    """Writes down which devices were heard of since the last time."""
    seen, server.desk.seen = server.desk.seen, {}
    if not seen:
        return
    try:
        await server.shop.store.call(lambda db: note_seen(db, seen))
    except sqlite3.Error as error:
        log.warning("when devices were last seen could not be written down: %s", error)
        server.desk.seen = {**seen, **server.desk.seen}
