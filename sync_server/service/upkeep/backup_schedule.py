"""Makes a backup each night at the store's own time.

Another process makes it, by `welkom backup`, so that no device waits for it.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.service.config.model import BackupSettings, Settings
from sync_server.service.retry import Sleep, retry_forever
from sync_server.service.storage import epochs
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir

from .backup_set import find_backups, is_of, owner_of

LOOK_EVERY_S = 60.0
RETRY_S = 900.0  # after a backup that failed
NICENESS = 10  # the server itself goes first

log = logging.getLogger(__name__)


def backup_dir(data_dir: DataDir, settings: BackupSettings) -> Path:
    """Where the nightly backups are. A path that is not absolute is below the data directory."""
    return data_dir.path / settings.folder


def last_made_at(data_dir: DataDir, backups_dir: Path, now: int) -> int | None:
    """When the last backup of this store was made, ms UTC; None if there is none.

    One with a time after `now` does not count: it was made while the computer's clock was wrong.
    """
    owner = owner_of(data_dir)
    return max(
        (b.made_at for b in find_backups(backups_dir) if is_of(b, owner) and b.made_at <= now), default=None
    )


def due_at(catalogue: Catalogue, at: str, now: int) -> int:
    """The latest moment not after `now`, ms UTC, at which the store's clock showed `at` (HH:MM)."""
    local = catalogue.local(now)
    for day in (local.date(), local.date() - timedelta(days=1)):
        moment = int(datetime.combine(day, time.fromisoformat(at), local.tzinfo).timestamp() * 1000)
        if moment <= now:
            return moment
    raise AssertionError("yesterday's time of day is always over")


class BackupScheduler:
    """`problem` says why the latest try failed; None while all is well.

    `clock` gives the store's time, ms UTC: while the computer's clock is wrong, nights go by the store's.
    `latest_made` is when the latest backup was made, ms UTC, as of the last look.
    """

    def __init__(self, data_dir: DataDir, settings: Settings, clock: Callable[[], int]) -> None:
        self.problem: str | None = None
        self.failures = 0
        self.latest_made: int | None = None
        self._data_dir = data_dir
        self._clock = clock
        self._lock = asyncio.Lock()  # one backup at a time: a page may ask for one at night
        self.use_settings(settings)

    def use_settings(self, settings: Settings) -> None:
        """Goes by other settings from now on."""
        self.backups_dir = backup_dir(self._data_dir, settings.backup)
        self._settings = settings.backup
        self._catalogue = settings.catalogue()

    async def run(self, sleep: Sleep | None = None) -> None:
        """Makes a backup whenever one is due, until cancelled."""
        await retry_forever(
            self._make_if_due,
            lambda _failures: RETRY_S if self.problem else LOOK_EVERY_S,
            lambda error, _failures: self._failed(str(error)),
            sleep,
        )

    async def _make_if_due(self) -> None:
        if await asyncio.to_thread(self.is_due):
            await self.make_backup()

    def latest(self) -> int | None:
        """When the latest backup was made, ms UTC; None if there is none."""
        return last_made_at(self._data_dir, self.backups_dir, self._clock())

    def is_due(self) -> bool:
        """Whether no backup was made since the latest time for one, so that missed nights are made up for.

        On the day the store began none is due.
        """
        if not self._settings.at:
            return False
        now = self._clock()
        with reading(self._data_dir.store) as db:
            began = epochs.epoch_began_at(db)
        self.latest_made = self.latest()
        return max(began if began <= now else 0, self.latest_made or 0) < due_at(
            self._catalogue, self._settings.at, now
        )

    async def make_backup(self) -> None:
        """Makes a backup and removes the oldest. `problem` says what went wrong; it is logged too."""
        async with self._lock:
            await self._make()

    async def _make(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sync_server.cli", "backup", str(self.backups_dir),
            "--keep", str(self._settings.keep), "--made-at", str(self._clock()),
            "--data", str(self._data_dir.path),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            if hasattr(os, "setpriority"):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
            _, output = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            self.problem = None
            self.latest_made = await asyncio.to_thread(self.latest)
            log.info("the nightly backup is in %s", self.backups_dir)
            return
        text = output.decode(errors="replace").strip().rpartition("Error: ")[2]
        self._failed(text or f"it ended with {process.returncode}")

    def _failed(self, why: str) -> None:
        self.problem = why
        self.failures += 1
        log.error("the nightly backup failed and is tried again in a quarter of an hour: %s", why)
