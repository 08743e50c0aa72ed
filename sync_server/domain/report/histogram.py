"""Histograms of durations: how many visits took how many whole seconds. They add up over days.

Durations are rounded up, so that “at most 60 s” holds for the same visits before and after.
"""

from collections.abc import Sequence
from math import ceil

from sync_server.domain.kpi import Distribution

Counts = dict[int, int]  # a number, and how often it was seen
Histogram = Counts  # of whole seconds

STEPS_S = ((60, 1), (600, 5), (3600, 30))  # up to a minute exact, then in steps of 5 s, then of 30 s
LONGEST_STEP_S = 300


def add(histogram: Histogram, seconds: float | None) -> None:
    """Counts a duration, to the second; one that is not known is not counted."""
    if seconds is not None:
        at = whole_seconds(seconds)
        histogram[at] = histogram.get(at, 0) + 1


def add_coarse(histogram: Histogram, seconds: float | None) -> None:
    """Counts a duration in fewer steps: for the many histograms of a picture."""
    if seconds is not None:
        at = coarse(seconds)
        histogram[at] = histogram.get(at, 0) + 1


def whole_seconds(seconds: float) -> int:
    """Rounded up. Times are known to the millisecond: what is beyond that comes from adding fractions."""
    return ceil(round(seconds, 3))


def coarse(seconds: float) -> int:
    """Rounded up: to 1 s up to a minute, to 5 s up to ten minutes, to 30 s up to an hour, else to 300 s."""
    whole = whole_seconds(seconds)
    step = next((step for until, step in STEPS_S if whole <= until), LONGEST_STEP_S)
    return -(-whole // step) * step


def count(histogram: Histogram) -> int:
    """How many visits there are."""
    return sum(histogram.values())


def count_within(histogram: Histogram, limit_s: float) -> int:
    """How many took at most so long."""
    return sum(visits for seconds, visits in histogram.items() if seconds <= limit_s)


def quantiles(histogram: Histogram, shares: Sequence[float]) -> list[float]:
    """The durations below which these shares of the visits are; `shares` rise from 0 to 1.

    Interpolates as Hyndman and Fan's type 7 (Sample quantiles in statistical packages, The American
    Statistician 50, 1996). Raises ValueError for an empty histogram.
    """
    if not histogram:
        raise ValueError("an empty histogram has no quantiles")
    last = count(histogram) - 1
    found: list[float] = []
    steps = iter(sorted(histogram.items()))
    value, seen = next(steps)
    for share in shares:
        position = round(share * last, 6)
        rank = int(position)
        while seen <= rank:
            value, visits = next(steps)
            seen += visits
        following = value
        if position > rank and seen <= rank + 1:
            following = min(seconds for seconds in histogram if seconds > value)
        found.append(value + (following - value) * (position - rank))
    return found


def median(histogram: Histogram) -> float | None:
    """The median; None of nothing."""
    return quantiles(histogram, (0.5,))[0] if histogram else None


def distribution(histogram: Histogram) -> Distribution:
    """Median, 90th percentile and number, of durations rounded up to whole seconds."""
    if not histogram:
        return Distribution(None, None, 0)
    middle, p90 = quantiles(histogram, (0.5, 0.9))
    return Distribution(round(middle, 3), round(p90, 3), count(histogram))


def mean(counts: Counts) -> float | None:
    """The mean of the numbers; None of nothing."""
    visits = count(counts)
    return sum(number * times for number, times in counts.items()) / visits if visits else None
