"""Reads what the employees were doing in some span of time, from the table `presence_log`."""

import sqlite3

from sync_server.domain.events import Presence
from sync_server.domain.visit.misses import PresenceAt

# Closing time signs everybody off, so an older presence says nothing about today.
BEFORE_MS = 24 * 3_600_000


def presences(db: sqlite3.Connection, start: int, end: int) -> list[PresenceAt]:
    """All changes of presence from a day before `start` until `end` (ms UTC), in order."""
    rows = db.execute(
        "SELECT employee, presence, at FROM presence_log WHERE at BETWEEN ? AND ? ORDER BY seq",
        (start - BEFORE_MS, end),
    )
    return [PresenceAt(employee, Presence(presence), at) for employee, presence, at in rows]
