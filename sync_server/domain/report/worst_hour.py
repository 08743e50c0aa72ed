"""The worst hour of the week: where most was waited beyond the target, who was missing, what would help.

How many people an hour needs follows Erlang A, as in the advice on staffing (`domain/staffing/erlang_a.py`),
from what this period's visits were like.
"""

from collections.abc import Mapping

from msgspec import Struct

from sync_server.domain.share import Share
from sync_server.domain.staffing.advice import WHOLE_SHOP
from sync_server.domain.staffing.erlang_a import greeted_share, people_needed

from .histogram import count
from .period_summary import Cell, NeedSummary, PeriodSummary

HOUR_S = 3600
MIN_VISITS = 4  # an hour with fewer may be bad by chance
MIN_LEFT = 20  # with fewer who left, nobody counts as impatient
MIN_GAIN = 1.0  # visits: advice that helps fewer is not worth a sentence


class Shop(Struct, frozen=True):
    """How the shop works. `skills` has the skill that visits for a need count for, "" for none.

    `target_s` is how soon a shopper is to be greeted, `share` of them is to be, 0 to 1, and `wrap_up_s` how
    long an employee pauses after a visit.
    """

    skills: Mapping[str, str]
    target_s: float
    share: float
    wrap_up_s: float


class ExtraHelp(Struct, frozen=True):
    """One person more with the skill ("": anybody) on this weekday from `first` to before `end`, in hours.

    `gain` is how many more shoppers of the period would have been greeted in time.
    """

    skill: str
    first: int
    end: int
    gain: float


class WorstHourOfWeek(Struct, frozen=True):
    """`late` of `visits` that waited did so longer than the target. `short` people of `skill` were missing.

    `short` is 0 where enough people were there.
    """

    weekday: int
    hour: int
    visits: int
    late: int
    skill: str
    short: int
    help: ExtraHelp | None


def worst_hour(summary: PeriodSummary, shop: Shop) -> WorstHourOfWeek | None:
    """The hour of the week in which most time was waited beyond the target; None if none stands out.

    It stands out if at least MIN_VISITS waited in it, and more of them beyond the target than in all hours
    together, by more than chance explains: the whole interval of the share is above.
    """
    found = {
        at: _beyond(cell, shop.target_s)
        for at, cell in summary.cells.items()
        if count(cell.waits) >= MIN_VISITS
    }
    if not found:
        return None
    at = max(sorted(found), key=lambda key: found[key])
    cell = summary.cells[at]
    waited, late = count(cell.waits), late_of(cell, shop.target_s)
    all_waited = sum(count(one.waits) for one in summary.cells.values())
    all_late = sum(late_of(one, shop.target_s) for one in summary.cells.values())
    interval = Share(late, waited).interval
    if interval is None or len(found) < 2 or interval.low <= all_late / all_waited:
        return None
    people = _People(summary, shop)
    skill, short = people.most_missed(at)
    helping = people.what_helps(at, skill) if short else None
    return WorstHourOfWeek(at // 24, at % 24, waited, late, skill, short, helping)


def late_of(cell: Cell, target_s: float) -> int:
    """How many waited longer than the target."""
    return sum(visits for seconds, visits in cell.waits.items() if seconds > target_s)


def _beyond(cell: Cell, target_s: float) -> float:
    """How long all together waited beyond the target, s."""
    return sum(visits * max(0.0, seconds - target_s) for seconds, visits in cell.waits.items())


class _Load(Struct, frozen=True):
    """The work of one hour: `visits` in the whole period, `per_s` of them per second, and who was there."""

    visits: int
    per_s: float
    handling_s: float
    people: int


class _People:
    """How many people the hours of a period needed, and had."""

    def __init__(self, summary: PeriodSummary, shop: Shop) -> None:
        self._summary = summary
        self._shop = shop
        self._within_s = max(0.0, shop.target_s - _answer_s(summary))
        self._leave_per_s = _leave_per_s(summary)

    def most_missed(self, at: int) -> tuple[str, int]:
        """The skill of which most people were missing, and how many. A skill goes before the whole shop."""
        known = {self._shop.skills.get(need, WHOLE_SHOP) for need in self._summary.needs}
        missing = {skill: self._short(at, skill) for skill in (*sorted(known - {WHOLE_SHOP}), WHOLE_SHOP)}
        skill = max(missing, key=lambda one: missing[one])
        return skill, max(0, missing[skill])

    def what_helps(self, at: int, skill: str) -> ExtraHelp | None:
        """One person more for the hours around the worst in which somebody was missing too."""
        day = at // 24 * 24
        first = end = at
        while first > day and self._misses(first - 1, skill):
            first -= 1
        while end < day + 24 and (end == at or self._misses(end, skill)):
            end += 1
        gain = sum(self._gain(hour, skill) for hour in range(first, end))
        return ExtraHelp(skill, first - day, end - day, gain) if gain >= MIN_GAIN else None

    def _misses(self, at: int, skill: str) -> bool:
        return at in self._summary.cells and self._short(at, skill) > 0

    def _short(self, at: int, skill: str) -> int:
        load = self._load(at, skill)
        share, leave_per_s = self._shop.share, self._leave_per_s
        return people_needed(load.per_s, load.handling_s, leave_per_s, self._within_s, share) - load.people

    def _gain(self, at: int, skill: str) -> float:
        load = self._load(at, skill)
        now, then = (
            greeted_share(people, load.per_s, load.handling_s, self._leave_per_s, self._within_s)
            for people in (load.people, load.people + 1)
        )
        return load.visits * (then - now)

    def _load(self, at: int, skill: str) -> _Load:
        days = self._summary.days.get(at // 24, 0) or 1
        needs = [
            need
            for code, need in self._summary.needs.items()
            if skill in (WHOLE_SHOP, self._shop.skills.get(code, WHOLE_SHOP))
        ]
        visits = sum(need.arrivals.get(at, 0) for need in needs)
        people = round(self._summary.people.get(skill, {}).get(at, 0) / HOUR_S / days)
        return _Load(visits, visits / days / HOUR_S, _handling_s(needs) + self._shop.wrap_up_s, people)


def _handling_s(needs: list[NeedSummary]) -> float:
    handled = sum(need.handled for need in needs)
    return sum(need.handling_s for need in needs) / handled if handled else 0.0


def _answer_s(summary: PeriodSummary) -> float:
    """How long employees took to answer an offer, on average, s."""
    answered = count(summary.response_s)
    spent_s = sum(seconds * visits for seconds, visits in summary.response_s.items())
    return spent_s / answered if answered else 0.0


def _leave_per_s(summary: PeriodSummary) -> float:
    """How many of those who wait leave per second: those who left ÷ the time that all together waited.

    See `service/staffing/history.py` for its source.
    """
    left = summary.left
    waited_s = sum(
        seconds * visits
        for histogram in (summary.greet_s, summary.unserved_wait_s)
        for seconds, visits in histogram.items()
    )
    return left / waited_s if waited_s and left >= MIN_LEFT else 0.0
