"""Keeps the summaries of past days up to date in a running server, without holding anybody up."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.service.storage.connection import reading
from sync_server.service.storage.errors import StoreError, explain

from . import period_summaries
from .period_summaries import Made

EVERY_S = 300.0
REST = 3  # after work of one second it rests for three, so that devices and pages have the processor

log = logging.getLogger(__name__)

Write = Callable[[Callable[[sqlite3.Connection], bool]], Awaitable[bool]]


class SummaryKeeper:
    """Reads in a thread; `write` runs what is to be written in the writer's own transactions.

    `catalogue` may be changed.
    """

    def __init__(self, store: Path, catalogue: Catalogue, clock: Callable[[], int], write: Write) -> None:
        self._store = store
        self.catalogue = catalogue
        self._clock = clock
        self._write = write

    async def keep_all(self) -> None:
        """Keeps every summary that can be kept and is not, the newest first, one at a time.

        What cannot be written now is logged, and kept later: reports are right without it.
        """
        try:
            await self._keep_all()
        except (StoreError, sqlite3.Error) as error:  # a full disk, as a rule
            log.warning("summaries of past days could not be kept and are tried again: %s", explain(error))

    async def _keep_all(self) -> None:
        while True:
            began = time.perf_counter()
            made = await asyncio.to_thread(self._next)
            if made is None:
                return
            await self._write(partial(period_summaries.keep, catalogue=self.catalogue, made=made))
            await asyncio.sleep(REST * (time.perf_counter() - began))

    def _next(self) -> Made | None:
        with reading(self._store) as db:
            return period_summaries.next_to_keep(db, self.catalogue, self._clock())
