"""The clock of a demo: the store's time, many times as fast as life.

Every process of a demo computes it from the computer's clock and the same few numbers, which the demo hands
over in an environment variable. Only the store's time is faster: timers of the protocol, and times that a
person needs to read and to tap, stay in real seconds.
"""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

VARIABLE = "WELKOM_DEMO_CLOCK"


def wall_clock() -> int:
    """The computer's time, ms UTC."""
    return time.time_ns() // 1_000_000


class StoreClockError(Exception):
    """The environment variable is no clock. The text says so to a person."""


class DemoClock(NamedTuple):
    """Until `began` by the computer's clock it stands still at `shows`; then it goes `pace` times as fast.

    The first night begins `first_day` ms of the store's time later, each other one `day` ms after the night
    before. A night takes no time: the clock goes on `night` ms later. Instants are ms UTC.
    """

    began: int
    shows: int
    pace: int
    first_day: int
    day: int
    night: int

    def at(self, wall: int) -> int:
        """What it shows when the computer's clock shows `wall`."""
        passed = max(0, wall - self.began) * self.pace
        nights = 0 if passed < self.first_day else 1 + (passed - self.first_day) // self.day
        return self.shows + passed + nights * self.night

    def now(self) -> int:
        return self.at(wall_clock())

    @property
    def text(self) -> str:
        """The value of the environment variable."""
        return " ".join(map(str, self))


class StoreClock(NamedTuple):
    """What a process reads the store's time from: `now` gives ms UTC; `pace` is 1 except in a demo."""

    now: Callable[[], int] = wall_clock
    pace: int = 1


def store_clock() -> StoreClock:
    """The clock of this process's store: the computer's, unless a demo started the process.

    Raises StoreClockError.
    """
    if (text := os.environ.get(VARIABLE)) is None:
        return StoreClock()
    try:
        clock = DemoClock(*map(int, text.split()))
    except (TypeError, ValueError):
        raise StoreClockError(f"{VARIABLE} is no clock of a demo: {text!r}; unset it") from None
    return StoreClock(clock.now, clock.pace)
