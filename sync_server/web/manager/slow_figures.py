"""Figures that take long to compute are shown again for a while, so that they never slow the devices down."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

LONG_S = 0.2  # of processor time: a day of some ten thousand visits. Everything else is always computed anew
REST = 20  # after work of one second nothing is computed for twenty
MAX_KEPT = 16


class _Made(NamedTuple, Generic[T]):
    figures: T
    at: int
    until: float


class SlowFigures(Generic[T]):
    """May be used from any thread. `clock` gives the time, `used` the thread's processor time, both in s."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        used: Callable[[], float] = time.thread_time,
    ) -> None:
        self._clock = clock
        self._used = used
        self._lock = threading.Lock()  # one at a time, however many pages ask
        self._made: dict[Hashable, _Made[T]] = {}

    def get(self, key: Hashable, now: int, make: Callable[[], T]) -> tuple[T, int]:
        """The figures, and the time of which they are: `now` where they are computed now."""
        with self._lock:
            made = self._made.get(key)
            if made is not None and self._clock() < made.until:
                return made.figures, made.at
            began = self._used()
            figures = make()
            took = self._used() - began
            self._made.pop(key, None)
            if took >= LONG_S:
                self._made[key] = _Made(figures, now, self._clock() + REST * took)
                while len(self._made) > MAX_KEPT:
                    del self._made[next(iter(self._made))]
            return figures, now
