"""Writes to `store.db`: owns the only writing connection and groups commits.

Batches that wait while the disk is busy are written in one transaction (group commit). A batch is
reported as written only when it is on disk. After a failed commit, every batch that was made before
the failure was reported is dropped as well: it was computed from a state that never reached the disk.
"""

import asyncio
import queue
import sqlite3
import time
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from . import mapping
from .batch import Batch
from .connection import connect, empty_write_ahead_log
from .executor import Executor, ThreadExecutor
from .mapping import Row
from .store_file import OpenedFile

T = TypeVar("T")


@dataclass
class _Call:
    """Work other than a batch for the writing connection."""

    work: Callable[[sqlite3.Connection], Any]
    future: "Future[Any]"
    in_transaction: bool = True


Item = Batch | _Call
OnWritten = Callable[[list[Batch], BaseException | None], None]


class StoreWriter:
    """The writer of one store.

    `on_written(batches, error)` is called in the event loop for all batches, in the order in which
    they were put; `error` is None where they are on disk. `executor` is a thread by default.
    """

    def __init__(
        self,
        path: Path,
        loop: AbstractEventLoop,
        on_written: OnWritten,
        executor: Executor | None = None,
    ) -> None:
        self.path = path
        self.on_commit: Callable[[float], object] = lambda _seconds: None  # called by the executor
        self._loop = loop
        self._on_written = on_written
        self._queue: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._failed_epoch = -1  # batches of this epoch and of earlier ones are dropped
        self._fault: Exception | None = None
        self._broken: Future[None] = loop.create_future()
        self._file = OpenedFile(path)
        self._db = connect(path)
        self._executor = ThreadExecutor(loop) if executor is None else executor

    def put(self, batch: Batch) -> None:
        """Queues a batch. `on_written` is called with it later."""
        self._submit(batch)

    def call(self, work: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Runs `work(connection)` in a transaction of its own, after everything queued before it."""
        future: Future[T] = self._loop.create_future()
        self._submit(_Call(work, future))
        return future

    def checkpoint(self) -> "Future[bool]":
        """Runs `empty_write_ahead_log`, after everything queued before it."""
        future: Future[bool] = self._loop.create_future()
        self._submit(_Call(empty_write_ahead_log, future, in_transaction=False))
        return future

    async def run(self) -> None:
        """Waits for as long as the writer works. Raises what broke it: nothing is written after that."""
        await asyncio.shield(self._broken)

    def close(self) -> None:
        """Writes everything queued, then closes the file."""
        self._executor.close()
        self._db.close()

    def _submit(self, item: Item) -> None:
        self._queue.put(item)
        self._executor.submit(self._drain)

    def require_file(self) -> None:
        """Raises StoreMissing where the file that is written to is not at its path any more."""
        self._file.require_unchanged()

    # --- run by the executor -------------------------------------------------------------------------

    def _drain(self) -> None:
        """Does everything queued: batches together, each call after the batches queued before it."""
        if self._fault is None:
            try:
                self._work()
            except Exception as error:  # a fault in this class: failed commits and calls do not get here
                self._fault = error
                self._executor.deliver(partial(_resolve, self._broken, None, error))
        if self._fault is not None:
            self._refuse_all(self._fault)

    def _work(self) -> None:
        batches: list[Batch] = []
        while (item := self._next()) is not None:
            if isinstance(item, Batch):
                batches.append(item)
                continue
            self._write(batches)
            batches = []
            self._run_call(item)
        self._write(batches)

    def _next(self) -> Item | None:
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return None

    def _refuse_all(self, fault: Exception) -> None:
        """Nothing can be written any more: calls fail, so that nobody waits for them."""
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if not isinstance(item, Batch):
                self._executor.deliver(partial(_resolve, item.future, None, fault))

    def _write(self, batches: list[Batch]) -> None:
        batches = [batch for batch in batches if batch.epoch > self._failed_epoch]
        if not batches:
            return
        error: BaseException | None = None
        try:
            if any(not batch.empty for batch in batches):
                self.require_file()
                began = time.perf_counter()
                self._executor.transaction(self._db, lambda db: insert(db, batches), batches)
                self.on_commit(time.perf_counter() - began)
        except Exception as caught:  # of any kind: a writer that ended would leave all devices waiting
            error = caught
            self._failed_epoch = batches[-1].epoch
        self._executor.deliver(lambda: self._on_written(batches, error))

    def _run_call(self, call: _Call) -> None:
        try:
            self.require_file()
            if call.in_transaction:
                result = self._executor.transaction(self._db, call.work, ())
            else:
                result = call.work(self._db)
        except Exception as error:  # raised to the caller, by the future
            self._executor.deliver(partial(_resolve, call.future, None, error))
        else:
            self._executor.deliver(partial(_resolve, call.future, result, None))


def _resolve(future: "Future[Any]", result: Any, error: Exception | None) -> None:
    if future.done():  # cancelled, by a caller who no longer waits
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def insert(db: sqlite3.Connection, batches: list[Batch]) -> None:
    visits: dict[str, Row] = {}
    for batch in batches:
        visits.update(batch.visits)
    sessions = [row for batch in batches for row in batch.sessions]
    pages = [row for batch in batches for row in batch.pages]
    for sql, rows in (
        (mapping.INSERT_EVENT, [row for batch in batches for row in batch.events]),
        (mapping.UPSERT_VISIT, list(visits.values())),
        (mapping.DROP_SUMMARIES, mapping.days_of(visits.values(), sessions, pages)),
        (mapping.INSERT_PRESENCE, [row for batch in batches for row in batch.presence]),
        (mapping.INSERT_FEEDBACK, [row for batch in batches for row in batch.feedback]),
        (mapping.COUNT_SESSION, sessions),
        (mapping.OPEN_PAGE, pages),
        (mapping.INSERT_OP, [row for batch in batches for row in batch.ops]),
    ):
        if rows:
            db.executemany(sql, rows)
    for batch in batches:
        for work in batch.afterwards:
            work(db)
