"""Reads the recorded calls, and which employee can do what."""

import csv
import lzma
from collections import Counter, defaultdict
from pathlib import Path

from msgspec import Struct

CALLS = Path(__file__).with_name("calls.csv.xz")
FOLDS = {
    "feb": ("1999-02-15", "1999-02-28"),
    "aug": ("1999-08-16", "1999-08-31"),
    "oct": ("1999-10-16", "1999-10-31"),
}
OPENS_S = 7 * 3600  # who called earlier is not scored
CREDIT_S = 90.0  # how much earlier the highest priority counts as having come
NO_NAME = "?"
SPECIALISTS = "IN"  # the need, and the beginning of their codes, that has people of its own
COMMON_NEEDS = frozenset(("PS", "NW", "NE", "PE", "TT"))


class Call(Struct, frozen=True):
    """One call; times in seconds since midnight. `start` is None for a caller who gave up."""

    arrival: int
    start: int | None
    end: int
    queued: bool
    need: str
    priority: int
    agent: str

    @property
    def counts_from(self) -> float:
        """Where it stands in the line: earlier ones are served first."""
        return self.arrival - (CREDIT_S if self.priority == 2 else 0)


def pool(need: str) -> str:
    """The employees who serve a need."""
    return SPECIALISTS if need == SPECIALISTS else "MAIN"


def read(path: Path = CALLS) -> dict[str, list[Call]]:
    """The calls of each day, the earliest day first."""
    days: dict[str, list[Call]] = defaultdict(list)
    with lzma.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            start = int(row["start_s"]) if row["outcome"] == "served" else None
            days[row["day"]].append(
                Call(
                    int(row["arrival_s"]), start, int(row["end_s"]), row["queued"] == "1",
                    row["need"], int(row["priority"]), row["agent"],
                )
            )  # fmt: skip
    return dict(sorted(days.items()))


class Skills:
    """Who can do what, as seen on earlier days: a need that they took 3 times, and in 1 % of their calls."""

    def __init__(self) -> None:
        self._taken: dict[str, Counter[str]] = defaultdict(Counter)
        self._known: dict[str, frozenset[str]] = {}

    def learn(self, calls: list[Call]) -> None:
        for call in calls:
            if call.start is not None and call.agent != NO_NAME:
                self._taken[call.agent][call.need] += 1
        for agent, taken in self._taken.items():
            least = max(3.0, 0.01 * sum(taken.values()))
            self._known[agent] = frozenset(need for need, count in taken.items() if count >= least)

    def of(self, agent: str) -> frozenset[str]:
        if known := self._known.get(agent):
            return known
        return frozenset((SPECIALISTS,)) if agent.startswith(SPECIALISTS) else COMMON_NEEDS
