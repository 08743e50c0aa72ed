"""When a commit or a rule fails, the floor in memory is not what is so: it is read from the disk again."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from .store import Store, StoreError, Trouble, trouble_of

RETRY_S = 2.0  # after a failure, until the reading or time's own work is tried again
REST_S = 1.0  # after a failed commit nothing of devices is begun: it would be lost as well, and cost as much

log = logging.getLogger(__name__)

T = TypeVar("T")


class Mending:
    """Whether the shop may rely on its floor, and how it comes to that again.

    `read()` takes the floor from the disk and raises what prevents it. `begin_anew(seconds)` is called
    whenever that was done, with the time after which time's own work is to be tried again.
    """

    def __init__(self, store: Store, read: Callable[[], None], begin_anew: Callable[[float], None]) -> None:
        self.unwell: Trouble | None = None  # why nothing can be saved at the moment
        self._store = store
        self._read = read
        self._begin_anew = begin_anew
        self._loop = asyncio.get_running_loop()
        self._rests_until = 0.0
        self._reading: asyncio.Task[None] | None = None

    @property
    def resting(self) -> Trouble | None:
        """Why no op is to be done at this moment; None where it may be tried."""
        return self.unwell if self._loop.time() < self._rests_until else None

    @property
    def trusted(self) -> bool:
        """False while the floor is being read anew: nothing may be done on it."""
        return self._reading is None

    async def over(self) -> None:
        """Returns as soon as the floor may be relied on. Whoever gives up waiting ends nothing but that."""
        while self._reading is not None:
            await asyncio.shield(self._reading)

    def failed(self, error: BaseException) -> Trouble:
        """Books a commit that failed: nothing of devices is begun for a moment. What to tell them."""
        self.unwell = trouble_of(error)
        self._rests_until = self._loop.time() + REST_S
        return self.unwell

    def read_again(self) -> None:
        """At once, or where that is impossible as soon as it can be done."""
        try:
            self._read()
        except Exception:
            self.distrust()
            return
        self._begin_anew(RETRY_S)

    def distrust(self) -> None:
        """A fault left the floor half changed, or not read at all: take it from the disk again.

        Called while handling the exception, which goes to the log. Devices repeat what they asked.
        """
        log.exception("the floor cannot be relied on; it is read from the disk again")
        if self._reading is None:
            self._reading = self._loop.create_task(self._until_read())

    async def rewrite(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Does `work(db)` on what is written, then reads the floor anew and tells every device.

        Nothing is done on the old floor meanwhile, or it would be written back. Raises what `work` does.
        """
        await self.over()
        done: asyncio.Future[T] = self._loop.create_future()

        async def between() -> None:
            try:
                done.set_result(await self._store.call(work))
            except Exception as error:
                done.set_exception(error)
            await self._until_read()

        self._reading = self._loop.create_task(between())
        await asyncio.shield(self._reading)
        return done.result()

    async def _until_read(self) -> None:
        while True:
            try:
                await self._store.call(lambda _db: None)  # everything before this is on disk now
                self._read()
                break
            except StoreError as error:
                log.error("the store cannot be read; it is tried again: %s", error)
                await asyncio.sleep(RETRY_S)
            except Exception:
                log.exception("the store cannot be read; it is tried again")
                await asyncio.sleep(RETRY_S)
        self._reading = None
        self._begin_anew(RETRY_S)
