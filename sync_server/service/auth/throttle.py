"""Slows down guessing: counts wrong tries, and says how long to wait before the next one."""

import sqlite3
from collections.abc import Iterable

from msgspec import Struct


class ThrottlePolicy(Struct, frozen=True):
    """`free` wrong tries have no pause; the next pause is `first_s`, doubled with each further wrong try.

    One wrong try is forgiven after each `forgive_s` without another.
    """

    free: int
    first_s: int
    longest_s: int
    forgive_s: int


class ThrottleState(Struct, frozen=True):
    """The wrong tries of one subject: how many, when the last was, until when to wait. Times in ms UTC."""

    who: str
    wrong: int
    at: int
    until: int


class Throttle:
    """Counts for each subject. Nobody is locked out: no pause is longer than `policy.longest_s`."""

    def __init__(self, policy: ThrottlePolicy, states: Iterable[ThrottleState] = ()) -> None:
        self.policy = policy
        self._states = {state.who: state for state in states}

    def wait_s(self, who: str, now: int) -> int:
        """Whole seconds until `who` may try again; 0 if at once. `now` in ms."""
        state = self._states.get(who)
        if state is None:
            return 0
        # A clock that was set back must not make a pause longer than the longest.
        until = min(state.until, now + self.policy.longest_s * 1000)
        return max(0, -(-(until - now) // 1000))

    def failed(self, who: str, now: int) -> ThrottleState:
        """Counts a wrong try. Returns the new state. `now` in ms."""
        self._remove_forgiven(now)
        before = self._states.get(who)
        wrong = (before.wrong - self._forgiven(before, now) if before else 0) + 1
        beyond = wrong - self.policy.free
        # 30: the doubling stops long before the number becomes large.
        pause_s = min(self.policy.first_s * 2 ** min(beyond, 30), self.policy.longest_s) if beyond >= 0 else 0
        state = self._states[who] = ThrottleState(who, wrong, now, now + pause_s * 1000)
        return state

    def succeeded(self, who: str) -> bool:
        """Forgets the wrong tries of `who`. Whether there were any."""
        return self._states.pop(who, None) is not None

    def _forgiven(self, state: ThrottleState, now: int) -> int:
        return min(state.wrong, max(0, now - max(state.at, state.until)) // (self.policy.forgive_s * 1000))

    def _remove_forgiven(self, now: int) -> None:
        for state in [s for s in self._states.values() if self._forgiven(s, now) >= s.wrong]:
            del self._states[state.who]


def read_throttle(db: sqlite3.Connection) -> list[ThrottleState]:
    """The states that are on disk: those of PINs."""
    return [ThrottleState(*row) for row in db.execute("SELECT who, wrong, at, until FROM tries")]


def write_throttle(db: sqlite3.Connection, states: Iterable[ThrottleState]) -> None:
    """Writes these states over the old ones."""
    db.executemany(
        "INSERT OR REPLACE INTO tries (who, wrong, at, until) VALUES (?,?,?,?)",
        [(state.who, state.wrong, state.at, state.until) for state in states],
    )


def clear_throttle(db: sqlite3.Connection, who: str) -> None:
    """Removes the state of `who`."""
    db.execute("DELETE FROM tries WHERE who = ?", (who,))
