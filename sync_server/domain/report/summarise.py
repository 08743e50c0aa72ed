"""Makes the summary of one store-day from its visits."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from msgspec import Struct

from sync_server.domain.kpi import ENDED_STATES, FIVE_MINUTES_S, LEFT_STATES, VisitFigures
from sync_server.domain.resolution import is_first_contact

from .histogram import Counts, add, add_coarse, whole_seconds
from .period_summary import (
    COMING,
    LINE,
    THANKS,
    WITH_US,
    Cell,
    Given,
    NeedSummary,
    PeriodSummary,
    SessionSummary,
    StepSummary,
    Told,
    WeekSummary,
    cell_of,
)


class ReportVisit(Struct, frozen=True):
    """One visit. `hour` is the local hour in which the shopper came.

    `times_told` is how many employees were with the shopper, `back` whether the shopper came back into line
    from the page of a visit that they had left, or in which they were not found, and `handled_ms` how long
    employees had the visit in hand. `has_page`: the shopper got the address of a page for their phone.
    """

    figures: VisitFigures
    need: str
    hour: int
    times_told: int
    back: bool
    gift: str | None
    goodwill_cents: int
    handled_ms: int
    has_page: bool = False
    page_opened: bool = False
    taps: int | None = None


class KioskSessions(Struct, frozen=True):
    """So many sessions at the kiosks of one day came to the same. `seconds` are coarse."""

    reached: str
    last: str
    taps: int
    seconds: int
    sessions: int


def summarise(
    day: date,
    visits: Iterable[ReportVisit],
    people: Mapping[str, Counts] | None = None,
    present_ms: int = 0,
    sessions: Iterable[KioskSessions] = (),
) -> PeriodSummary:
    """The summary of the visits of one store-day.

    `people` and `present_ms` are of the people who came onto the floor on this day, `sessions` those of the
    kiosks.
    """
    found = PeriodSummary(people={skill: dict(cells) for skill, cells in (people or {}).items()})
    found.present_ms = present_ms
    for visit in visits:
        _count_visit(found, day, visit)
    for same in sessions:
        _count_sessions(found, same)
    if found.arrived:
        found.days[day.weekday()] = 1
    return found


# --- one visit ---------------------------------------------------------------------------------------


def _count_visit(found: PeriodSummary, day: date, visit: ReportVisit) -> None:
    seen, times = visit.figures, visit.figures.durations
    _count(found.states, seen.state)
    found.handled_ms += visit.handled_ms
    found.own_pages += visit.has_page
    found.opened_pages += visit.page_opened
    if visit.taps is not None:
        _count(found.taps, visit.taps)
        if seen.ces is not None:
            _count(found.taps_ces.setdefault(visit.taps, {}), seen.ces)
    found.left += _left(seen)
    found.tips += seen.state == "completed" and seen.tip is not None
    found.first_contact += _first_contact(seen)
    for histogram, seconds in (
        (found.offer_latency_s, times.offer_latency_s),
        (found.response_s, times.response_s),
        (found.walk_s, times.walk_s),
        (found.greet_s, times.greet_s),
        (found.service_s, times.service_s),
        (found.visit_s, times.visit_s),
        (found.unmet_s, seen.unmet_s),
    ):
        add(histogram, seconds)
    if seen.quick:
        found.quick += 1
    else:
        _count_wait(found, seen)
        _count_steps(found, visit)
    _count_answers(found, seen)
    _count_quote(found, seen)
    _count_cell(found, cell_of(day.weekday(), visit.hour), visit)
    _count_need(found, cell_of(day.weekday(), visit.hour), visit)
    _count_week(found, day, seen)
    if visit.gift is not None or visit.goodwill_cents:
        given = found.given.setdefault(visit.gift or "", Given())
        given.visits += 1
        given.cents += visit.goodwill_cents
        if seen.ces is not None:
            _count(found.given_ces, seen.ces)


def _count_sessions(found: PeriodSummary, same: KioskSessions) -> None:
    summary = found.sessions.setdefault(same.reached, SessionSummary())
    summary.sessions += same.sessions
    _count(summary.last, same.last, same.sessions)
    _count(summary.taps, same.taps, same.sessions)
    _count(summary.seconds, same.seconds, same.sessions)


def _left(seen: VisitFigures) -> bool:
    return seen.state in LEFT_STATES and not seen.served


def _first_contact(seen: VisitFigures) -> bool:
    return seen.state == "completed" and is_first_contact(seen.resolution, seen.handovers)


def _count_wait(found: PeriodSummary, seen: VisitFigures) -> None:
    wait_s = seen.durations.wait_s
    if seen.state not in ENDED_STATES:
        add(found.serving_wait_s, wait_s)
    else:
        add(found.served_wait_s if seen.served else found.unserved_wait_s, wait_s)
    found.greeted_or_over += seen.unmet_s is None
    visit_s = seen.durations.visit_s
    found.within_five += seen.state == "completed" and visit_s is not None and visit_s <= FIVE_MINUTES_S


def _count_answers(found: PeriodSummary, seen: VisitFigures) -> None:
    if seen.nps is not None:
        _count(found.nps, seen.nps)
    if seen.ces is not None:
        _count(found.ces, seen.ces)
        add_coarse(found.visit_by_score.setdefault(seen.ces, {}), seen.durations.visit_s)
    if not seen.quick and seen.state in ("completed", "cancelled"):
        found.asked += 1
        found.answered += seen.nps is not None or seen.ces is not None


def _count_quote(found: PeriodSummary, seen: VisitFigures) -> None:
    wait_s, low, high = seen.durations.wait_s, seen.quoted_low_s, seen.quoted_high_s
    if high is not None:
        found.promised += 1
        found.extended += seen.extended_high_s is not None
    if wait_s is None or low is None or high is None or seen.quoted_median_s is None:
        return
    add(found.quote_error_s, wait_s - seen.quoted_median_s)
    if seen.served or wait_s > high:  # how long those who left earlier would have waited is not known
        told = found.told.setdefault(max(1, -int(-high // 60)), Told())
        told.held += low <= wait_s <= high
        add_coarse(told.waits, wait_s)


def _count_cell(found: PeriodSummary, at: int, visit: ReportVisit) -> None:
    cell = found.cells.setdefault(at, Cell())
    cell.visits += 1
    cell.left += _left(visit.figures)
    add_coarse(cell.waits, visit.figures.durations.wait_s)


def _count_need(found: PeriodSummary, at: int, visit: ReportVisit) -> None:
    seen = visit.figures
    need = found.needs.setdefault(visit.need, NeedSummary())
    need.visits += 1
    need.back += visit.back
    need.first_contact += _first_contact(seen)
    _count(need.arrivals, at)
    add_coarse(need.waits, seen.durations.wait_s)
    if seen.state == "completed":
        need.completed += 1
        need.tips += seen.tip is not None
        _count(need.ends, seen.resolution or "")
    elif seen.state in ENDED_STATES:
        _count(need.ends, seen.state)
    if seen.ces is not None:
        _count(need.ces, seen.ces)
    busy_s = _busy_s(seen)
    if busy_s is not None:
        need.handled += 1
        need.handling_s += whole_seconds(busy_s)


def _busy_s(seen: VisitFigures) -> float | None:
    """How long the visit kept one person busy; None while not known, or if nobody took it."""
    times = seen.durations
    if seen.quick:
        return times.service_s
    if times.visit_s is None or times.greet_s is None:
        return None
    return times.visit_s - times.greet_s - times.held_s


def _count_week(found: PeriodSummary, day: date, seen: VisitFigures) -> None:
    week = found.weeks.setdefault((day - timedelta(day.weekday())).isoformat(), WeekSummary())
    week.visits += 1
    if seen.ces is not None:
        _count(week.ces, seen.ces)


def _count_steps(found: PeriodSummary, visit: ReportVisit) -> None:
    """The steps in line, somebody comes, and together; and in which of them the visit ended."""
    seen, times = visit.figures, visit.figures.durations
    accepted, ended = times.greet_s is not None, seen.state in ENDED_STATES
    line_s = times.greet_s if accepted else times.wait_s
    coming_s = times.walk_s
    if accepted and not seen.served and times.wait_s is not None and times.greet_s is not None:
        coming_s = times.wait_s - times.greet_s
    together_s = times.service_s if seen.served else None
    if seen.ces is not None:
        for name, seconds in ((LINE, line_s), (COMING, coming_s), (WITH_US, together_s)):
            if seconds is not None:
                add_coarse(_step(found, name).by_score.setdefault(seen.ces, {}), seconds)
    if ended:
        last = _step(found, _last_step(seen, accepted))
        last.ended += 1
        if seen.ces is not None:
            _count(last.ended_ces, seen.ces)
    if seen.served:
        _count(found.told_times, visit.times_told)
        if seen.ces is not None:
            _count(found.told_ces.setdefault(visit.times_told, {}), seen.ces)
        _count(found.handovers, seen.handovers)


def _last_step(seen: VisitFigures, accepted: bool) -> str:
    if seen.state == "completed":
        return THANKS
    if seen.served:
        return WITH_US
    return COMING if accepted else LINE


def _step(found: PeriodSummary, name: str) -> StepSummary:
    return found.steps.setdefault(name, StepSummary())


def _count(counts: dict, key: object, times: int = 1) -> None:  # type: ignore[type-arg] # of texts or numbers
    counts[key] = counts.get(key, 0) + times
