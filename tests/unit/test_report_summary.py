"""Summaries of days: they add up, and the figures of a summary are the figures of its visits."""

from datetime import date, timedelta
from math import ceil
from statistics import median, quantiles
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from sync_server.domain.kpi import Distribution, VisitFigures, distribution, kpis
from sync_server.domain.report import histogram
from sync_server.domain.report.people_present import Stay, people_present
from sync_server.domain.report.period_kpis import kpis_of
from sync_server.domain.report.period_summary import PeriodSummary, cell_of, merge, merge_weeks
from sync_server.domain.report.summarise import ReportVisit, summarise
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.durations import Durations
from tests.sample_store import MONDAY_10, catalogue

MONDAY = date(2026, 3, 2)
TARGET_S = 60
NO_TIMES = Durations(None, None, None, None, None, None, 0, None)
SECONDS = st.sampled_from([0.0, 0.001, 59.999, 60.0, 60.001, 300.0, 300.001]) | st.integers(0, 9_000_000).map(
    lambda ms: ms / 1000
)


@st.composite
def figures(draw: st.DrawFn) -> VisitFigures:
    """A visit in any state, with durations that fit it."""
    state = draw(st.sampled_from(["completed", "completed", "cancelled", "no_show", "expired", "waiting"]))
    if state == "completed" and draw(st.booleans()):
        said = draw(st.none() | st.integers(1, 3600))
        no_times = Durations(None, None, None, None, None, said, 0, None)
        return made(state, no_times, served=True, quick=True, tip=draw(st.none() | st.just("dry")))
    if state == "waiting":
        return made(state, NO_TIMES, unmet_s=draw(SECONDS))
    greet_s, walk_s, service_s = draw(SECONDS), draw(SECONDS), draw(SECONDS)
    served = state == "completed"
    accepted = served or draw(st.booleans())
    wait_s = round(greet_s + walk_s, 3)
    times = Durations(
        wait_s,
        draw(st.none() | st.just(0.5)),
        draw(st.none() | SECONDS) if accepted else None,
        walk_s if served else None,
        greet_s if accepted else None,
        service_s if served else None,
        0,
        draw(st.none() | st.just(wait_s + service_s)),
    )
    low = draw(st.none() | st.integers(0, 9))
    quoted: dict[str, Any] = {}
    if low is not None:
        quoted = {"quoted_low_s": low * 60.0, "quoted_median_s": low * 60 + 45.0}
        quoted |= {"quoted_high_s": low * 60 + 90.0, "extended_high_s": draw(st.none() | st.just(3600.0))}
    ces = draw(st.none() | st.integers(1, 5)) if state in ("completed", "cancelled") else None
    return made(state, times, served=served, ces=ces, nps=draw(st.none() | st.integers(0, 10)), **quoted)


def made(state: str, times: Durations, **more: Any) -> VisitFigures:
    values: dict[str, Any] = dict.fromkeys(VisitFigures.__struct_fields__)
    values |= {"state": state, "durations": times, "served": False, "quick": False, "handovers": 0}
    if state == "completed":
        values["resolution"] = "solved"
    return VisitFigures(**values | more)


def report_visits(of: st.SearchStrategy[VisitFigures]) -> st.SearchStrategy[ReportVisit]:
    return st.builds(
        ReportVisit,
        of,
        need=st.sampled_from(["repair", "ask"]),
        hour=st.integers(0, 23),
        times_told=st.integers(1, 3),
        back=st.booleans(),
        gift=st.none() | st.just("cable"),
        goodwill_cents=st.integers(0, 2500),
        handled_ms=st.integers(0, 900_000),
    )


VISITS = st.lists(report_visits(figures()), max_size=30)


@given(VISITS)
def test_the_figures_of_a_summary_are_those_of_its_visits(visits):
    figures = kpis((v.figures for v in visits), TARGET_S, sum(v.handled_ms for v in visits), 3_600_000)
    expected = to_builtins(figures)
    found = to_builtins(kpis_of(summarise(MONDAY, visits, present_ms=3_600_000), TARGET_S))
    for name in expected:
        if isinstance(getattr(figures, name), Distribution):
            assert found[name]["n"] == expected[name]["n"], name
        else:
            assert found[name] == expected[name], name
    waits = [v.figures.durations.wait_s for v in visits if v.figures.durations.wait_s is not None]
    rounded_up = distribution(ceil(wait) for wait in waits)
    assert found["wait_s"]["median"] == pytest.approx(rounded_up.median, abs=0.01)
    assert found["wait_s"]["p90"] == pytest.approx(rounded_up.p90, abs=0.01)


@given(st.lists(VISITS, max_size=4))
def test_the_sum_of_days_is_the_whole(days):
    """Days of the same weekday, split in any way, are the same as all their visits in one summary."""
    parts = [summarise(MONDAY, visits, {"": {9: 60}}, 5) for visits in days]
    whole = summarise(MONDAY, [visit for visits in days for visit in visits], {"": {9: 60 * len(days)}})
    together = merge(parts)
    assert together.days.get(0, 0) == sum(1 for visits in days if visits)
    assert together.present_ms == 5 * len(days)
    together.days, together.present_ms = whole.days, whole.present_ms
    assert msgspec.structs.asdict(together) | {"people": {}} == msgspec.structs.asdict(whole) | {"people": {}}


@given(VISITS, VISITS, VISITS)
def test_merging_in_any_order_gives_the_same(one, two, three):
    a, b, c = (
        summarise(MONDAY + timedelta(days=3 * n), visits) for n, visits in enumerate((one, two, three))
    )
    assert merge([merge([a, b]), c]) == merge([a, merge([c, b])]) == merge([c, b, a])
    assert merge([a, PeriodSummary()]) == a == merge([a])


@given(VISITS)
def test_a_summary_can_be_kept(visits):
    summary = summarise(MONDAY, visits, {"repairs": {cell_of(0, 9): 3600}})
    encoded = msgspec.msgpack.encode(summary)
    assert msgspec.msgpack.decode(encoded, type=PeriodSummary) == summary


def test_merging_leaves_the_summaries_as_they_are():
    visit = ReportVisit(made("waiting", NO_TIMES, unmet_s=9.0), "ask", 9, 1, False, None, 0, 0)
    one, other = (summarise(MONDAY, [visit]) for _ in range(2))
    merge([one, other])
    assert one == other == summarise(MONDAY, [visit])


@given(st.lists(st.integers(-20, 4000), min_size=2, max_size=60))
def test_quantiles_of_a_histogram_are_those_of_its_values(values):
    found: histogram.Histogram = {}
    for value in values:
        histogram.add(found, value)
    tenths = quantiles(values, n=10, method="inclusive")
    shares = [n / 10 for n in range(1, 10)]
    assert histogram.quantiles(found, shares) == pytest.approx(tenths, abs=0.01)
    assert histogram.median(found) == pytest.approx(median(values))
    assert histogram.quantiles(found, [0, 1]) == [min(values), max(values)]


def test_durations_are_rounded_up_and_coarse_ones_more_so():
    assert [histogram.whole_seconds(s) for s in (0, 0.001, 59.9, 60, 60.0000001)] == [0, 1, 60, 60, 60]
    assert [histogram.coarse(s) for s in (0, 59.2, 60.5, 61, 599, 601, 3600, 3601)] == [
        0, 60, 65, 65, 600, 630, 3600, 3900,
    ]  # fmt: skip


def test_people_count_in_each_hour_that_they_are_there():
    local = catalogue().local
    maya = Stay(frozenset({"repairs"}), MONDAY_10 - 1_800_000, MONDAY_10 + 5_400_000)  # 09:30 to 11:30
    tom = Stay(frozenset(), MONDAY_10, MONDAY_10 + 600_000)
    found = people_present([maya, tom], local)
    assert found["repairs"] == {cell_of(0, 9): 1800, cell_of(0, 10): 3600, cell_of(0, 11): 1800}
    assert found[""] == {cell_of(0, 9): 1800, cell_of(0, 10): 4200, cell_of(0, 11): 1800}


def test_what_was_left_to_do_and_what_was_given_is_counted_by_need():
    done = Durations(20.0, 0.0, 5.0, 10.0, 10.0, 100.0, 0, 120.0)
    booked = made("completed", done, served=True, resolution=Resolution.REPAIR_BOOKED, ces=2)
    summary = summarise(MONDAY, [ReportVisit(booked, "repair", 9, 2, True, "cable", 900, 110_000)])
    repair = summary.needs["repair"]
    assert (repair.ends, repair.first_contact, repair.handling_s) == ({"repair_booked": 1}, 0, 110)
    assert repair.back == 1
    assert to_builtins(summary.given["cable"]) == {"visits": 1, "cents": 900}
    assert summary.told_ces == {2: {2: 1}}
    assert summary.steps["thanks"].ended_ces == {2: 1}
    assert summary.weeks["2026-03-02"].ces == {2: 1}


def test_weeks_are_added_up_alone():
    visit = ReportVisit(made("waiting", NO_TIMES, unmet_s=9.0), "ask", 9, 1, False, None, 0, 0)
    days = [summarise(MONDAY + timedelta(days=n), [visit]) for n in (0, 1, 7)]
    weeks = merge_weeks(days)
    assert {week: one.visits for week, one in weeks.weeks.items()} == {"2026-03-02": 2, "2026-03-09": 1}
    assert weeks == PeriodSummary(weeks=merge(days).weeks)
    assert days[0].weeks["2026-03-02"].visits == 1


@pytest.mark.parametrize(("high_s", "minutes"), [(60, 1), (61, 2), (30, 1), (0, 1), (600, 10)])
def test_what_was_told_is_in_whole_minutes_rounded_up(high_s, minutes):
    done = Durations(20.0, 0.0, 5.0, 10.0, 10.0, 100.0, 0, 120.0)
    quoted = {"quoted_low_s": 0.0, "quoted_median_s": 10.0, "quoted_high_s": float(high_s)}
    told = made("completed", done, served=True, **quoted)
    summary = summarise(MONDAY, [ReportVisit(told, "ask", 9, 1, False, None, 0, 0)])
    assert {key: one.held for key, one in summary.told.items()} == {minutes: int(high_s >= 20)}
