"""Rate limiters: a token bucket, a sliding window, and one limiter for each key.

None of them has a clock: `now` is an argument, in ms. Where it goes back a little, nothing is gained by it.
"""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

L = TypeVar("L")


class TokenBucket:
    """Holds up to `burst` tokens and gains `per_s` tokens a second. It is full at the first call."""

    def __init__(self, burst: float, per_s: float) -> None:
        self._burst = burst
        self._per_s = per_s
        self._tokens = float(burst)
        self._at: float | None = None

    def take(self, now: float, cost: float = 1) -> bool:
        """Takes `cost` tokens if there are as many; whether there were."""
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        self._tokens = min(self._burst, self._tokens + passed * self._per_s / 1000)
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True


class SlidingWindow:
    """At most `limit` events within any `window_ms`."""

    def __init__(self, limit: int, window_ms: int) -> None:
        self._limit = limit
        self._window_ms = window_ms
        self._events: deque[float] = deque()

    def is_full(self, now: float) -> bool:
        """Whether one more event would be too many."""
        while self._events and abs(now - self._events[0]) >= self._window_ms:
            self._events.popleft()
        return len(self._events) >= self._limit

    def add(self, now: float) -> None:
        """Counts an event."""
        self._events.append(now)

    def take(self, now: float) -> bool:
        """Counts an event unless it would be one too many; whether it was counted."""
        if self.is_full(now):
            return False
        self.add(now)
        return True

    def left(self, now: float) -> int:
        """How many more events there may be now."""
        return 0 if self.is_full(now) else self._limit - len(self._events)

    def free_in_ms(self, now: float) -> float:
        """How long until the oldest event counts no more; 0 where none counts."""
        self.is_full(now)  # forgets what is over
        return self._window_ms - abs(now - self._events[0]) if self._events else 0.0


class PerKey(Generic[L]):
    """A limiter for each key, such as an address. All are forgotten when there would be too many."""

    def __init__(self, make: Callable[[], L], max_keys: int = 2000) -> None:
        self._make = make
        self._max_keys = max_keys
        self._limiters: dict[Hashable, L] = {}

    def __len__(self) -> int:
        return len(self._limiters)

    def of(self, key: Hashable) -> L:
        """The limiter of this key."""
        limiter = self._limiters.get(key)
        if limiter is None:
            if len(self._limiters) >= self._max_keys:
                self._limiters.clear()
            limiter = self._limiters[key] = self._make()
        return limiter

    def find(self, key: Hashable) -> L | None:
        """The limiter of this key, if `of` has made one."""
        return self._limiters.get(key)

    def clear(self) -> None:
        self._limiters.clear()
