"""A simulated process: what it started ends with it, and only what is on its disk remains."""

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Killed(BaseException):
    """Ends the process that runs at this moment. No part of the product can catch it."""


class ProcessHandle(Protocol):
    """A callback that a process has asked the loop for."""

    context: contextvars.Context

    def cancel(self) -> None: ...


class ProcessLoop(Protocol):
    """What a process needs of the loop that it runs on."""

    killed_tasks: list[asyncio.Task[Any]]

    def process_handles(self) -> Sequence[ProcessHandle]: ...


current_process: contextvars.ContextVar["SimulatedProcess | None"] = contextvars.ContextVar(
    "current_process", default=None
)


class SimulatedProcess:
    """All callbacks and tasks that were started within it, by its context variable."""

    def __init__(self, loop: ProcessLoop) -> None:
        self._loop = loop
        self.ended = False
        self.tasks: set[asyncio.Task[Any]] = set()
        self.context = contextvars.copy_context()
        self.context.run(current_process.set, self)

    def run(self, function: Callable[..., T], *args: Any) -> T:
        """Calls `function` as this process. Raises Killed if that kills it."""
        return self.context.run(function, *args)

    def end(self) -> None:
        """Like kill -9: no callback, no task and no `finally` of it has any effect from now on."""
        self.ended = True
        for handle in self._loop.process_handles():
            if handle.context.get(current_process) is self:
                handle.cancel()
        self._loop.killed_tasks += self.tasks
