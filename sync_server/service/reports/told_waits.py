"""How right the waits were that shoppers were told: over the last 30 days, for all who look."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.report.period_kpis import kpis_of
from sync_server.domain.share import Share
from sync_server.service.storage.connection import reading

from .period_summaries import summary_of

DAYS = 30
KEEP_MS = 600_000  # a share of 30 days hardly changes within ten minutes


class ToldWaits:
    """Reads `quote_coverage` of the last 30 days when it is asked for, and remembers it for ten minutes.

    Reading takes longer than anything may hold up the devices, so it happens in a thread. `catalogue` may be
    changed.
    """

    def __init__(self, store: Path, catalogue: Catalogue, clock: Callable[[], int]) -> None:
        self._store = store
        self.catalogue = catalogue
        self._clock = clock
        self._held: Share | None = None
        self._read_at = 0

    async def held(self) -> Share:
        """How many of the waits came within what was told. Raises StoreError and sqlite3.Error."""
        now = self._clock()
        if self._held is None or now - self._read_at >= KEEP_MS:
            self._held = await asyncio.to_thread(self._read, now)
            self._read_at = now
        return self._held

    def _read(self, now: int) -> Share:
        today = date.fromisoformat(self.catalogue.day(now))
        with reading(self._store) as db:
            summary = summary_of(db, self.catalogue, today - timedelta(days=DAYS - 1), today, now)
        return kpis_of(summary, self.catalogue.times.service_level_s).quote_coverage
