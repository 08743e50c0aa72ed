"""Estimates the server's clock from its messages and from how long they were on the way."""

DRIFT_MS = 1  # each answer that does not improve the estimate adds this much to its possible error


class ServerClock:
    """How far the server's clock is `ahead` of this device's steady clock, ms.

    An unasked message was on its way for an unknown time, so it only gives a lower bound. An answer
    was written between its question and its arrival: the middle of the two is wrong by at most half
    of the round trip. The estimate of the quickest answer is kept until an answer contradicts it,
    which happens at once if the server's clock jumps.

    In a demo the server's clock goes `pace` times as fast as the steady clock. Everything is then
    computed from the steady clock's time × `pace`.
    """

    def __init__(self, ahead: int | None = None, pace: int = 1) -> None:
        self.ahead = ahead
        self._pace = pace
        self._max_error: float = float("inf")

    def now(self, now: int) -> int | None:
        """The server's time, ms UTC; None before the first message."""
        return None if self.ahead is None else now * self._pace + self.ahead

    def observe_message(self, at: int, now: int) -> None:
        """The server's clock showed `at` at some time before `now`."""
        low = at - now * self._pace
        if self.ahead is None or self._max_error == float("inf") or low > self.ahead:
            self.ahead = low

    def observe_answer(self, at: int, asked: int, now: int) -> None:
        """The server's clock showed `at` at some time between `asked` and `now`."""
        low, high = at - now * self._pace, at - asked * self._pace
        error = (high - low + 1) // 2  # rounded up, because the middle is rounded to whole milliseconds
        nearest = None if self.ahead is None else min(max(self.ahead, low), high)
        contradicted = nearest is None or self.ahead is None or abs(nearest - self.ahead) > self._max_error
        if contradicted or error <= self._max_error:
            self.ahead, self._max_error = (low + high) // 2, error
        else:
            self.ahead = nearest
            self._max_error += DRIFT_MS
