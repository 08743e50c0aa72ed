"""The server's clock as a device reckons it, from what the server says and how long that took."""

DRIFT_MS = 1  # by how much a reckoning may be off more with each answer that did not better it


class ServerClock:
    """How far the server's clock is ahead of a clock of this device that never jumps.

    A word of the server was on its way for a time nobody knows, so it only says "at least". An
    answer lies between its question and its coming: its middle is off by at most half of that.
    The reckoning of the quickest answer stays until one contradicts it, which a jump of the
    server's clock does at once.
    """

    def __init__(self, ahead: int | None = None) -> None:
        self.ahead = ahead
        self._off: float = float("inf")

    def now(self, now: int) -> int | None:
        """The server's time, ms UTC; None before the first word."""
        return None if self.ahead is None else now + self.ahead

    def heard(self, at: int, now: int) -> None:
        """The server said it was `at`, some time before `now`."""
        if self.ahead is None or self._off == float("inf") or at - now > self.ahead:
            self.ahead = at - now

    def answered(self, at: int, asked: int, now: int) -> None:
        """The server said it was `at`, some time between `asked` and `now`."""
        low, high = at - now, at - asked
        off = (high - low + 1) // 2  # rounded up, as the middle is rounded to whole milliseconds
        nearest = None if self.ahead is None else min(max(self.ahead, low), high)
        contradicted = nearest is None or self.ahead is None or abs(nearest - self.ahead) > self._off
        if contradicted or off <= self._off:
            self.ahead, self._off = (low + high) // 2, off
        else:
            self.ahead = nearest
            self._off += DRIFT_MS
