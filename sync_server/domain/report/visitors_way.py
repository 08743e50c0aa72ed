"""The visitor's way: from the need to the thanks, how many go on, how long it takes, and where it hurts."""

from msgspec import Struct

from sync_server.domain.kpi import Distribution
from sync_server.domain.share import MIN_TO_SAY, Share

from .histogram import Counts, Histogram, count, distribution
from .period_summary import COMING, LINE, STEPS, THANKS, WITH_US, PeriodSummary, StepSummary
from .ranks import compare

LOW = 3  # a score of at most this is low; the scores are 1 to 5


class WayStep(Struct, frozen=True):
    """One step. `went_on` of those who are not in it any more; the others ended in it, with these scores."""

    name: str
    went_on: Share
    seconds: Distribution
    scores: Counts


class MomentOfTruth(Struct, frozen=True):
    """The step whose length is most tied to low scores.

    `low` and `high` are how long it took those who gave a low score, and the others. Of one of each, the one
    with the low score had the longer step in `chance` of all pairs.
    """

    step: str
    low: Distribution
    high: Distribution
    chance: float


def visitors_way(summary: PeriodSummary) -> list[WayStep]:
    """The steps in order. Quick resolutions have none of them but the end, and are left out."""
    ended = {name: summary.steps.get(name, StepSummary()) for name in (*STEPS, THANKS)}
    reached = {
        COMING: count(summary.greet_s),
        WITH_US: count(summary.served_wait_s) + count(summary.serving_wait_s),
        THANKS: ended[THANKS].ended,
    }
    following = {LINE: COMING, COMING: WITH_US, WITH_US: THANKS}
    seconds = {LINE: summary.greet_s, COMING: summary.walk_s, WITH_US: summary.service_s}
    steps = [
        WayStep(
            name,
            Share(reached[following[name]], reached[following[name]] + ended[name].ended),
            distribution(seconds[name]),
            ended[name].ended_ces,
        )
        for name in STEPS
    ]
    answered = Share(summary.answered, summary.asked)
    return [*steps, WayStep(THANKS, answered, Distribution(None, None, 0), ended[THANKS].ended_ces)]


def moment_of_truth(summary: PeriodSummary) -> MomentOfTruth | None:
    """The step most tied to low scores, if one is clearly; None also with too few scores to say.

    Compares how long the step took those who gave a low score with how long it took the others. That the two
    go together does not say that the one is the cause of the other.
    """
    found = []
    for name in STEPS:
        by_score = summary.steps.get(name, StepSummary()).by_score
        low, high = _sum(by_score, 1, LOW), _sum(by_score, LOW + 1, 5)
        if min(count(low), count(high)) < MIN_TO_SAY:
            continue
        comparison = compare(low, high)
        if comparison.is_clear and comparison.chance > 0.5:
            found.append(MomentOfTruth(name, distribution(low), distribution(high), comparison.chance))
    return max(found, key=lambda moment: moment.chance, default=None)


def by_score(summary: PeriodSummary) -> tuple[Histogram, Histogram]:
    """How long the visits took, coarse, of those who gave a low score, and of those who gave a high one."""
    return _sum(summary.visit_by_score, 1, LOW), _sum(summary.visit_by_score, LOW + 1, 5)


def _sum(by_score: dict[int, Histogram], first: int, last: int) -> Histogram:
    total: Histogram = {}
    for score in range(first, last + 1):
        for seconds, visits in by_score.get(score, {}).items():
            total[seconds] = total.get(seconds, 0) + visits
    return total
