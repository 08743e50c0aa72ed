"""Reloads the floor from disk after a failed commit or an exception in the rules.

After either, the floor in memory no longer matches the database.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sync_server.service.storage.errors import StoreError, StoreFault, fault_of
from sync_server.service.storage.writer import StoreWriter

RETRY_S = 2.0  # after a failure, until reading the store or the clock's own work is tried again
BACK_OFF_S = 1.0  # after a failed commit no device's op is started: it would fail too, and cost as much

log = logging.getLogger(__name__)

T = TypeVar("T")


class Recovery:
    """Whether the floor in memory is valid, and how it becomes valid again.

    `load()` reads the floor from disk and raises what prevents it. `on_loaded(seconds)` is called after
    each successful `load()`, with the time after which work that time alone brings is to be tried again.
    """

    def __init__(
        self, writer: StoreWriter, load: Callable[[], None], on_loaded: Callable[[float], None]
    ) -> None:
        self.write_error: StoreFault | None = None  # why nothing can be saved at the moment
        self._writer = writer
        self._load = load
        self._on_loaded = on_loaded
        self._loop = asyncio.get_running_loop()
        self._back_off_until = 0.0
        self._loading: asyncio.Task[None] | None = None

    @property
    def backing_off(self) -> StoreFault | None:
        """Why no op is started at this moment; None where one may be."""
        return self.write_error if self.write_error and self._loop.time() < self._back_off_until else None

    @property
    def state_valid(self) -> bool:
        """False while the floor is being read again: nothing may be done on it."""
        return self._loading is None

    async def wait_until_valid(self) -> None:
        """Returns as soon as the floor is valid. Cancelling a caller does not stop the reading."""
        while self._loading is not None:
            await asyncio.shield(self._loading)

    def commit_failed(self, error: BaseException) -> StoreFault:
        """Starts backing off after a failed commit. Returns what to tell the devices."""
        self.write_error = fault_of(error)
        self._back_off_until = self._loop.time() + BACK_OFF_S
        return self.write_error

    def reload(self) -> None:
        """Reads the floor at once; where that fails, as soon as it can be read."""
        try:
            self._load()
        except Exception:  # `invalidate` logs it
            self.invalidate()
            return
        self._on_loaded(RETRY_S)

    def invalidate(self) -> None:
        """The floor is only half changed, or could not be read: reads it from disk in the background.

        To be called while an exception is handled; it is logged. Devices send their ops again.
        """
        log.exception("the floor in memory is not valid any more; it is read from the disk again")
        if self._loading is None:
            self._loading = self._loop.create_task(self._load_until_done())

    async def rewrite(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Does `work(db)` on what is on disk, then reads the floor again and sends it to every device.

        Meanwhile nothing is done on the old floor, because that would undo the work. Raises what
        `work` raises.
        """
        await self.wait_until_valid()
        done: asyncio.Future[T] = self._loop.create_future()

        async def rewrite_and_load() -> None:
            try:
                done.set_result(await self._writer.call(work))
            except Exception as error:
                done.set_exception(error)
            await self._load_until_done()

        self._loading = self._loop.create_task(rewrite_and_load())
        await asyncio.shield(self._loading)
        return done.result()

    async def _load_until_done(self) -> None:
        while True:
            try:
                await self._writer.call(lambda _db: None)  # everything queued before this is on disk now
                self._load()
                break
            except StoreError as error:
                log.error("the store cannot be read; it is tried again: %s", error)
                await asyncio.sleep(RETRY_S)
            except Exception:
                log.exception("the store cannot be read; it is tried again")
                await asyncio.sleep(RETRY_S)
        self._loading = None
        self._on_loaded(RETRY_S)
