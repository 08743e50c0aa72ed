"""The visitor's way, from the greeting to their own page: who goes on, how long it takes, where it hurts."""

from msgspec import Struct

from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.kpi import Distribution
from sync_server.domain.share import MIN_TO_SAY, Share

from .histogram import Counts, Histogram, count, distribution, mean
from .period_summary import (
    COMING,
    DOOR,
    GREETING,
    LINE,
    NEED,
    PAGE,
    STEPS,
    THANKS,
    WITH_US,
    PeriodSummary,
    SessionSummary,
    StepSummary,
)
from .ranks import compare

NO_TIME = Distribution(None, None, 0)  # of a step that is not timed
LOW = 3  # a score of at most this is low; the scores are 1 to 5


class WayStep(Struct, frozen=True):
    """One step. `went_on` of those who are not in it any more; the others ended in it, with these scores.

    `taps` is how many it took on average, at the kiosk, and `last` where most of the others ended there.
    """

    name: str
    went_on: Share
    seconds: Distribution
    scores: Counts
    taps: float | None = None
    last: str | None = None


class MomentOfTruth(Struct, frozen=True):
    """The step whose length is most tied to low scores.

    `low` and `high` are how long it took those who gave a low score, and the others. Of one of each, the one
    with the low score had the longer step in `chance` of all pairs.
    """

    step: str
    low: Distribution
    high: Distribution
    chance: float


def visitors_way(summary: PeriodSummary, through_the_door: int = 0) -> list[WayStep]:
    """The steps in order. Quick resolutions have none of them but the end, and are left out.

    The steps before the line are there if a kiosk has counted sessions, the door if people were counted at it
    too, and the page if one was opened. Not everybody who comes in touches a kiosk, and some do twice.
    """
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
    thanks = WayStep(THANKS, answered, NO_TIME, ended[THANKS].ended_ces)
    return [*_at_the_kiosk(summary, through_the_door), *steps, thanks, *_own_page(summary)]


def _at_the_kiosk(summary: PeriodSummary, through_the_door: int) -> list[WayStep]:
    """The greeting and the need. Sessions of those who came for a ticket they had are no part of the way."""
    looked, chose, joined = (
        summary.sessions.get(step, SessionSummary())
        for step in (KioskStep.GREETING, KioskStep.NEED, KioskStep.LINE)
    )
    on = chose.sessions + joined.sessions
    begun = looked.sessions + on
    if not begun:  # so nobody knows how many of those who came in touched a kiosk
        return []
    door = []
    if through_the_door:
        door = [WayStep(DOOR, Share(min(begun, through_the_door), through_the_door), NO_TIME, {})]
    greeting = WayStep(GREETING, Share(on, begun), NO_TIME, {}, last=_most(looked.last))
    need = WayStep(
        NEED,
        Share(joined.sessions, on),
        distribution(joined.seconds),
        {},
        mean(joined.taps),
        _most(chose.last),
    )
    return [*door, greeting, need]


def _own_page(summary: PeriodSummary) -> list[WayStep]:
    if not summary.opened_pages:
        return []
    return [WayStep(PAGE, Share(summary.opened_pages, summary.own_pages), NO_TIME, {})]


def _most(last: dict[str, int]) -> str | None:
    return max(sorted(last), key=lambda screen: last[screen], default=None)


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
