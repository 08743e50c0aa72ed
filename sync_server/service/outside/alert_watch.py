"""Notices alerts as they are raised, each once, also over a restart of the server."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence

from sync_server.domain.alerts import Alert

LOOK_EVERY_S = 10.0
GONE_MS = 600_000  # an alert that comes back sooner is the same one
NOTE_MS = 60_000  # that an alert lasts is written no more often

Told = Callable[[sqlite3.Connection, Sequence[Alert], int], object]


class AlertWatch:
    """`find` gives the alerts of now. `told` is called in a transaction of the writer with the new ones.

    `wanted` says whether anybody wants to be told at all; if not, nothing is looked for.
    """

    def __init__(
        self,
        find: Callable[[], Awaitable[list[Alert]]],
        write: Callable[..., Awaitable[object]],
        clock: Callable[[], int],
        told: Told,
        wanted: Callable[[], bool],
    ) -> None:
        self._find = find
        self._write = write
        self._clock = clock
        self._told = told
        self._wanted = wanted
        self._seen: dict[tuple[str, str], int] = {}  # when each was last written down, ms UTC

    async def look(self) -> None:
        """Tells of what is new since the last look."""
        if not self._wanted():
            return
        alerts, now = await self._find(), self._clock()
        keys = {(alert.code.value, alert.subject) for alert in alerts}
        overdue = any(now - self._seen.get(key, 0) >= NOTE_MS for key in keys)
        if overdue or any(now - at >= GONE_MS for key, at in self._seen.items() if key not in keys):
            await self._write(lambda db: self._note(db, alerts, now))
            self._seen = {key: at for key, at in self._seen.items() if now - at < GONE_MS}
            self._seen |= dict.fromkeys(keys, now)

    def _note(self, db: sqlite3.Connection, alerts: Sequence[Alert], now: int) -> None:
        db.execute("DELETE FROM raised_alerts WHERE at <= ?", (now - GONE_MS,))
        known = set(db.execute("SELECT code, subject FROM raised_alerts").fetchall())
        db.executemany(
            "INSERT INTO raised_alerts VALUES (?,?,?)"
            " ON CONFLICT (code, subject) DO UPDATE SET at = excluded.at",
            [(alert.code.value, alert.subject, now) for alert in alerts],
        )
        if new := [alert for alert in alerts if (alert.code.value, alert.subject) not in known]:
            self._told(db, new, now)
