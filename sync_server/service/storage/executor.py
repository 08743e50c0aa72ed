"""Where the writer's work runs: a thread of its own. A simulation runs it in the event loop instead."""

import contextlib
import queue
import sqlite3
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from .batch import Batch
from .connection import transaction

T = TypeVar("T")
Task = Callable[[], object]
Work = Callable[[sqlite3.Connection], T]


class Executor(Protocol):
    """Runs the writer's tasks one at a time, in the order in which they were submitted."""

    def submit(self, task: Task, /) -> None:
        """Queues a task and returns at once."""

    def transaction(self, db: sqlite3.Connection, work: Work[T], batches: Sequence[Batch], /) -> T:
        """Does `work(db)` in one transaction and returns its result; raises what prevents it.

        Called by a task. `batches` are those that the work writes; none where it does something else.
        """

    def deliver(self, callback: Task, /) -> None:
        """Calls `callback` in the event loop. Callbacks run in the order in which they were delivered."""

    def close(self) -> None:
        """Returns when every submitted task has run."""


class ThreadExecutor:
    """Runs tasks in one thread, so that the event loop never waits for the disk."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, task: Task, /) -> None:
        self._tasks.put(task)

    def transaction(self, db: sqlite3.Connection, work: Work[T], _batches: Sequence[Batch], /) -> T:
        with transaction(db):
            return work(db)

    def deliver(self, callback: Task, /) -> None:
        # The loop may be closed already when the server stops; what is written stays written.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)

    def close(self) -> None:
        self._tasks.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
