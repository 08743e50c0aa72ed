"""Whether a visit id may exist already, mostly without asking the disk.

A UUIDv7 begins with the time of its making, so ids sort by it. Those opened since the start are remembered,
and every other id of the store was made before the latest one that the store had at the start. So nearly all
new ids are known to be new. The rest are looked up: those of clocks that are far off, and those that the API
derives from a key.
"""

import sqlite3
from collections.abc import Iterable

from sync_server.domain.visit.ticket import uuid7

MAX_REMEMBERED = 50_000  # ids: about 5 MB
DAY_MS = 86_400_000


class KnownVisits:
    """The ids of one store: those in `db`, and those that are `in_memory` and may not be there yet."""

    def __init__(self, db: sqlite3.Connection, in_memory: Iterable[str], now: int) -> None:
        """`now` is ms UTC. Ids that are opened later are given to `add`."""
        self._read_at = now
        self._high = uuid7(now + 2 * DAY_MS, b"\xff" * 10)  # the id of a later time is looked up
        row = db.execute("SELECT max(visit_id) FROM visits WHERE visit_id < ?", (self._high,)).fetchone()
        self._low: str = row[0] or ""
        self._since = set(in_memory)

    def is_outdated(self, now: int) -> bool:
        """Whether the store should be read again: after a day, or when too many are remembered."""
        return len(self._since) >= MAX_REMEMBERED or abs(now - self._read_at) >= DAY_MS

    def add(self, visit_id: str) -> None:
        self._since.add(visit_id)

    def is_new(self, visit_id: str) -> bool:
        """True only if there never was such a visit; False also where that is not known."""
        return self._low < visit_id < self._high and visit_id not in self._since
