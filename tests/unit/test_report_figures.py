"""What a report says about the worst hour, about the visitor's way, and whether a change is one."""

from datetime import date
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.report.period_summary import (
    COMING,
    DOOR,
    GREETING,
    LINE,
    THANKS,
    WITH_US,
    PeriodSummary,
    SessionSummary,
    cell_of,
    merge,
)
from sync_server.domain.report.ranks import compare
from sync_server.domain.report.summarise import ReportVisit, summarise
from sync_server.domain.report.visitors_way import moment_of_truth, visitors_way
from sync_server.domain.report.worst_hour import Shop, worst_hour
from sync_server.domain.share import Share, clearly_differ
from sync_server.domain.visit.durations import Durations
from sync_server.web.manager.report.drawing import scale_to

from .test_report_summary import made

SATURDAY = date(2026, 3, 7)
SHOP = Shop({"repair": "repairs", "ask": ""}, target_s=60, share=0.8, wrap_up_s=5)


def visit(hour: int = 9, wait_s: float = 20, need: str = "repair", **more: Any) -> ReportVisit:
    """A completed visit; the walk is 10 s of the wait."""
    service_s = more.pop("service_s", 600.0)
    times = Durations(wait_s, 0.0, 5.0, 10.0, wait_s - 10.0, service_s, 0, wait_s + service_s)
    return ReportVisit(made("completed", times, served=True, **more), need, hour, 1, False, None, 0, 0)


def left(hour: int = 9, wait_s: float = 300) -> ReportVisit:
    times = Durations(wait_s, 0.0, None, None, None, None, 0, wait_s)
    return ReportVisit(made("cancelled", times), "repair", hour, 1, False, None, 0, 0)


def saturday(visits: list[ReportVisit], people: dict[int, int]) -> PeriodSummary:
    """A Saturday with so many people in each hour; all of them can repair."""
    seconds = {cell_of(5, hour): 3600 * number for hour, number in people.items()}
    return summarise(SATURDAY, visits, {"": seconds, "repairs": seconds})


# --- the worst hour ----------------------------------------------------------------------------------


def test_the_worst_hour_says_who_was_missing_and_what_would_help() -> None:
    calm = [visit(hour) for hour in (10, 11, 12) for _ in range(6)]
    busy = [visit(14, 400.0) for _ in range(14)]
    found = worst_hour(saturday([*calm, *busy], {10: 3, 11: 3, 12: 3, 14: 2}), SHOP)
    assert found is not None
    assert (found.weekday, found.hour, found.visits, found.late) == (5, 14, 14, 14)
    assert (found.skill, found.short) == ("repairs", 3)  # 2.4 are at work all the time: Erlang A asks for 5
    assert found.help is not None
    assert (found.help.skill, found.help.first, found.help.end) == ("repairs", 14, 15)
    assert 1 < found.help.gain <= 14


def test_enough_people_were_there() -> None:
    calm = [visit(hour) for hour in (10, 11, 12) for _ in range(6)]
    found = worst_hour(saturday([*calm, *(visit(14, 400.0) for _ in range(6))], {14: 9}), SHOP)
    assert found is not None
    assert (found.short, found.help) == (0, None)


@pytest.mark.parametrize(
    "visits",
    [
        [],
        [visit()],
        [visit(10, 400.0) for _ in range(3)],  # too few
        [visit(hour, 400.0) for hour in (10, 11, 12) for _ in range(6)],  # as bad as the others
        [visit(hour, 20.0) for hour in (10, 11, 12) for _ in range(6)],  # nobody waited too long
        [*(visit(10) for _ in range(20)), *(visit(11) for _ in range(19)), visit(11, 70.0)],  # chance
    ],
)
def test_no_hour_stands_out(visits: list[ReportVisit]) -> None:
    assert worst_hour(saturday(visits, {10: 1}), SHOP) is None


def test_people_are_those_of_a_usual_week() -> None:
    weeks = [saturday([visit(14, 400.0) for _ in range(14)], {14: people}) for people in (1, 3)]
    calm = saturday([visit(hour) for hour in (10, 11) for _ in range(60)], {})
    found = worst_hour(merge([*weeks, replace(calm, days={})]), SHOP)
    assert found is not None
    assert found.short == 3  # as with two people in each week


# --- the visitor's way ---------------------------------------------------------------------------------


def test_each_step_says_how_many_go_on() -> None:
    way = {step.name: step for step in visitors_way(summarise(SATURDAY, [visit(), visit(ces=2), left()]))}
    assert way[LINE].went_on == Share(2, 3)
    assert (way[COMING].went_on, way[WITH_US].went_on) == (Share(2, 2), Share(2, 2))
    assert way[THANKS].went_on == Share(1, 3)  # who left might have answered too
    assert way[THANKS].scores == {2: 1}
    assert way[LINE].seconds.median == 10


def test_the_way_begins_at_the_door_where_people_are_counted() -> None:
    sessions = {KioskStep.GREETING: 6, KioskStep.NEED: 3, KioskStep.LINE: 1, KioskStep.TICKET: 5}
    helped = summarise(SATURDAY, [visit()])
    summary = replace(helped, sessions={step: SessionSummary(n) for step, n in sessions.items()})

    def began(through_the_door: int, of: PeriodSummary = summary) -> tuple[str, Share]:
        first = visitors_way(of, through_the_door)[0]
        return first.name, first.went_on

    assert began(40) == (DOOR, Share(10, 40)), "who came for a ticket they had is no part of the way"
    assert visitors_way(summary, 40)[1].went_on == Share(4, 10)
    assert began(8) == (DOOR, Share(8, 8)), "some touch a kiosk twice"
    assert began(0) == (GREETING, Share(4, 10)), "no sensor"
    assert began(40, helped) == (LINE, Share(1, 1)), "no kiosk counted: not that nobody touched one"


def test_the_step_that_takes_longer_where_it_was_hard_is_the_moment_of_truth() -> None:
    hard = [visit(wait_s=400.0 + n, ces=2) for n in range(25)]
    easy = [visit(wait_s=30.0 + n, ces=5) for n in range(25)]
    found = moment_of_truth(summarise(SATURDAY, [*hard, *easy]))
    assert found is not None
    assert (found.step, found.chance) == (LINE, 1.0)
    assert moment_of_truth(summarise(SATURDAY, [*hard[:19], *easy])) is None  # too few to say
    same = [visit(wait_s=30.0 + n, ces=score) for n in range(25) for score in (2, 5)]
    assert moment_of_truth(summarise(SATURDAY, same)) is None


# --- whether a change is one ---------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=20), st.lists(st.integers(0, 9), min_size=1, max_size=20)
)
def test_the_chance_of_a_larger_number_is_that_of_all_pairs(one: list[int], other: list[int]) -> None:
    counts = [{number: numbers.count(number) for number in numbers} for numbers in (one, other)]
    pairs = [(a > b) + (a == b) / 2 for a in one for b in other]
    assert compare(*counts).chance == pytest.approx(sum(pairs) / len(pairs))
    assert compare(*counts).z == pytest.approx(-compare(*reversed(counts)).z)


def test_the_rank_sum_test_has_the_published_variance() -> None:
    """10 against 10 without ties: U = 80 is 2.27 standard deviations from 50 (√(10·10·21÷12) = 13.23)."""
    one, other = dict.fromkeys(range(13, 23), 1), dict.fromkeys([*range(5, 13), 30, 31], 1)
    found = compare(one, other)
    assert (found.chance, found.z) == (0.8, pytest.approx(30 / 175**0.5))
    assert found.is_clear
    assert not compare({1: 3}, {}).is_clear
    assert not compare({1: 3}, {1: 4}).is_clear


def test_shares_differ_clearly_where_chance_does_not_explain_it() -> None:
    assert clearly_differ(Share(80, 100), Share(60, 100))
    assert not clearly_differ(Share(80, 100), Share(75, 100))
    assert not clearly_differ(Share(80, 100), Share(70, 100))  # 1.6 standard deviations
    assert not clearly_differ(Share(10, 10), Share(0, 100))  # too few to say
    assert not clearly_differ(Share(20, 20), Share(30, 30))
    assert NormalDist().inv_cdf(0.975) == pytest.approx(1.959964, abs=1e-6)


@given(st.floats(0, 1e6))
def test_a_scale_holds_its_highest_value_with_few_lines(highest: float) -> None:
    scale = scale_to(highest)
    assert scale.top >= highest
    assert 2 <= len(scale.ticks) <= 5
    assert scale.y(0) > scale.y(scale.top)
