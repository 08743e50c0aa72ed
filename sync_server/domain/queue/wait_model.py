"""The wait of a shopper for whom nobody is free: learned from how earlier waits turned out.

log(wait + 15 s) is a weighted sum of eight features of the line. The weights begin as the queueing formula
itself, so the first day of a shop has a sane answer, and each wait that ends corrects them. A second sum
learns how far the first is usually off. `docs/reference/waits.md` explains both and what was tried.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from math import exp, log, log1p

from msgspec import Struct

from sync_server.domain.line_situation import LineSituation

from .least_squares import RecursiveLeastSquares

OFFSET_S = 15.0  # added before the logarithm: a second more or less matters little to a short wait
MAX_WAIT_S = 4 * 3600.0  # no feature and no estimate is longer
NO_IDLE_S = 999.0  # stands for "nobody who could help has nothing to do"
FORGETTING = 0.9995  # a memory of about 2,000 waits
PRECISION = 30.0  # how sure the first weights are, other than the constant
FIRST_SPREAD = -1.0  # the logarithm of the usual error, before anything is known
SPREADS = (-3.0, 1.0)  # its bounds
MIN_ERROR = 0.1  # added to an error before its logarithm
NEED_FORGETTING, NEED_CAUTION = 0.998, 20.0  # the correction of each need: its memory, and how it begins
MAX_OUTCOMES = 2_000  # the latest outcomes that are remembered
SIMILAR = 200  # the bracket comes from this many of them: those with the most similar estimate
MIN_SIMILAR = 30  # with fewer outcomes the guess below is used
GUESS_LOW, GUESS_HIGH, GUESS_MORE_S = 2.5, 2.4, 45.0  # wait ÷ 2.5 to wait × 2.4 + 45 s


class Percentiles(Struct, frozen=True):
    """The shares of waits that shall be shorter than a bracket's low and high end."""

    low: float = 0.1
    high: float = 0.9


class Bracket(Struct, frozen=True, gc=False):
    """The likely wait, seconds: its low end, the most likely, and its high end."""

    low_s: float
    median_s: float
    high_s: float


class NeedCorrection:
    """How the waits with one need differ from the estimate for all needs.

    `shift` is their mean error. `spread` is the mean size of their errors, in units of the usual error. Both
    begin as if NEED_CAUTION waits had shown no difference.
    """

    def __init__(self) -> None:
        self._errors = self._sizes = self._weight = 0.0
        self.shift, self.spread = 0.0, 1.0

    def learn(self, error: float, size: float) -> None:
        self._errors = NEED_FORGETTING * self._errors + error
        self._sizes = NEED_FORGETTING * self._sizes + size
        self._weight = NEED_FORGETTING * self._weight + 1
        self.shift = self._errors / (self._weight + NEED_CAUTION)
        self.spread = (self._sizes + NEED_CAUTION) / (self._weight + NEED_CAUTION)


class WaitModel:
    """Estimates the wait in a line, and learns from each wait that ends."""

    def __init__(self) -> None:
        precision = [1.0, *[PRECISION] * 7]
        self._log_wait = RecursiveLeastSquares([0, 1, 0, 0, 0, 0, 0, 0], precision, FORGETTING)
        self._log_error = RecursiveLeastSquares([FIRST_SPREAD, *[0] * 7], precision, FORGETTING)
        self._needs: dict[str, NeedCorrection] = {}
        # The outcomes, sorted by what was estimated, so that similar ones are neighbours: the logarithms of
        # the estimates, and beside each the error in units of the usual error.
        self._estimates: list[float] = []
        self._errors: list[float] = []
        self._latest: deque[tuple[float, float]] = deque()
        # A cache until the next outcome: `_errors` in rising order, by where the slice of them begins.
        self._ordered: dict[int, list[float]] = {}

    def median_s(self, need: str, situation: LineSituation) -> float:
        """The most likely wait alone, which is a third of the work."""
        return _seconds(self._estimate(need, _features(situation)))

    def bracket(self, need: str, situation: LineSituation, percentiles: Percentiles) -> Bracket:
        """The wait to expect. It is finite and not negative, whatever was learned."""
        features = _features(situation)
        log_wait = self._estimate(need, features)
        median_s = _seconds(log_wait)
        errors = self._similar(log_wait)
        if len(errors) < MIN_SIMILAR:
            high_s = min(median_s * GUESS_HIGH + GUESS_MORE_S, MAX_WAIT_S)
            return Bracket(median_s / GUESS_LOW, median_s, high_s)
        usual = self._usual_error(features)
        if need in self._needs:
            usual *= self._needs[need].spread
        low_s = _seconds(log_wait + usual * percentile(errors, percentiles.low))
        high_s = _seconds(log_wait + usual * percentile(errors, percentiles.high))
        return Bracket(min(low_s, median_s), median_s, max(high_s, median_s))

    def learn(self, need: str, situation: LineSituation, wait_s: float) -> None:
        """A shopper who joined this line waited `wait_s`."""
        features = _features(situation)
        log_wait = self._estimate(need, features)
        observed = _logarithm(wait_s)
        error = observed - log_wait
        usual = self._usual_error(features)
        of_need = self._needs.setdefault(need, NeedCorrection())
        outcome = (log_wait, error / (usual * of_need.spread))
        of_need.learn(observed - self._log_wait.predict(features), abs(error) / usual)
        self._log_wait.learn(features, observed)
        self._log_error.learn(features, log(abs(error) + MIN_ERROR))
        self._ordered.clear()
        self._latest.append(outcome)
        place = bisect_left(self._estimates, log_wait)
        self._estimates.insert(place, log_wait)
        self._errors.insert(place, outcome[1])
        if len(self._latest) > MAX_OUTCOMES:
            self._forget(*self._latest.popleft())

    def _forget(self, estimate: float, error: float) -> None:
        place = self._errors.index(error, bisect_left(self._estimates, estimate))
        del self._estimates[place], self._errors[place]

    def _estimate(self, need: str, features: Sequence[float]) -> float:
        shift = self._needs[need].shift if need in self._needs else 0.0
        estimate = self._log_wait.predict(features) + shift
        return min(max(estimate, _NO_WAIT), _LONGEST_WAIT)

    def _usual_error(self, features: Sequence[float]) -> float:
        low, high = SPREADS
        return exp(min(max(self._log_error.predict(features), low), high))

    def _similar(self, log_wait: float) -> list[float]:
        """The errors of the outcomes with the most similar estimates, in rising order."""
        place = bisect_left(self._estimates, log_wait)
        first = max(0, min(place - SIMILAR // 2, len(self._errors) - SIMILAR))
        if (ordered := self._ordered.get(first)) is None:
            ordered = self._ordered[first] = sorted(self._errors[first : first + SIMILAR])
        return ordered


def percentile(ordered: Sequence[float], share: float) -> float:
    """The figure below which this share of at least two figures in rising order lies, interpolated
    (Hyndman & Fan's type 7)."""
    place = share * (len(ordered) - 1)
    before = min(int(place), len(ordered) - 2)
    return ordered[before] + (place - before) * (ordered[before + 1] - ordered[before])


def _features(situation: LineSituation) -> list[float]:
    recent_s = situation.expected_s if situation.recent_wait_s is None else situation.recent_wait_s
    return [
        1.0,
        _logarithm(situation.expected_s),
        log1p(situation.ahead),
        _logarithm(situation.head_wait_s),
        _logarithm(recent_s),
        float(situation.ahead == 0),
        log1p(NO_IDLE_S if situation.idle_s is None else min(max(situation.idle_s, 0.0), NO_IDLE_S)),
        situation.same_need,
    ]


def _logarithm(seconds: float) -> float:
    return log(min(max(seconds, 0.0), MAX_WAIT_S) + OFFSET_S)


_NO_WAIT, _LONGEST_WAIT = _logarithm(0.0), _logarithm(MAX_WAIT_S)


def _seconds(logarithm: float) -> float:
    return min(max(exp(min(logarithm, 12.0)) - OFFSET_S, 0.0), MAX_WAIT_S)
