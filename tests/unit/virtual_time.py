"""Runs a test on an event loop on which time is virtual: nothing waits, and each timer fires on time."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

MAX_TURNS = 50_000  # of the loop: a test that takes more never ends


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Its clock starts at 0 and jumps to the next timer as soon as nothing else is ready to run.

    `faults` are the exceptions that reached the loop's exception handler.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._turns = 0
        self.faults: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _loop, context: self.faults.append(context))

    def time(self) -> float:
        return self._now

    def ms(self) -> int:
        return round(self._now * 1000)

    def _run_once(self) -> None:
        self._turns += 1
        if self._turns > MAX_TURNS:
            self._turns = 0  # for what the runner does at the end
            raise RuntimeError(f"the test has not ended after {self._now} s")
        timers = [timer.when() for timer in self._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
        if not self._ready and timers:  # type: ignore[attr-defined]
            self._now = max(self._now, min(timers))
        super()._run_once()  # type: ignore[misc]


def virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Makes a test of a coroutine function, and fails it if an exception reached the exception handler.

    A test that expects one empties `loop().faults`.
    """

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(test(*args, **kwargs))
            running = runner.get_loop()
            assert isinstance(running, VirtualTimeLoop)
            assert running.faults == []

    return run


def loop() -> VirtualTimeLoop:
    """The loop of the test that runs."""
    running = asyncio.get_running_loop()
    assert isinstance(running, VirtualTimeLoop)
    return running
