"""The backup that the server makes by itself, each night at the store's own time.

A process of its own makes it, by `welkom backup`, so that nobody on the floor waits for it.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

from sync_server.domain.catalogue import Catalogue

from . import backup, queries
from .aside import Asides
from .backup import BackupError
from .folder import Folder
from .settings import Backups, Settings
from .store import reading

LOOK_EVERY_S = 60.0
AGAIN_S = 900.0  # after one that failed
NICENESS = 10  # the floor goes first

log = logging.getLogger(__name__)


def place(folder: Folder, settings: Backups) -> Path:
    """Where the nightly backups are: a path that is not absolute is below the store's folder."""
    return folder.path / settings.folder


def latest(into: Path) -> int | None:
    """When the latest backup in a folder was made, ms UTC; None if there is none."""
    for found in backup.backups(into):
        try:
            return backup.read_manifest(found).made_at
        except BackupError:
            continue  # not one that would count
    return None


def due(catalogue: Catalogue, at: str, now: int) -> int:
    """The latest moment not after `now`, ms UTC, at which it was `at` in the store."""
    local = catalogue.local(now)
    for day in (local.date(), local.date() - timedelta(days=1)):
        moment = int(datetime.combine(day, time.fromisoformat(at), local.tzinfo).timestamp() * 1000)
        if moment <= now:
            return moment
    raise AssertionError("yesterday's time of day is always over")


class Nightly:
    """`problem` says why the latest try failed; None while all is well."""

    def __init__(self, folder: Folder, settings: Settings, clock: Callable[[], int]) -> None:
        self.problem: str | None = None
        self.failures = 0
        self.into = place(folder, settings.backup)
        self._folder = folder
        self._settings = settings.backup
        self._keep_ms = settings.privacy.keep_descriptions_h * 3_600_000
        self._catalogue = settings.catalogue()
        self._clock = clock

    async def run(self) -> None:
        """Looks now and then whether one is due, which makes up for nights that were missed too.

        What a restore put aside is a copy as well: what is due is removed from it in the same round.
        """
        asides = Asides(self._folder, self._keep_ms)
        while True:
            await asyncio.to_thread(asides.forget, self._clock())
            try:
                if await asyncio.to_thread(self.is_due):
                    await self.make()
            except Exception as error:
                self._failed(str(error))
            await asyncio.sleep(AGAIN_S if self.problem else LOOK_EVERY_S)

    def is_due(self) -> bool:
        """Whether none was made since it was last time for one; not on the day the store began."""
        if not self._settings.at:
            return False
        with reading(self._folder.store) as db:
            began = queries.epoch_began(db)
        return max(began, latest(self.into) or 0) < due(self._catalogue, self._settings.at, self._clock())

    async def make(self) -> None:
        """Makes one and removes those that are too many. What went wrong is in `problem`, and logged."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sync_server.cli", "backup", str(self.into),
            "--keep", str(self._settings.keep), "--data", str(self._folder.path),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            if hasattr(os, "setpriority"):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
            _, said = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            self.problem = None
            log.info("the nightly backup is in %s", self.into)
            return
        text = said.decode(errors="replace").strip().rpartition("Error: ")[2]
        self._failed(text or f"it ended with {process.returncode}")

    def _failed(self, why: str) -> None:
        self.problem = why
        self.failures += 1
        log.error("the nightly backup failed and is tried again in a quarter of an hour: %s", why)
