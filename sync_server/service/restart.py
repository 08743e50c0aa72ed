"""Starts a running server again within its process, for example with the store of a backup.

A page asks for it. The server then stops as it does when it is told to: everything is on the disk, and the
folder's lock is free. What was asked for is done, and the server starts again. Devices and browsers reconnect
by themselves.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from sync_server.service.storage.data_dir import DataDir, DataDirError
from sync_server.service.storage.errors import StoreError
from sync_server.service.upkeep.backup import BackupError
from sync_server.service.upkeep.restore import restore


class RestoreOutcome(Struct, frozen=True):
    """What came of a restore that a page asked for.

    `problem` says why nothing was changed; empty if all went well. `made_at` is of when the backup was, ms
    UTC, and `by` who asked for it. `replaced` is the folder of the store of before. `unknown` are the devices
    and accounts to add again. `forgotten`: the store of before could not be read, so who lost their access
    since the backup has it again.
    """

    by: str
    made_at: int = 0
    replaced: str = ""
    unknown: tuple[str, ...] = ()
    forgotten: bool = False
    problem: str = ""


Between = Callable[[], RestoreOutcome | None]


class Restart:
    """Whether this server is to stop and start again, and what is done between."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._between: Between = lambda: None

    def ask(self, between: Between = lambda: None) -> None:
        """The server stops at once. `between()` runs in a thread while no server runs. It must not raise."""
        if not self.asked.is_set():  # the first one counts
            self._between = between
            self.asked.set()

    async def asked_or(self, stop: asyncio.Event) -> None:
        """Returns when a page asks for a restart, or `stop` is set."""
        waiting = [asyncio.ensure_future(event.wait()) for event in (stop, self.asked)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    async def do_between(self) -> RestoreOutcome | None:
        """What was asked for."""
        return await asyncio.to_thread(self._between)


def restoring(data_dir: DataDir, source: Path, by: str, now: int) -> Between:
    """Puts the store of this backup in the place of the one that is there, for `Restart.ask`.

    `now` is the store's time, ms UTC.
    """

    def between() -> RestoreOutcome:
        try:
            done = restore(data_dir, source, replace=True, now=now)
        except (BackupError, DataDirError, StoreError) as error:
            return RestoreOutcome(by, problem=str(error))
        return RestoreOutcome(
            by,
            done.manifest.made_at,
            done.replaced.name if done.replaced else "",
            tuple(done.unknown or ()),
            done.revoked is None,
        )

    return between
