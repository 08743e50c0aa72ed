"""Computes how shoppers waited hour by hour, for the manager's pages. The other figures: `kpi_report.py`."""

import sqlite3
from collections.abc import Sequence
from statistics import median, quantiles

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.kpi import LEFT_STATES
from sync_server.domain.visit.durations import VisitTimes, waited_s

from .kpi_report import TIMES

MIN_VISITS_OF_HOUR = 4  # an hour with fewer visits may be bad by chance
WORST_HOUR_FACTOR = 1.5  # how much longer the median wait of the worst hour is than the whole day's


class VisitOfDay(Struct, frozen=True):
    """What the hours need of one visit."""

    times: VisitTimes
    state: str
    need: str

    @property
    def wait_s(self) -> float | None:
        """`wait_s` of the visit log. None while waiting, and of a quick resolution."""
        return waited_s(self.times)

    @property
    def left(self) -> bool:
        """Whether the shopper left before anybody served them."""
        return self.times.serving_at is None and self.state in LEFT_STATES


class HourFigures(Struct, frozen=True):
    """How long those waited who came in one hour of the day, in seconds.

    `low` and `high` are the 10th and 90th percentile, `first` and `third` the quartiles, `middle` the
    median. `helped` are the waits of those who were helped, `left` of those who left without help; the
    percentiles are of both together.
    """

    hour: int
    visits: int
    low: float
    first: float
    middle: float
    third: float
    high: float
    helped: tuple[float, ...]
    left: tuple[float, ...]


class WorstHour(Struct, frozen=True):
    """The hour with much longer waits than the rest, and the need whose shoppers waited longest in it."""

    hour: int
    need: str


def visits_of_days(db: sqlite3.Connection, days: Sequence[str]) -> list[VisitOfDay]:
    """The visits of these store-days."""
    rows = db.execute(
        f"SELECT {', '.join(TIMES)}, state, need FROM visits"
        f" WHERE day IN ({','.join('?' * len(days))}) ORDER BY created_at",
        tuple(days),
    )
    return [VisitOfDay(VisitTimes(*row[: len(TIMES)]), *row[len(TIMES) :]) for row in rows]


def hours(visits: Sequence[VisitOfDay], catalogue: Catalogue) -> list[HourFigures]:
    """The waits by the store's local hour of coming, in order. Hours without waits are left out."""
    return [
        _hour(hour, came)
        for hour, came in sorted(_by_hour(visits, catalogue).items())
        if any(v.wait_s is not None for v in came)
    ]


def worst_hour(visits: Sequence[VisitOfDay], catalogue: Catalogue, target_s: float) -> WorstHour | None:
    """The hour with the longest median wait, if that is above the target and far above the rest's."""
    waits = [wait for v in visits if (wait := v.wait_s) is not None]
    candidates = [h for h in hours(visits, catalogue) if h.visits >= MIN_VISITS_OF_HOUR]
    if len(candidates) < 2:
        return None
    worst = max(candidates, key=lambda h: (h.middle, h.hour))
    if worst.middle <= target_s or worst.middle < WORST_HOUR_FACTOR * median(waits):
        return None
    over: dict[str, float] = {}
    for v in _by_hour(visits, catalogue)[worst.hour]:
        over[v.need] = over.get(v.need, 0) + max(0, (v.wait_s or 0) - target_s)
    return WorstHour(worst.hour, max(sorted(over), key=lambda need: over[need]))


def _by_hour(visits: Sequence[VisitOfDay], catalogue: Catalogue) -> dict[int, list[VisitOfDay]]:
    found: dict[int, list[VisitOfDay]] = {}
    for v in visits:
        found.setdefault(catalogue.local(v.times.created_at).hour, []).append(v)
    return found


def _hour(hour: int, came: list[VisitOfDay]) -> HourFigures:
    waits = sorted(wait for v in came if (wait := v.wait_s) is not None)
    if len(waits) == 1:
        low = first = middle = third = high = waits[0]
    else:
        twentieths = quantiles(waits, n=20, method="inclusive")
        low, first, middle, third, high = (twentieths[i] for i in (1, 4, 9, 14, 17))
    helped = tuple(wait for v in came if (wait := v.wait_s) is not None and not v.left)
    left = tuple(v.wait_s or 0 for v in came if v.left)
    return HourFigures(hour, len(waits), low, first, middle, third, high, helped, left)
