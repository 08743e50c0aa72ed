"""What a report needs to know of a day's visits, small enough to be kept, and such that days add up.

The summary of a period is the sum of the summaries of its days: `merge`. It has no names and no words. The
times in it are whole seconds, rounded up.
"""

from collections.abc import Iterable

from msgspec import Struct, field

from .histogram import Counts, Histogram

FORMAT = 3  # of a kept summary: another number means that it must be made anew
LINE, COMING, WITH_US, THANKS = "line", "coming", "with_us", "thanks"
DOOR, GREETING, NEED, PAGE = "door", "greeting", "need", "page"  # before the line, and after the thanks
STEPS = (LINE, COMING, WITH_US)  # the steps of a visit that take time, in order


class Cell(Struct, omit_defaults=True):
    """One hour of one weekday. `waits` are coarse, without quick resolutions, and with `left`: who left."""

    visits: int = 0
    left: int = 0
    waits: Histogram = field(default_factory=dict)


class NeedSummary(Struct, omit_defaults=True):
    """The visits for one need.

    `ends` counts how they ended: a resolution, or the state of one that was not completed. `handling_s` is
    how long `handled` of them kept one person busy, from the acceptance to the end without time on hold.
    `back` are those who came back into line from their page.
    """

    visits: int = 0
    completed: int = 0
    first_contact: int = 0
    tips: int = 0
    back: int = 0
    handled: int = 0
    handling_s: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    ces: Counts = field(default_factory=dict)
    arrivals: Counts = field(default_factory=dict)  # by cell
    waits: Histogram = field(default_factory=dict)  # coarse


class Told(Struct, omit_defaults=True):
    """Waits, coarse, of shoppers who were told the same: how many came within it, `held`."""

    held: int = 0
    waits: Histogram = field(default_factory=dict)


class WeekSummary(Struct, omit_defaults=True):
    """A week, which begins on a Monday."""

    visits: int = 0
    ces: Counts = field(default_factory=dict)


class Given(Struct, omit_defaults=True):
    """Something given free. `code` is that of a gift in the key; empty where there was no gift with it."""

    visits: int = 0
    cents: int = 0


class StepSummary(Struct, omit_defaults=True):
    """One step of the visits. `ended` ended in it, with the scores `ended_ces`.

    `by_score` has for each score how long the step took, coarse, of those who answered.
    """

    ended: int = 0
    ended_ces: Counts = field(default_factory=dict)
    by_score: dict[int, Histogram] = field(default_factory=dict)


class SessionSummary(Struct, omit_defaults=True):
    """Sessions at the kiosks that came equally far. `last` counts them by the screen on which they ended.

    `taps` and `seconds` are those until the shopper was in line, or until the last tap; the seconds coarse.
    """

    sessions: int = 0
    last: dict[str, int] = field(default_factory=dict)
    taps: Counts = field(default_factory=dict)
    seconds: Histogram = field(default_factory=dict)


class PeriodSummary(Struct, omit_defaults=True):
    """The visits of some days.

    A cell is `24 × weekday + hour`, in local time; Monday is 0. `people` is by skill ("": everybody) and
    cell how many seconds people were on the floor. `told` is by the whole minutes within which the shopper
    was told to be helped. `serving_wait_s` are the waits of visits that are still in hand, and `unmet_s` how
    long those have been here whom nobody has taken yet. `greeted_or_over` counts visits that were accepted
    or ended. `told_times` counts visits by how many employees were with the shopper, and `told_ces` the
    scores by that. `taps` counts visits by how many taps they took at the kiosk, and `taps_ces` the scores by
    that. `sessions` are those at the kiosks, by how far they came. `own_pages` counts the visits that had a
    page of their own for a phone, and `opened_pages` those whose page was opened.
    `visit_by_score` has for each score how long the visits took, coarse.
    """

    days: Counts = field(default_factory=dict)  # days with visits, by weekday
    states: dict[str, int] = field(default_factory=dict)
    left: int = 0
    quick: int = 0
    greeted_or_over: int = 0
    within_five: int = 0
    first_contact: int = 0
    tips: int = 0
    promised: int = 0
    extended: int = 0
    asked: int = 0
    answered: int = 0
    handled_ms: int = 0
    present_ms: int = 0
    served_wait_s: Histogram = field(default_factory=dict)
    unserved_wait_s: Histogram = field(default_factory=dict)
    serving_wait_s: Histogram = field(default_factory=dict)
    unmet_s: Histogram = field(default_factory=dict)
    offer_latency_s: Histogram = field(default_factory=dict)
    response_s: Histogram = field(default_factory=dict)
    walk_s: Histogram = field(default_factory=dict)
    greet_s: Histogram = field(default_factory=dict)
    service_s: Histogram = field(default_factory=dict)
    visit_s: Histogram = field(default_factory=dict)
    quote_error_s: Histogram = field(default_factory=dict)
    nps: Counts = field(default_factory=dict)
    ces: Counts = field(default_factory=dict)
    handovers: Counts = field(default_factory=dict)
    told_times: Counts = field(default_factory=dict)
    told_ces: dict[int, Counts] = field(default_factory=dict)
    taps: Counts = field(default_factory=dict)
    taps_ces: dict[int, Counts] = field(default_factory=dict)
    sessions: dict[str, SessionSummary] = field(default_factory=dict)
    own_pages: int = 0
    opened_pages: int = 0
    visit_by_score: dict[int, Histogram] = field(default_factory=dict)
    cells: dict[int, Cell] = field(default_factory=dict)
    needs: dict[str, NeedSummary] = field(default_factory=dict)
    told: dict[int, Told] = field(default_factory=dict)
    weeks: dict[str, WeekSummary] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    given_ces: Counts = field(default_factory=dict)
    steps: dict[str, StepSummary] = field(default_factory=dict)
    people: dict[str, Counts] = field(default_factory=dict)

    @property
    def arrived(self) -> int:
        """Visits opened."""
        return sum(self.states.values())


def cell_of(weekday: int, hour: int) -> int:
    """The key of an hour of a weekday; Monday is 0."""
    return 24 * weekday + hour


def merge(summaries: Iterable[PeriodSummary]) -> PeriodSummary:
    """The summary of all these days together. The summaries themselves are not changed."""
    total = PeriodSummary()
    for summary in summaries:
        _add_fields(total, summary)
    return total


def merge_weeks(summaries: Iterable[PeriodSummary]) -> PeriodSummary:
    """A summary with the weeks alone."""
    total = PeriodSummary()
    for summary in summaries:
        _add_values(total.weeks, summary.weeks)
    return total


def waits_of(summary: PeriodSummary) -> Histogram:
    """All waits: of visits that were served, that ended unserved, and that are still in hand."""
    found: Histogram = {}
    for histogram in (summary.served_wait_s, summary.unserved_wait_s, summary.serving_wait_s):
        _add_values(found, histogram)
    return found


def _add_fields(total: Struct, more: Struct) -> None:
    for name in total.__struct_fields__:
        value = getattr(more, name)
        if isinstance(value, dict):
            _add_values(getattr(total, name), value)
        elif value:
            setattr(total, name, getattr(total, name) + value)


def _add_values(total: dict, more: dict) -> None:  # type: ignore[type-arg] # of any of the kinds below
    kind = next(iter(more.values()), 0)
    if isinstance(kind, int):
        if not total:
            total.update(more)
            return
        get = total.get
        for key, number in more.items():
            total[key] = get(key, 0) + number
    elif isinstance(kind, dict):
        for key, inner in more.items():
            _add_values(total.setdefault(key, {}), inner)
    else:
        for key, inner in more.items():
            _add_fields(total.setdefault(key, type(inner)()), inner)
