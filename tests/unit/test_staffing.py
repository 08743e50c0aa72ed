"""How many people are needed: the queueing formula against oracles, the forecast, and the plan beside it."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta
from heapq import heapify, heapreplace

import pytest

from sync_server.domain.catalogue.catalogue import Employee
from sync_server.domain.staffing import advice
from sync_server.domain.staffing.advice import WHOLE_SHOP, Change, Service, Shift, Slot
from sync_server.domain.staffing.erlang_a import MAX_PEOPLE, greeted_share, people_needed, waiting_share
from sync_server.domain.staffing.forecast import ArrivalHistory, Cell, forecast, growth, recent_error
from sync_server.domain.staffing.shift_plan import LineProblem, PlanLine, PlanProblem, check_plan

MONDAY = date(2026, 3, 2)
HOUR_MS = 3_600_000

# --- Erlang A ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("per_hour", "handling_s", "within_s", "share", "people", "level", "with_one_fewer"),
    [  # Erlang C, computed twice with exact fractions and with a recursion
        (200, 180, 20, 0.8, 14, 0.888350019179, 0.795594788418),
        (100, 180, 20, 0.8, 8, 0.880148310767, 0.740441011543),
        (40, 189, 60, 0.8, 4, 0.890900281209, 0.630014289677),
        (40, 189, 120, 0.9, 4, 0.940314583423, 0.72196413993),
        (12, 240, 60, 0.8, 2, 0.830670120987, 0.239016460399),
        (30, 300, 120, 0.9, 5, 0.952039079947, 0.824458918854),
    ],
)
def test_without_impatience_it_is_erlang_c(
    per_hour, handling_s, within_s, share, people, level, with_one_fewer
):
    per_s = per_hour / 3600
    assert people_needed(per_s, handling_s, 0, within_s, share) == people
    assert greeted_share(people, per_s, handling_s, 0, within_s) == pytest.approx(level, abs=1e-7)
    assert greeted_share(people - 1, per_s, handling_s, 0, within_s) == pytest.approx(
        with_one_fewer, abs=1e-7
    )


@pytest.mark.parametrize(
    ("per_min", "done_per_min", "leave_per_min", "people", "waits", "leaves"),
    [
        (4.2, 0.5, 1.0, 12, 0.127372281809, 0.029678905542),
        (2.0, 0.5, 0.25, 4, 0.638507415758, 0.162926235151),
        (2.0, 0.5, 0.25, 3, 0.844556329759, 0.306796725665),
        (0.5, 0.25, 0.1, 3, 0.364328148454, 0.072104666391),
    ],
)
def test_who_waits_and_who_leaves_as_in_published_examples(
    per_min, done_per_min, leave_per_min, people, waits, leaves
):
    queue = per_min / 60, 60 / done_per_min, leave_per_min / 60
    assert waiting_share(people, *queue) == pytest.approx(waits, abs=1e-9)
    assert greeted_share(people, *queue, 1800) == pytest.approx(1 - leaves, abs=1e-6)


def test_a_published_service_level():
    """ContactCenters' example MMC: 4.2 calls a minute of two minutes, 12 agents, 20 s."""
    assert greeted_share(12, 4.2 / 60, 120, 0, 20) == pytest.approx(0.8991, abs=5e-5)


def test_from_nobody_to_ten_thousand_shoppers():
    shop = 240, 1 / 600, 60, 0.8
    assert [people_needed(visits / 1800, *shop) for visits in (0, 1, 10, 100)] == [0, 1, 3, 15]
    assert people_needed(10_000 / 1800, *shop) == MAX_PEOPLE
    assert people_needed(10_000 / 1800, 240, 0, 60, 0.8) == MAX_PEOPLE
    assert people_needed(1 / 1800, 0, 0, 60, 0.8) == 0
    assert greeted_share(0, 1 / 1800, *shop[:3]) == 0
    assert greeted_share(3, 0, *shop[:3]) == 1
    assert greeted_share(1, 1 / 240, 240, 0, 60) == 0  # a line that only grows
    assert 0.4 < greeted_share(1, 1 / 200, 240, 1 / 30, 60) < 0.5  # it does not grow where people leave


def test_with_more_people_more_are_greeted():
    shares = [greeted_share(people, 10 / 1800, 240, 1 / 600, 60) for people in range(8)]
    assert shares == sorted(shares)


# --- the forecast -----------------------------------------------------------------------------

SHAPE = {18: 1.0, 20: 2.0, 24: 4.0, 28: 5.0, 30: 2.5}  # visits of a skill by half-hour


def past(weeks: int, week_factor: float = 1.0, seed: int = 1) -> ArrivalHistory:
    """Weeks before MONDAY without Sundays, with random arrivals. Saturdays have twice as many."""
    rng = random.Random(seed)
    days = {}
    for ago in range(7 * weeks, 0, -1):
        day = MONDAY - timedelta(days=ago)
        if day.weekday() == 6:
            continue
        busy = (2.0 if day.weekday() == 5 else 1.0) * week_factor ** (-ago / 7)
        cells = {(skill, at): poisson(busy * mean, rng) for skill in ("repair", "sales")
                 for at, mean in SHAPE.items()}  # fmt: skip
        days[day] = Counter(cells)
    return ArrivalHistory(days)


def poisson(mean: float, rng: random.Random) -> int:
    visits, at = 0, rng.expovariate(1)
    while at < mean:
        visits += 1
        at += rng.expovariate(1)
    return visits


def test_a_forecast_is_the_mean_of_the_same_weekday_and_half_hour():
    days = {MONDAY - timedelta(weeks=ago): {("repair", 20): 4 + ago % 2} for ago in range(1, 9)}
    days[MONDAY - timedelta(days=1)] = {("repair", 20): 90}
    assert forecast(ArrivalHistory(days), MONDAY, MONDAY) == {("repair", 20): 4.5}


def test_a_holiday_is_no_example():
    days = {MONDAY - timedelta(weeks=ago): {("repair", 20): 4} for ago in range(1, 5)}
    holiday = MONDAY - timedelta(weeks=2)
    days[holiday] = {("repair", 20): 40}
    assert forecast(ArrivalHistory(days, frozenset({holiday})), MONDAY, MONDAY) == {("repair", 20): 4}


def test_no_data_and_one_visit():
    assert forecast(ArrivalHistory({}), MONDAY, MONDAY) == {}
    assert recent_error(ArrivalHistory({}), MONDAY) is None
    one = ArrivalHistory({MONDAY - timedelta(days=3): {("repair", 20): 1}})
    assert forecast(one, MONDAY, MONDAY) == {("repair", 20): 1}  # a weekday that was never seen
    assert recent_error(one, MONDAY) is None


def test_a_shop_that_grows_is_forecast_larger_and_one_that_does_not_is_not():
    assert growth(past(12), MONDAY, 4) == 1
    assert growth(past(12, 1.08), MONDAY, 4) == pytest.approx(1.08**4, rel=0.12)
    assert growth(past(12, 1.5), MONDAY, 8) == 2  # and no trend is believed beyond that
    assert growth(past(12, 1 / 1.5), MONDAY, 8) == 0.5


def test_the_error_is_what_chance_explains_where_shoppers_come_at_random():
    error = recent_error(past(12), MONDAY)
    assert error is not None
    assert error.visits == pytest.approx(7 / 6 * 2.9, rel=0.1)
    assert error.off == pytest.approx(error.by_chance, rel=0.15)
    assert abs(error.too_high) < 0.1


def test_each_forecast_is_tested_on_a_week_that_it_did_not_know():
    days = {MONDAY - timedelta(days=ago): {("repair", 20): 8 if ago <= 7 else 4} for ago in range(1, 85)}
    error = recent_error(ArrivalHistory(days), MONDAY)
    assert (error.visits, error.off, error.too_high) == (5, 1, pytest.approx(-0.2))  # 4 too few in one of 4


# --- the plan beside it -----------------------------------------------------------------------

SERVICE = Service({"repair": 300.0, "sales": 240.0, WHOLE_SHOP: 270.0}, 1 / 900, 50.0, 0.8)
TEAM = (
    Employee("maya", "Maya", frozenset({"repair"})),
    Employee("sam", "Sam", frozenset({"sales"})),
    Employee("noor", "Noor", frozenset({"sales", "repair"})),
)
MIDNIGHT = 1_772_409_600_000  # MONDAY in UTC


def shift(who: str, first: float, end: float) -> Shift:
    return Shift(MIDNIGHT + int(first * HOUR_MS), MIDNIGHT + int(end * HOUR_MS), who)


def slots_of(expected: Mapping[Cell, float], *shifts: Shift) -> list[Slot]:
    slots = advice.needed_slots(MONDAY, expected, range(18, 36), SERVICE)
    return advice.compare(slots, shifts, frozenset({MONDAY}), TEAM, UTC)


def test_people_are_counted_for_each_of_their_skills_and_once_for_the_shop():
    slots = slots_of({("repair", 20): 3, ("sales", 20): 3}, shift("noor", 9, 17), shift("sam", 10.25, 12))
    assert {s.skill: s.planned for s in slots} == {WHOLE_SHOP: 2, "repair": 1, "sales": 2}
    assert {s.skill: s.needed for s in slots} == {WHOLE_SHOP: 3, "repair": 2, "sales": 2}
    assert [(s.short, s.spare) for s in slots if s.skill == "repair"] == [(1, 0)]


def test_a_day_without_a_plan_is_short_of_nobody():
    slots = advice.needed_slots(MONDAY, {("repair", 20): 3}, range(48), SERVICE)
    assert advice.compare(slots, [], frozenset(), TEAM, UTC) == slots
    assert {(s.planned, s.short, s.spare) for s in slots} == {(None, 0, 0)}


def test_half_hours_that_are_over_are_left_out():
    slots = slots_of({("repair", 20): 3, ("repair", 21): 3})
    half_past_ten = MIDNIGHT + int(10.5 * HOUR_MS)
    assert {s.slot for s in advice.not_over(slots, half_past_ten - 1, UTC)} == {20, 21}
    assert {s.slot for s in advice.not_over(slots, half_past_ten, UTC)} == {21}


def test_the_change_that_helps_most_comes_first_and_names_who_could():
    slots = slots_of(
        {("repair", at): 2 for at in (20, 21)} | {("repair", 30): 6, ("sales", 26): 1}, shift("maya", 9, 17)
    )
    first, second, *_ = advice.best_changes(slots, [shift("maya", 9, 17)], TEAM, SERVICE, UTC)
    assert (first.skill, first.day, first.first, first.end) == ("repair", MONDAY, 30, 31)
    assert first.could == ("noor",)
    assert first.people == people_needed(6 / 1800, 300, 1 / 900, 50, 0.8) - 1
    assert first.gain > second.gain


def test_at_most_three_changes_and_none_that_helps_nobody():
    slots = slots_of({("repair", at): 2 for at in range(18, 36, 2)})
    changes: list[Change] = advice.best_changes(slots, [], TEAM, SERVICE, UTC)
    assert len(changes) == 3
    assert advice.best_changes(slots_of({("repair", 20): 0.01}), [], TEAM, SERVICE, UTC) == []


# --- a shift plan -----------------------------------------------------------------------------


def line(number: int, who: str, first: float, end: float) -> PlanLine:
    one = shift(who, first, end)
    return PlanLine(number, who, one.starts_at, one.ends_at)


def test_lines_that_overlap_or_name_nobody_are_problems_by_their_number():
    lines = [
        line(2, "maya", 9, 17), line(3, "MAYA", 16, 18), line(4, "Bo", 9, 17), line(5, "Sam", 17, 9),
        line(6, "sam", 9, 26), PlanLine(7, "sam", None, None), line(8, "Maya", 17, 18),
        line(9, "maya", 8, 9),
    ]  # fmt: skip
    shifts, problems = check_plan(lines, TEAM, MIDNIGHT)
    assert shifts == [shift("maya", 8, 9), shift("maya", 9, 17), shift("maya", 17, 18)]
    assert problems == [
        LineProblem(3, "MAYA", PlanProblem.OVERLAP, 2), LineProblem(4, "Bo", PlanProblem.UNKNOWN),
        LineProblem(5, "Sam", PlanProblem.TOO_LONG), LineProblem(6, "sam", PlanProblem.TOO_LONG),
        LineProblem(7, "sam", PlanProblem.UNREADABLE),
    ]  # fmt: skip


def test_a_name_that_two_have_is_ambiguous_and_an_id_is_not():
    twins = (*TEAM, Employee("maya2", "Maya", frozenset()))
    assert check_plan([line(1, "Maya", 9, 10)], twins[1:], MIDNIGHT)[1] == []
    shifts, problems = check_plan([line(1, "maya", 9, 10), line(2, "MAYA2", 9, 10)], twins, MIDNIGHT)
    assert [s.employee for s in shifts] == ["maya", "maya2"]
    assert problems == []
    named = (Employee("a", "Lee", frozenset()), Employee("b", "Lee", frozenset()))
    problems = check_plan([line(1, "Lee", 9, 10)], named, MIDNIGHT)[1]
    assert problems == [LineProblem(1, "Lee", PlanProblem.AMBIGUOUS)]


def test_a_wrong_year_is_a_problem():
    year = 24 * 366
    lines = [line(n, "maya", at, at + 1) for n, at in enumerate((-year, year, -year - 1, year + 1))]
    shifts, problems = check_plan(lines, TEAM, MIDNIGHT)
    assert len(shifts) == 2
    assert problems == [LineProblem(2, "maya", PlanProblem.FAR), LineProblem(3, "maya", PlanProblem.FAR)]


# --- following the advice ---------------------------------------------------------------------


def simulate(
    people: Mapping[int, int], means: Mapping[int, float], handling_s: Sequence[float], seed: int
) -> tuple[float, float]:
    """The share greeted in time in a shop with so many people, and the share that the formula says.

    A visit takes one of `handling_s` on average.
    """
    days, overall_s = 300, sum(handling_s) / len(handling_s)
    rng = random.Random(seed)
    came = greeted = said = 0.0
    for slot, mean in means.items():
        if slot not in people:
            continue
        free = [0.0] * people[slot]
        heapify(free)
        now, end = 0.0, 1800.0 * days
        share = greeted_share(people[slot], mean / 1800, overall_s, 1 / 900, 50)
        while (now := now + rng.expovariate(mean / 1800)) < end:
            came += 1
            said += share
            waits = max(0.0, free[0] - now)
            if waits > rng.expovariate(1 / 900):
                continue
            heapreplace(free, now + waits + rng.expovariate(1 / rng.choice(handling_s)))
            greeted += waits <= 50
    return greeted / came, said / came


@pytest.mark.parametrize(("skill", "handling_s"), [("repair", [300.0]), (WHOLE_SHOP, [300.0, 240.0])])
def test_following_the_advice_meets_the_target_share_within_two_points(skill, handling_s):
    """Twelve simulated weeks are forecast, staffed as advised, and simulated with the true rates."""
    expected = forecast(past(12), MONDAY, MONDAY)
    slots = advice.needed_slots(MONDAY, expected, range(48), SERVICE)
    people = {s.slot: s.needed for s in slots if s.skill == skill}
    means = {slot: mean * len(handling_s) for slot, mean in SHAPE.items()}
    greeted, said = simulate(people, means, handling_s, seed=5)
    assert greeted >= SERVICE.share - 0.02
    assert greeted == pytest.approx(said, abs=0.02)
    fewer, _ = simulate({slot: n - 1 for slot, n in people.items() if n > 1}, means, handling_s, seed=5)
    assert fewer < SERVICE.share - 0.02  # one fewer would not do
