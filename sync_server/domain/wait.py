"""How long will it be? The honest bracket a shopper is told, and what it learns from.

A better estimator replaces `quote` and nothing else.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from math import ceil, floor

from msgspec import Struct

MOST_OUTCOMES = 500  # the latest
LEARN_FROM = 30  # fewer similar quotes than this teach nothing yet
SPREAD_LOW, SPREAD_HIGH = 1.6, 2.2
SIMILAR = 2.0  # quotes within this factor of each other are alike
FEWEST_SERVICES = 5  # below this the catalogue's target time is used


class Quote(Struct, frozen=True, gc=False):
    """A bracket in seconds. `low_s` and `high_s` are whole minutes: exactly what the shopper is told.

    `median_s` is the likeliest single figure; `expected_s` is what the formula alone says, kept
    to learn from.
    """

    low_s: float
    median_s: float
    high_s: float
    expected_s: float


class Outcome(Struct, frozen=True, gc=False):
    """What was expected of a wait, by the formula, and what it came to, in seconds."""

    expected_s: float
    wait_s: float

    @property
    def ratio(self) -> float:
        return self.wait_s / self.expected_s


class Spread(Struct, frozen=True, gc=False):
    """What waits came to, as factors of what was expected: the 10th, 50th and 90th percentile."""

    low: float
    middle: float
    high: float


class History:
    """What the estimator learns from: the latest service times of each need, and quotes that came due.

    What it has learned is worked out once and asked for with every quote.
    """

    def __init__(self) -> None:
        self._services: dict[str, deque[float]] = {}
        self._medians: dict[str, float] = {}
        self._quotes: dict[float, Quote] = {}
        self.outcomes: deque[Outcome] = deque()
        # The same in the order of what was expected, so that the similar ones stand side by side.
        self._expected: list[float] = []
        self._ratios: list[float] = []

    def served(self, need: str, service_s: float) -> None:
        known = self._services.setdefault(need, deque(maxlen=50))
        known.append(service_s)
        self._medians.pop(need, None)

    def waited(self, expected_s: float, wait_s: float) -> None:
        self._quotes.clear()
        outcome = Outcome(expected_s, wait_s)
        self.outcomes.append(outcome)
        if expected_s > 0:
            place = bisect_right(self._expected, expected_s)
            self._expected.insert(place, expected_s)
            self._ratios.insert(place, outcome.ratio)
        if len(self.outcomes) > MOST_OUTCOMES:
            self._leave_out(self.outcomes.popleft())

    def _leave_out(self, oldest: Outcome) -> None:
        if oldest.expected_s > 0:
            place = self._ratios.index(oldest.ratio, bisect_left(self._expected, oldest.expected_s))
            del self._expected[place], self._ratios[place]

    def service_s(self, need: str, target_s: float) -> float:
        """The median service time of a need; its target while there are too few to go by."""
        if (known := self._medians.get(need)) is None:
            services = self._services.get(need, ())
            if len(services) < FEWEST_SERVICES:
                return target_s
            known = self._medians[need] = middle(sorted(services))
        return known

    def spread(self, expected_s: float) -> Spread:
        """How waits like this one came out; a wide guess while fewer than thirty are known."""
        first = bisect_left(self._expected, expected_s / SIMILAR)
        after = bisect_right(self._expected, expected_s * SIMILAR)
        if after - first < LEARN_FROM:
            return Spread(1 / SPREAD_LOW, 1.0, SPREAD_HIGH)
        ratios = sorted(self._ratios[first:after])
        return Spread(tenth(ratios, 1), tenth(ratios, 5), tenth(ratios, 9))

    def quote(self, expected_s: float) -> Quote:
        """What to tell somebody of whom the formula expects such a wait."""
        if (known := self._quotes.get(expected_s)) is None:
            known = self._quotes[expected_s] = _bracket(expected_s, self.spread(expected_s))
        return known


def _bracket(expected_s: float, came_to: Spread) -> Quote:
    return Quote(
        low_s=floor(expected_s * came_to.low / 60) * 60.0,
        median_s=round(expected_s * came_to.middle, 1),
        high_s=max(60.0, ceil(expected_s * came_to.high / 60) * 60.0),
        expected_s=round(expected_s, 1),
    )


def tenth(in_order: Sequence[float], n: int) -> float:
    """The n-th of the nine figures that part these, lowest first, into ten alike; not of none."""
    place, rest = divmod(n * (len(in_order) - 1), 10)
    return (in_order[place] * (10 - rest) + in_order[place + 1] * rest) / 10


def middle(in_order: Sequence[float]) -> float:
    """The median of these, lowest first; not of none."""
    half = len(in_order) // 2
    return in_order[half] if len(in_order) % 2 else (in_order[half - 1] + in_order[half]) / 2


def quote(ahead: int, service_s: float, able: int, history: History) -> Quote | None:
    """The bracket for somebody with so many ahead; None when nobody on the floor can help.

    ahead      visits before theirs that compete for the same employees
    service_s  the median expected service of those, seconds; with nobody ahead, of the shopper's own need
    able       employees on the floor with the skills, busy or not

    expected = (ahead + 1) × median service ÷ employees: with all of them busy, one of them comes
    free every service ÷ employees (the mean delay of an M/M/c queue that is full, with n ahead:
    (n + 1) ÷ (c·µ)). The bracket is the 10th to 90th percentile of how similar quotes came out.
    """
    if able == 0:
        return None
    return history.quote((ahead + 1) * max(1.0, service_s) / able)
