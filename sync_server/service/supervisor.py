"""Runs the tasks of the server: the end of a vital one ends the server, the others are started again.

Vital is that without which the server is worth nothing: the devices' socket, the pages, the writer. A
server that ended is started again by the system. Housekeeping, such as backups, must never end it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from .retry import Sleep, Work, back_off, retry_forever

RESTART_S = 1.0  # after the first failure of housekeeping; twice as long after each further one in a row
MAX_RESTART_S = 60.0

log = logging.getLogger(__name__)


class VitalTaskEnded(Exception):
    """A vital task ended though nothing went wrong with it. The text names it."""


class Supervisor:
    """`sleep` waits that many seconds, by default in real time."""

    def __init__(self, sleep: Sleep | None = None) -> None:
        self._sleep = sleep
        self._vital: dict[asyncio.Task[Any], str] = {}
        self._housekeeping: list[asyncio.Task[None]] = []

    def add_vital(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        """Starts a task that must never end. `name` is for the log."""
        self._vital[asyncio.ensure_future(work)] = name

    def add_housekeeping(self, name: str, work: Work, every_s: float = RESTART_S) -> None:
        """Starts a task that does `work()` again `every_s` after it ended.

        When it raises, that is logged with its traceback, and it is done again after a pause.
        """
        restart = back_off(RESTART_S, MAX_RESTART_S)

        def wait_s(failures: int) -> float:
            return restart(failures) if failures else every_s

        def log_failure(error: Exception, failures: int) -> None:
            log.error("%s failed and is tried again in %d s", name, wait_s(failures), exc_info=error)

        repeated = retry_forever(work, wait_s, log_failure, self._sleep)
        self._housekeeping.append(asyncio.ensure_future(repeated))

    async def run(self, stop: Awaitable[object], on_stop: Callable[[], object] = lambda: None) -> None:
        """Returns when `stop` is done. Raises what ended a vital task.

        In either case `on_stop()` is called, and then all tasks are cancelled.
        """
        stopping = asyncio.ensure_future(stop)
        try:
            done, _ = await asyncio.wait({stopping, *self._vital}, return_when=asyncio.FIRST_COMPLETED)
            for task in done & self._vital.keys():
                self._raise_end_of(task)
        finally:
            on_stop()
            tasks = [stopping, *self._vital, *self._housekeeping]
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _raise_end_of(self, task: asyncio.Task[Any]) -> None:
        name = self._vital[task]
        error = task.exception() or VitalTaskEnded(f"{name} ended by itself")
        log.critical("the server ends, because %s failed: %s", name, error, exc_info=error)
        raise error
