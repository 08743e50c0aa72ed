"""Recognises a device file that two computers use.

A device has one session, so the two would close each other's for ever. A process of a device names its
run in Hello, and a new run takes the session over: that is a restart. But a run that was replaced never
comes back. If runs do, again and again while the other one is connected, two computers take turns.

A device of 0.1.0 names no run, and understands no message that excludes it. Its connection serves instead, to
notice that two take turns: a connection that was replaced does not come back either.
"""

from enum import Enum

RETURNS = 3  # a frame that was long on its way looks like one return
WITHIN_MS = 60_000  # returns longer ago than this do not count
MAX_RUNS = 8  # remembered for a device


class Verdict(Enum):
    """What becomes of a Hello."""

    ACCEPT = "accept"
    ACCEPT_AND_EXCLUDE_OTHER = "accept and exclude other"
    EXCLUDE = "exclude"


class _Runs:
    """The runs of one device, in the order in which they first came."""

    def __init__(self) -> None:
        self.known: list[str] = []
        self.excluded: set[str] = set()
        self._returned_at: list[int] = []

    def add(self, run: str) -> bool:
        """Whether this run has come before."""
        if run in self.known:
            return True
        self.known.append(run)
        del self.known[:-MAX_RUNS]
        return False

    def take_turns(self, at: int) -> bool:
        """A run has come back `at` this time: whether that happens again and again."""
        self._returned_at = [*(t for t in self._returned_at if at - t < WITHIN_MS), at]
        if len(self._returned_at) < RETURNS:
            return False
        self._returned_at.clear()
        return True


class DuplicateDetector:
    """Decides on each Hello. The run that came first goes on, the other one may not take part."""

    def __init__(self) -> None:
        self._devices: dict[str, _Runs] = {}

    def judge(self, device_id: str, run: str, connected: str | None, at: int) -> Verdict:
        """`connected` is the run that has the device's session, None for no session.

        `at` is a steady clock, ms. A device that names no run is always accepted.
        """
        if not run:
            return Verdict.ACCEPT
        runs = self._devices.setdefault(device_id, _Runs())
        returns = runs.add(run)
        if not connected or connected == run:
            runs.excluded.discard(run)
            return Verdict.ACCEPT
        if run in runs.excluded:
            return Verdict.EXCLUDE
        if not (returns and runs.take_turns(at)):
            return Verdict.ACCEPT
        first = min(run, connected, key=runs.known.index) if connected in runs.known else run
        runs.excluded = {run, connected} - {first}
        return Verdict.ACCEPT_AND_EXCLUDE_OTHER if first == run else Verdict.EXCLUDE

    def take_turns(self, device_id: str, connection: str, connected: str, at: int) -> bool:
        """Whether two computers of version 0.1.0 push each other out with this device's file.

        `connection` said Hello, and `connected` had the session.
        """
        runs = self._devices.setdefault(device_id, _Runs())
        return runs.add(connection) and connection != connected and runs.take_turns(at)
