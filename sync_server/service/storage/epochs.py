"""The store's epochs. A restore begins a new one, because devices may know events that it has undone."""

import sqlite3
from collections.abc import Iterable
from uuid import uuid4


def current_epoch(db: sqlite3.Connection) -> str:
    """The present epoch."""
    return str(db.execute("SELECT epoch FROM epochs ORDER BY n DESC LIMIT 1").fetchone()[0])


def all_epochs(db: sqlite3.Connection) -> tuple[str, ...]:
    """All epochs that the store knows of, the oldest first."""
    return tuple(str(row[0]) for row in db.execute("SELECT epoch FROM epochs ORDER BY n"))


def add_undone(db: sqlite3.Connection, undone: Iterable[str], now: int) -> None:
    """Adds epochs that a restore undoes, so that their backups are recognised. `begin_epoch` follows."""
    known = set(all_epochs(db))
    for epoch in dict.fromkeys(undone):
        if epoch not in known:
            db.execute("INSERT INTO epochs (epoch, began_at, from_seq) VALUES (?,?,0)", (epoch, now))


def epoch_began_at(db: sqlite3.Connection) -> int:
    """When the present epoch began, ms UTC."""
    return int(db.execute("SELECT began_at FROM epochs ORDER BY n DESC LIMIT 1").fetchone()[0])


def begin_epoch(db: sqlite3.Connection, now: int) -> None:
    """Begins a new epoch. `now` in ms UTC."""
    seq = db.execute("SELECT coalesce(max(seq), 0) FROM visit_events").fetchone()[0]
    db.execute("INSERT INTO epochs (epoch, began_at, from_seq) VALUES (?,?,?)", (uuid4().hex, now, seq))
