"""The latest times that the store knows of, to judge the computer's clock by."""

import contextlib
import sqlite3

from .data_dir import DataDir
from .epochs import epoch_began_at


def latest_known_at(db: sqlite3.Connection, data_dir: DataDir) -> int:
    """The latest time, ms UTC, that anything but the log has seen.

    It is when the store was made or restored, when a device was last seen, when a person said that the clock
    is right, and when the settings were last changed.
    """
    seen = db.execute("SELECT coalesce(max(seen_at), 0) FROM devices").fetchone()[0]
    changed = 0
    with contextlib.suppress(OSError):  # the settings were read already; only their time is missing
        changed = data_dir.settings.stat().st_mtime_ns // 1_000_000
    return max(epoch_began_at(db), int(seen), clock_trusted_at(db), changed)


def clock_trusted_at(db: sqlite3.Connection) -> int:
    """When a person last said that the computer's clock is right, by that clock, ms UTC; 0 for never."""
    return int(db.execute("SELECT coalesce(max(at), 0) FROM clock_trusted").fetchone()[0])


def write_clock_trusted(db: sqlite3.Connection, now: int) -> None:
    """A person says that the computer's clock is right. `now` is its time, ms UTC."""
    db.execute("DELETE FROM clock_trusted")
    db.execute("INSERT INTO clock_trusted (at) VALUES (?)", (now,))
