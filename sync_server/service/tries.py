"""Slows down guessing: who tried wrongly how often, and how long they must wait."""

from collections.abc import Iterable

from msgspec import Struct


class Pauses(Struct, frozen=True):
    """`free` wrong tries cost nothing; the next pause is `first_s`, doubled with each further one.

    A wrong try is forgiven each `forgive_s` without another.
    """

    free: int
    first_s: int
    longest_s: int
    forgive_s: int


class Tried(Struct, frozen=True):
    """One row: how often, when last, and until when to wait. Times are ms UTC."""

    who: str
    wrong: int
    at: int
    until: int


class Tries:
    """Keeps count for everybody; `longest_s` is the worst anybody ever waits, so nobody is locked out."""

    def __init__(self, pauses: Pauses, known: Iterable[Tried] = ()) -> None:
        self.pauses = pauses
        self._tried = {tried.who: tried for tried in known}

    def wait_s(self, who: str, now: int) -> int:
        """Whole seconds until `who` may try again; 0 if at once. `now` in ms."""
        tried = self._tried.get(who)
        if tried is None:
            return 0
        # A clock that was set back must not make a pause longer than it ever is.
        until = min(tried.until, now + self.pauses.longest_s * 1000)
        return max(0, -(-(until - now) // 1000))

    def wrong(self, who: str, now: int) -> Tried:
        """Counts a wrong try; the row as it is now."""
        self._drop_forgiven(now)
        before = self._tried.get(who)
        wrong = (before.wrong - self._forgiven(before, now) if before else 0) + 1
        over = wrong - self.pauses.free
        # The doubling stops long before the number gets large.
        pause = min(self.pauses.first_s * 2 ** min(over, 30), self.pauses.longest_s) if over >= 0 else 0
        tried = self._tried[who] = Tried(who, wrong, now, now + pause * 1000)
        return tried

    def right(self, who: str) -> bool:
        """Begins anew for `who`; whether there was anything to forget."""
        return self._tried.pop(who, None) is not None

    def _forgiven(self, tried: Tried, now: int) -> int:
        return min(tried.wrong, max(0, now - max(tried.at, tried.until)) // (self.pauses.forgive_s * 1000))

    def _drop_forgiven(self, now: int) -> None:
        for tried in [t for t in self._tried.values() if self._forgiven(t, now) >= t.wrong]:
            del self._tried[tried.who]
