"""The clocks of the server: the computer's clocks, and one that never runs backwards or believes any jump.

A computer whose clock was ahead may be set back, by hours where its battery is dead. Events in the
log then carry times in the future. If the server waited for the computer's clock to reach them, no
offer would time out and the shop would not close; so its own clock goes on, at half speed.

A computer without a battery may also start far ahead. If the server believed it, the log would carry times
of another year: the store-day would stay there, and taps of the true time would be refused as too old. So a
jump that is longer than any outage is not believed before something else confirms it.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

JUMP_MS = 10_000  # a step back larger than this is logged
DAY_MS = 86_400_000
MAX_GAP_MS = 31 * DAY_MS  # longer than a shop is closed: a jump ahead as long as this needs to be confirmed
HALF_SPEED_MS = DAY_MS  # farther behind than this the clocks would not agree again for days
CONFIRMS_MS = DAY_MS  # another clock confirms the computer's if they differ by no more than this
WAY_OUT = "if the computer's clock is right, `welkom clock --trust` says so; if not, set it (`timedatectl`)"

log = logging.getLogger(__name__)


def steady_clock() -> int:
    """A clock that never jumps, ms from an arbitrary start."""
    return time.monotonic_ns() // 1_000_000


class ClockDoubt(Struct, frozen=True):
    """The store's time and the computer's differ by more than can be right. Both in ms UTC."""

    store: int
    computer: int

    @property
    def ahead(self) -> bool:
        """Whether the computer's clock is the one that is ahead."""
        return self.computer > self.store

    @property
    def text(self) -> str:
        """For the log, and for `welkom doctor`."""
        where = "ahead of" if self.ahead else "behind"
        return (
            f"this computer's clock says {_moment(self.computer)}, far {where} the store's time, and nothing"
            f" confirms it; the store goes on with {_moment(self.store)}: {WAY_OUT}"
        )


class NonDecreasingClock:
    """Gives ms UTC, never less than before, except after `trust`. At half speed while `wall` is behind.

    `wall` and `steady` give ms. `not_before` is the latest time in the log, ms UTC, 0 for an empty one.
    `known` is the latest time that anything else of the store has seen. `is_synchronized()` says whether the
    computer takes its time from the network.
    """

    def __init__(
        self,
        wall: Callable[[], int],
        steady: Callable[[], int],
        not_before: int = 0,
        known: int = 0,
        is_synchronized: Callable[[], bool] = lambda: False,
    ) -> None:
        self._lock = threading.Lock()
        self._wall = wall
        self._steady = steady
        self._is_synchronized = is_synchronized
        self._known = known
        self._latest = not_before or min(known or wall(), wall())  # the last time given out
        self._remainder = 0  # half a millisecond that was not added yet
        self._steady_at = steady()
        self._behind = False
        self._doubted = False
        self()

    def __call__(self) -> int:
        """From any thread."""
        with self._lock:
            return self._read()

    def _read(self) -> int:
        wall, steady_at = self._wall(), self._steady()
        passed, self._steady_at = steady_at - self._steady_at, steady_at
        if wall >= self._latest:
            expected = max(self._latest + passed, self._known)
            if wall - expected <= MAX_GAP_MS or self._is_synchronized():
                return self._agree(wall)
            self._latest = expected
        elif self._latest - wall > HALF_SPEED_MS:
            self._latest += passed
        else:
            self._go_at_half_speed(wall, passed)
            return self._latest
        if not self._doubted:
            self._doubted = True
            log.warning("%s", ClockDoubt(self._latest, wall).text)
        return self._latest

    @property
    def doubt(self) -> ClockDoubt | None:
        """Why this clock goes on by itself; None while it goes by the computer's clock, or nearly."""
        now = self()
        return ClockDoubt(now, self._wall()) if self._doubted else None

    def hear(self, other: int) -> None:
        """Another clock, such as a device's, shows `other` now (ms UTC): it may confirm the computer's."""
        if self._doubted and (wall := self._wall()) > self._latest and abs(other - wall) <= CONFIRMS_MS:
            self._agree(wall)

    def trust(self) -> None:
        """A person says that the computer's clock is right: this one goes by it, also backwards."""
        self._steady_at = self._steady()
        self._agree(self._wall())

    def _agree(self, wall: int) -> int:
        if self._doubted:
            log.warning("the store goes by the computer's clock again: %s", _moment(wall))
        self._latest, self._remainder, self._behind, self._doubted = wall, 0, False, False
        return wall

    def _go_at_half_speed(self, wall: int, passed: int) -> None:
        if not self._behind and self._latest - wall > JUMP_MS:
            log.warning(
                "the computer's clock is %d s behind what is written down; time goes on at half speed"
                " until they agree",
                (self._latest - wall) // 1000,
            )
        self._behind, self._doubted = True, False
        half, self._remainder = divmod(passed + self._remainder, 2)
        self._latest += half


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
