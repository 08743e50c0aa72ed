"""Forecasts how many shoppers come in each half-hour of a day for each skill, and how wrong it was lately.

The forecast is the mean of the same weekday and half-hour of recent weeks, times the trend. Days with hours
of their own (`dates` in `store.toml`: holidays, Sundays before Christmas) are no example for other days.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from math import exp, log, sqrt

from msgspec import Struct

WEEKS = 8  # how many weeks back a forecast looks
TESTED_WEEKS = 4  # the weeks on which it is tested
MIN_DAYS = 7  # with fewer days to compare, nothing is said about the error
MAX_GROWTH = 2.0  # a trend makes a forecast at most so much larger, or smaller
SURE = 2.0  # how many standard deviations of chance a trend must exceed

Cell = tuple[str, int]  # the skill, and the half-hour of the local day: 19 is 09:30 to 10:00
Counts = Mapping[Cell, int]


class ArrivalHistory(Struct, frozen=True):
    """Visits by day. `special` are the days with hours of their own. A day without visits was closed."""

    days: Mapping[date, Counts]
    special: frozenset[date] = frozenset()

    def ordinary(self, until: date, weeks: int) -> list[date]:
        """The ordinary days with visits in the `weeks` weeks before `until`."""
        before = (until - timedelta(days=ago) for ago in range(7 * weeks, 0, -1))
        return [day for day in before if day not in self.special and self.days.get(day)]


class ForecastError(Struct, frozen=True):
    """How far the forecasts of the last weeks were off, each made from what was known before its week.

    Visits per half-hour and skill: `visits` is how many came on average, `off` by how much the forecast
    missed on average, and `by_chance` how much a perfect forecast would miss, because shoppers come at
    random. `too_high` is how much more was forecast than came, as a share: negative if less was.
    """

    visits: float
    off: float
    by_chance: float
    too_high: float


def forecast(history: ArrivalHistory, day: date, until: date) -> dict[Cell, float]:
    """The visits expected on `day`, from the days before `until`. Empty if there are none.

    A weekday that was never seen is taken as the mean of the days that were.
    """
    days = history.ordinary(until, WEEKS)
    same = [other for other in days if other.weekday() == day.weekday()] or days
    if not same:
        return {}
    total: Counter[Cell] = Counter()
    for other in same:
        total.update(history.days[other])
    ago = sum((day - other).days for other in same) / len(same)
    factor = growth(history, until, ago / 7)
    return {cell: factor * visits / len(same) for cell, visits in total.items()}


def growth(history: ArrivalHistory, until: date, weeks: float) -> float:
    """By which factor visits change over `weeks`, as they did from the first to the second half of WEEKS.

    Compares weekdays that both halves have. A change that chance alone explains is none: visits of random
    arrivals vary as their square root, so log(b ÷ a) does by √(1/a + 1/b).
    """
    days = history.ordinary(until, WEEKS)
    middle = until - timedelta(weeks=WEEKS // 2)
    earlier, later = _by_weekday(history, days, None, middle), _by_weekday(history, days, middle, None)
    both = earlier.keys() & later.keys()
    if not both:
        return 1.0
    before = sum(mean for mean, _ in (earlier[weekday] for weekday in both))
    after = sum(mean for mean, _ in (later[weekday] for weekday in both))
    counted = (sum(seen[weekday][1] for weekday in both) for seen in (earlier, later))
    chance = sqrt(sum(1 / visits for visits in counted))
    change = log(after / before)
    if abs(change) <= SURE * chance:
        return 1.0
    limit = log(MAX_GROWTH)
    return exp(max(-limit, min(limit, change * weeks / (WEEKS / 2))))


def _by_weekday(
    history: ArrivalHistory, days: Iterable[date], first: date | None, end: date | None
) -> dict[int, tuple[float, int]]:
    """The mean visits of each weekday from `first` to before `end`, and how many visits those were."""
    found: dict[int, list[int]] = {}
    for day in days:
        if (first is None or day >= first) and (end is None or day < end):
            found.setdefault(day.weekday(), []).append(sum(history.days[day].values()))
    return {weekday: (sum(visits) / len(visits), sum(visits)) for weekday, visits in found.items()}


def recent_error(history: ArrivalHistory, until: date) -> ForecastError | None:
    """The error of the forecasts for the TESTED_WEEKS before `until`. None: too few days to say."""
    came = off = by_chance = expected = 0.0
    cells = days = 0
    for week in range(TESTED_WEEKS, 0, -1):
        known_until = until - timedelta(weeks=week)
        for day in (known_until + timedelta(days=n) for n in range(7)):
            actual = history.days.get(day)
            guess = forecast(history, day, known_until)
            if not actual or not guess or day in history.special:
                continue
            days += 1
            for cell in guess.keys() | actual.keys():
                visits, mean = actual.get(cell, 0), guess.get(cell, 0.0)
                cells += 1
                came += visits
                expected += mean
                off += abs(visits - mean)
                by_chance += _mean_deviation(mean)
    if days < MIN_DAYS:
        return None
    return ForecastError(came / cells, off / cells, by_chance / cells, expected / came - 1)


def _mean_deviation(mean: float) -> float:
    """The mean absolute deviation of a Poisson number: 2 · e^(−m) · m^(k+1) ÷ k!, k = ⌊m⌋.

    E. L. Crow, The mean deviation of the Poisson distribution, Biometrika 45, 1958. Computed as a logarithm,
    because its factors are too large for a float.
    """
    if mean <= 0:
        return 0.0
    whole = int(mean)
    return 2 * exp(-mean + (whole + 1) * log(mean) - sum(log(n) for n in range(2, whole + 1)))
