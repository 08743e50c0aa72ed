"""A clock that only tests move."""

from .sample_store import MONDAY_10


class FakeClock:
    """The time, ms UTC. Only a test moves it."""

    def __init__(self, now: int = MONDAY_10) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def after(self, seconds: float) -> int:
        self.now += int(seconds * 1000)
        return self.now
