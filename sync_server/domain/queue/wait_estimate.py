"""The wait estimate: the bracket that a shopper is told, and the history it learns from.

A better estimator replaces `quote` and nothing else.
"""

from bisect import bisect_left, insort
from collections import deque
from math import ceil, floor, inf
from statistics import fmean

from msgspec import Struct

from sync_server.domain.line_situation import LineSituation

from .wait_model import MAX_WAIT_S, Bracket, Percentiles, WaitModel, percentile

MAX_SERVICES = 200  # the latest service times of each need that are remembered
TARGET_WEIGHT = 10  # the catalogue's target time counts as much as this many service times
MAX_RECENT = 30  # today's latest waits of each need
MAX_FREE = 200  # the latest waits of shoppers who found somebody free
MIN_FREE = 30  # with fewer of them the guess below is used
FREE_GUESS = Bracket(10.0, 45.0, 120.0)  # to be offered, accept and walk over
TARGET_MISSED = 0.1  # of all waits, the share that may be shorter, and longer, than what was told
STEP = 0.005  # how far one wait moves an end of the bracket
LOW_ENDS, HIGH_ENDS = (0.005, 0.45), (0.55, 0.995)  # the percentiles that the ends may move to
MINUTE_S = 60.0


class Quote(Struct, frozen=True, gc=False):
    """A wait to expect, in seconds. `low_s` and `high_s` are whole minutes, as the shopper is told.

    `median_s` is the most likely wait. `situation` is what the estimate follows from.
    """

    low_s: float
    median_s: float
    high_s: float
    situation: LineSituation


class ToldBracket:
    """Turns a bracket into whole minutes, and moves its ends until 8 of 10 waits are inside.

    Rounding to whole minutes makes a short bracket wider. So the percentiles of the ends follow what came
    about: each end moves outwards a step after a wait beyond it, and inwards a ninth of a step after each
    other wait (adaptive conformal inference: I. Gibbs, E. Candès, NeurIPS 2021).
    """

    def __init__(self) -> None:
        self.percentiles = Percentiles()

    def learn(self, wait_s: float, low_s: float, high_s: float) -> None:
        """Somebody who was told `low_s` to `high_s` waited `wait_s`."""
        low = self.percentiles.low + STEP * (TARGET_MISSED - (wait_s < low_s))
        high = self.percentiles.high - STEP * (TARGET_MISSED - (wait_s > high_s))
        self.percentiles = Percentiles(
            min(max(low, LOW_ENDS[0]), LOW_ENDS[1]), min(max(high, HIGH_ENDS[0]), HIGH_ENDS[1])
        )


def whole_minutes(bracket: Bracket) -> tuple[float, float]:
    """The ends rounded to the nearest minute: at least a minute apart, and the median between them."""
    low = min(floor(bracket.low_s / MINUTE_S + 0.5), floor(bracket.median_s / MINUTE_S))
    high = max(floor(bracket.high_s / MINUTE_S + 0.5), ceil(bracket.median_s / MINUTE_S), low + 1)
    return low * MINUTE_S, high * MINUTE_S


def told_bracket(low_s: float | None, high_s: float | None) -> tuple[float, float] | None:
    """The bracket that a visit was quoted; None if it was quoted none."""
    return None if low_s is None or high_s is None else (low_s, high_s)


class FreeWaits:
    """The waits of shoppers who found somebody free: to be offered, accept and walk over."""

    def __init__(self) -> None:
        self._latest: deque[float] = deque()
        self._ordered: list[float] = []

    def learn(self, wait_s: float) -> None:
        self._latest.append(wait_s)
        insort(self._ordered, wait_s)
        if len(self._latest) > MAX_FREE:
            del self._ordered[bisect_left(self._ordered, self._latest.popleft())]

    @property
    def median_s(self) -> float:
        return FREE_GUESS.median_s if len(self._ordered) < MIN_FREE else percentile(self._ordered, 0.5)

    def bracket(self, percentiles: Percentiles) -> Bracket:
        if len(self._ordered) < MIN_FREE:
            return FREE_GUESS
        low, high = (percentile(self._ordered, share) for share in (percentiles.low, percentiles.high))
        return Bracket(low, self.median_s, high)


class History:
    """What the estimate learns from: service times, and waits.

    Shoppers who found somebody free and shoppers who queued have histories of their own. One history for
    both would make each of the two estimates wrong.
    """

    def __init__(self) -> None:
        self._services: dict[str, deque[float]] = {}
        self._service_means: dict[tuple[str, float], float] = {}  # a cache, by need and target
        self._recent: dict[str, deque[float]] = {}  # today's waits, by need
        self._recent_day = ""
        self._free = FreeWaits()
        self._queued = WaitModel()
        self._told: dict[tuple[str, bool], ToldBracket] = {}  # by need, and whether somebody was free
        self.waits = 0  # how many it has learned from

    def add_service(self, need: str, service_s: float) -> None:
        """A visit with this need was served for `service_s`."""
        self._services.setdefault(need, deque(maxlen=MAX_SERVICES)).append(max(0.0, service_s))
        self._service_means.clear()

    def add_wait(
        self,
        need: str,
        day: str,
        situation: LineSituation,
        wait_s: float,
        told: tuple[float, float] | None = None,
    ) -> None:
        """A shopper who joined this line on `day` waited `wait_s`, and was `told` low and high end (s)."""
        wait_s = min(max(0.0, wait_s), MAX_WAIT_S)
        self.waits += 1
        if day != self._recent_day:
            self._recent.clear()
            self._recent_day = day
        self._recent.setdefault(need, deque(maxlen=MAX_RECENT)).append(wait_s)
        if told is not None:
            self._told.setdefault((need, situation.free), ToldBracket()).learn(wait_s, *told)
        if situation.free:
            self._free.learn(wait_s)
        else:
            self._queued.learn(need, situation, wait_s)

    def service_s(self, need: str, target_s: float) -> float:
        """The mean service time of a need, drawn to `target_s` while there are few service times."""
        if (mean_s := self._service_means.get((need, target_s))) is None:
            mean_s = self._service_means[need, target_s] = self._mean_service_s(need, target_s)
        return mean_s

    def _mean_service_s(self, need: str, target_s: float) -> float:
        services = self._services.get(need)
        if not services:
            return target_s
        known = len(services)
        return (fmean(services) * known + target_s * TARGET_WEIGHT) / (known + TARGET_WEIGHT)

    def recent_wait_s(self, need: str, day: str) -> float | None:
        """The mean of the latest waits with this need on `day`; None if there were none."""
        recent = self._recent.get(need) if day == self._recent_day else None
        return sum(recent) / len(recent) if recent else None

    def median_s(self, need: str, situation: LineSituation) -> float:
        """The most likely wait: that of the bracket, for less work."""
        return self._free.median_s if situation.free else self._queued.median_s(need, situation)

    def bracket(self, need: str, situation: LineSituation, percentiles: Percentiles | None = None) -> Bracket:
        """The 10th to 90th percentile of the wait, to the second."""
        percentiles = percentiles or Percentiles()
        if situation.free:
            return self._free.bracket(percentiles)
        return self._queued.bracket(need, situation, percentiles)

    def quote(self, need: str, situation: LineSituation) -> Quote:
        """The bracket to tell a shopper."""
        told = self._told.get((need, situation.free))
        bracket = self.bracket(need, situation, told.percentiles if told else Percentiles())
        low_s, high_s = whole_minutes(bracket)
        return Quote(low_s, round(bracket.median_s, 1), high_s, situation)


def quote(need: str, situation: LineSituation, history: History, open_s: float = inf) -> Quote | None:
    """The wait to expect with this need. `open_s` is how long the store is still open.

    None if nobody on the floor can help, or probably not before closing time.
    """
    return None if situation.able == 0 else until_closing(history.quote(need, situation), open_s)


def until_closing(told: Quote, open_s: float) -> Quote | None:
    """The quote as far as closing time, when the line ends; None if nothing of it is before that."""
    if told.high_s <= open_s:
        return told
    last_s = floor(open_s / MINUTE_S) * MINUTE_S
    if told.low_s >= last_s:
        return None
    return Quote(told.low_s, min(told.median_s, last_s), last_s, told.situation)
