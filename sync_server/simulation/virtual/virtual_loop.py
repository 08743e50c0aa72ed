"""An event loop with virtual time: its clock jumps from one timer to the next, and nothing ever waits."""

import asyncio
import contextlib
import contextvars
import heapq
from collections import deque
from collections.abc import Callable
from types import CoroutineType
from typing import Any

from .process import Killed, current_process


class LoopStalled(Exception):
    """A task still waits, and nothing is left that could wake it."""


class VirtualHandle:
    """A callback of a simulated process: asyncio.Handle without the parts that make it slow."""

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
    """asyncio's own loop on virtual time. `on_fault` gets every exception that nothing caught.

    Callbacks without a time come before all timers; timers of the same instant come in the order in which
    they were set. So the same seed gives the same run.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_fault: Callable[[str, BaseException | None], None] = lambda _message, _error: None
        self.killed_tasks: list[asyncio.Task[Any]] = []
        self._time = 0.0
        self._timer_number = 0
        # A handle of a process, or a function of the simulation itself with its arguments.
        self._timers: list[tuple[float, int, VirtualHandle | Callable[..., None], tuple[Any, ...]]] = []
        self._soon: deque[VirtualHandle] = deque()
        self.set_exception_handler(_report_fault)
        self.set_task_factory(_make_task)

    def time(self) -> float:
        return self._time

    def ms(self) -> int:
        """The loop's time in whole ms."""
        return int(self._time * 1000 + 1e-3)  # a timer that was set for a ms is called in that ms

    def process_handles(self) -> list[VirtualHandle]:
        """The callbacks of all processes that were not called yet."""
        everything = [*self._soon, *(target for _, _, target, _ in self._timers)]
        return [target for target in everything if isinstance(target, VirtualHandle)]

    def simulation_at(self, when: float, function: Callable[..., None], *args: Any) -> None:
        """Calls a function of the simulation, which belongs to no process."""
        self._timer_number += 1
        heapq.heappush(self._timers, (when, self._timer_number, function, args))

    def discard(self) -> None:
        """Closes the loop and the coroutines of killed processes, whose `finally` blocks are harmless now."""
        for task in (*self.killed_tasks, *asyncio.all_tasks(self)):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coro = task.get_coro()
            if isinstance(coro, CoroutineType):
                with contextlib.suppress(BaseException):
                    coro.close()
        self.killed_tasks.clear()
        self._timers.clear()
        self._soon.clear()
        self.close()

    # --- the methods of asyncio's loop -------------------------------------------------------------

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        handle = VirtualHandle(self, when, callback, args, context)
        self._timer_number += 1
        heapq.heappush(self._timers, (when, self._timer_number, handle, ()))
        return handle

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        return self.call_at(self._time + delay, callback, *args, context=context)

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        handle = VirtualHandle(self, self._time, callback, args, context)
        self._soon.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def run_in_executor(self, _executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """There are no threads: the function runs at the loop's next turn."""
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
                raise LoopStalled
            when, _, target, args = next_timer(timers)
            self._time = max(self._time, when)
            if isinstance(target, VirtualHandle):
                target.run()
                continue
            try:
                target(*args)
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


def _report_fault(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(loop, VirtualLoop) and not isinstance(error, Killed):
        loop.on_fault(str(context.get("message")), error)


def _make_task(loop: asyncio.AbstractEventLoop, coro: Any, **kwargs: Any) -> "asyncio.Task[Any]":
    task = asyncio.Task(coro, loop=loop, **kwargs)
    if (process := current_process.get()) is not None:
        process.tasks.add(task)
        task.add_done_callback(process.tasks.discard)
    return task
