"""An event loop on which nothing ever waits, and the lives of the processes that run on it.

Time jumps from one timer to the next. A `Life` stands for a process: what it started dies with it,
wherever it was, and only what is on its disk remains.
"""

import asyncio
import contextlib
import contextvars
import heapq
from collections import deque
from collections.abc import Callable
from types import CoroutineType
from typing import Any, TypeVar

T = TypeVar("T")


class Killed(BaseException):
    """Ends the process that is at work at this very moment. No part of the product can catch it."""


class Standstill(Exception):
    """Nothing will ever happen again, and somebody still waits."""


class Errand:
    """Something a process is called for: what asyncio's handle is, without what makes that one slow."""

    __slots__ = ("_args", "_callback", "_loop", "_when", "cancelled", "context")

    def __init__(
        self,
        loop: "VirtualLoop",
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: contextvars.Context | None,
    ) -> None:
        self._loop = loop
        self._when = when
        self._callback = callback
        self._args = args
        self.context = contextvars.copy_context() if context is None else context
        self.cancelled = False

    def when(self) -> float:
        return self._when

    def cancel(self) -> None:
        self.cancelled = True

    def run(self) -> None:
        if self.cancelled:
            return
        try:
            self.context.run(self._callback, *self._args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._loop.call_exception_handler({"message": f"a fault in {self._callback}", "exception": error})


class VirtualLoop(asyncio.BaseEventLoop):
    """asyncio's own loop with a clock that jumps. `on_fault` hears of exceptions nobody caught.

    Timers of the same instant are heard in the order they were set, after all that is wanted soon: the
    same seed, the same story.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_fault: Callable[[str, BaseException | None], None] = lambda _message, _error: None
        self.corpses: list[asyncio.Task[Any]] = []  # of killed processes
        self._time = 0.0
        self._made = 0
        # What a process is called for; or what the world does in no process's name, and with what.
        self._timers: list[tuple[float, int, Errand | Callable[..., None], tuple[Any, ...]]] = []
        self._soon: deque[Errand] = deque()
        self.set_exception_handler(_tell)
        self.set_task_factory(_task)

    def time(self) -> float:
        return self._time

    def ms(self) -> int:
        """The loop's time in whole ms."""
        return int(self._time * 1000 + 1e-3)  # a timer set for a ms is heard in that ms

    def errands(self) -> list[Errand]:
        """What processes still have to be called for."""
        everything = [*self._soon, *(what for _, _, what, _ in self._timers)]
        return [what for what in everything if isinstance(what, Errand)]

    def world_at(self, when: float, what: Callable[..., None], *args: Any) -> None:
        """Calls something that belongs to no process."""
        self._made += 1
        heapq.heappush(self._timers, (when, self._made, what, args))

    def bury(self) -> None:
        """Ends the loop. Tasks of the dead are closed now, when what they still do matters to nobody."""
        for task in (*self.corpses, *asyncio.all_tasks(self)):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coro = task.get_coro()
            if isinstance(coro, CoroutineType):
                with contextlib.suppress(BaseException):
                    coro.close()
        self.corpses.clear()
        self._timers.clear()
        self._soon.clear()
        self.close()

    # --- what a loop is made of --------------------------------------------------------------------

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        errand = Errand(self, when, callback, args, context)
        self._made += 1
        heapq.heappush(self._timers, (when, self._made, errand, ()))
        return errand

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        return self.call_at(self._time + delay, callback, *args, context=context)

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        errand = Errand(self, self._time, callback, args, context)
        self._soon.append(errand)
        return errand

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def run_in_executor(self, _executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """There are no threads: what would run in one has run at the next turn of the loop."""
        future = self.create_future()
        self.call_soon(_resolve, future, func, args)
        return future

    def _run_once(self) -> None:
        soon, timers, next_timer = self._soon, self._timers, heapq.heappop
        while not self._stopping:  # type: ignore[attr-defined]
            if soon:
                soon.popleft().run()
                continue
            if not timers:
                raise Standstill
            when, _, what, args = next_timer(timers)
            self._time = max(self._time, when)
            if isinstance(what, Errand):
                what.run()
                continue
            try:
                what(*args)
            except Exception as error:
                self.on_fault("a fault", error)


def _resolve(future: "asyncio.Future[Any]", func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    if future.cancelled():
        return
    try:
        result = func(*args)
    except Exception as error:
        future.set_exception(error)
    else:
        future.set_result(result)


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(loop, VirtualLoop) and not isinstance(error, Killed):
        loop.on_fault(str(context.get("message")), error)


_life: contextvars.ContextVar["Life | None"] = contextvars.ContextVar("life", default=None)


def _task(loop: asyncio.AbstractEventLoop, coro: Any, **kwargs: Any) -> "asyncio.Task[Any]":
    task = asyncio.Task(coro, loop=loop, **kwargs)
    if (life := _life.get()) is not None:
        life.tasks.add(task)
        task.add_done_callback(life.tasks.discard)
    return task


class Life:
    """One life of a process. Whatever is run in it, and all that this starts, ends with it."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.over = False
        self.tasks: set[asyncio.Task[Any]] = set()
        self.context = contextvars.copy_context()
        self.context.run(_life.set, self)

    def run(self, what: Callable[..., T], *args: Any) -> T:
        """Calls `what` as this process. Raises Killed where it dies of it."""
        return self.context.run(what, *args)

    def end(self) -> None:
        """Kill -9: no callback, no task and no `finally` of it has any effect from here on."""
        self.over = True
        for errand in self._loop.errands():
            if errand.context.get(_life) is self:
                errand.cancel()
        self._loop.corpses += self.tasks
