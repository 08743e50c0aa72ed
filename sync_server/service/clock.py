"""The server's clock: it follows the computer's, and never runs backwards nor stands still.

A computer whose clock was ahead is set back, by hours where its battery is dead. What has been
written down then lies in the future; were time to wait for it, no offer would lapse and the shop
would not close.
"""

import logging
import time
from collections.abc import Callable

JUMP_MS = 10_000  # a step larger than this is worth a line in the log

log = logging.getLogger(__name__)


def wall_clock() -> int:
    """The computer's idea of the time, ms UTC."""
    return time.time_ns() // 1_000_000


def steady_clock() -> int:
    """A clock that never jumps, ms."""
    return time.monotonic_ns() // 1_000_000


class OnwardClock:
    """Gives ms UTC. While the computer's clock is behind what was given, it runs at half speed.

    `not_before` is the latest time that is written down already, ms UTC.
    """

    def __init__(self, wall: Callable[[], int], steady: Callable[[], int], not_before: int = 0) -> None:
        self._wall = wall
        self._steady = steady
        self._given = not_before
        self._rest = 0  # half a millisecond that is not given yet
        self._at = steady()
        self._behind = False
        self()

    def __call__(self) -> int:
        wall, at = self._wall(), self._steady()
        passed, self._at = at - self._at, at
        if wall >= self._given:
            self._given, self._rest, self._behind = wall, 0, False
            return wall
        if not self._behind and self._given - wall > JUMP_MS:
            log.warning(
                "the computer's clock is %d s behind what is written down; time goes on at half speed"
                " until they agree",
                (self._given - wall) // 1000,
            )
        self._behind = True
        half, self._rest = divmod(passed + self._rest, 2)
        self._given += half
        return self._given
