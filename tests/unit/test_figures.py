"""What stands behind the day's page: counts, hours, and the hour that stands out."""

import itertools
from typing import Any

import pytest

from sync_server.service.figures import Line, counts, hours, worst_hour
from tests.shop import MONDAY_10, catalogue

SHOP = catalogue()
TARGET_S = 60
MINUTE = 60_000
NOW = MONDAY_10 + 10 * 3_600_000


def line(minute: float = 0, wait_s: float = 30, **more: Any) -> Line:
    """A visit that came `minute` minutes after ten, was greeted and served after `wait_s`, and completed."""
    came = MONDAY_10 + int(minute * MINUTE)
    met = came + int(wait_s * 1000)
    whole: dict[str, Any] = {
        "created_at": came,
        "accepted_at": met,
        "serving_at": met,
        "ended_at": met + 200_000,
        "state": "completed",
        "need": "repair",
        "resolution": "solved",
        "handovers": 0,
        "tip": None,
        "nps": None,
        "ces": None,
    }
    return Line(**{**whole, **more})


def gone(minute: float = 0, wait_s: float = 30, state: str = "cancelled") -> Line:
    """A visit that ended unserved after `wait_s`."""
    came = MONDAY_10 + int(minute * MINUTE)
    never: dict[str, Any] = {"accepted_at": None, "serving_at": None, "resolution": None}
    return line(minute, ended_at=came + int(wait_s * 1000), state=state, **never)


def waiting(minute: float) -> Line:
    return line(minute, accepted_at=None, serving_at=None, ended_at=None, state="waiting", resolution=None)


# --- greeting --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("visit", "greeted", "greetable"),
    [
        (line(wait_s=60), 1, 1),
        (line(wait_s=60.001), 0, 1),
        (gone(wait_s=10), 0, 1),  # left before anybody came
        (line(wait_s=10, state="cancelled", serving_at=None), 1, 1),  # left after somebody had accepted
    ],
)
def test_greeted_is_accepted_within_the_target_of_all_who_came(
    visit: Line, greeted: int, greetable: int
) -> None:
    found = counts([visit], TARGET_S, NOW)
    assert (found.greeted, found.greetable) == (greeted, greetable)


@pytest.mark.parametrize(("seconds", "greetable"), [(59, 0), (60, 0), (61, 1)])
def test_whoever_has_only_just_come_is_not_counted_yet(seconds: int, greetable: int) -> None:
    found = counts([waiting(0)], TARGET_S, MONDAY_10 + seconds * 1000)
    assert (found.visits, found.greetable, found.waits) == (1, greetable, 0)


# --- the rest of the counts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "left"),
    [("cancelled", 1), ("no_show", 1), ("expired", 1), ("removed", 0), ("completed", 0)],
)
def test_left_is_gone_without_help(state: str, left: int) -> None:
    assert counts([gone(state=state)], TARGET_S, NOW).left == left


def test_whoever_leaves_while_on_hold_had_help() -> None:
    assert counts([line(state="cancelled")], TARGET_S, NOW).left == 0


def test_the_counts_behind_the_shares() -> None:
    visits = [
        line(ces=5, tip="dry"),
        line(handovers=1, nps=3),
        line(resolution="referred", tip="dry"),
        gone(wait_s=90),
        gone(state="expired", wait_s=90),
    ]
    found = counts(visits, TARGET_S, NOW)
    assert (found.visits, found.completed, found.first_contact) == (5, 3, 1)
    assert (found.asked, found.answered, found.tips) == (4, 2, 2)
    assert (found.waits, found.median_wait_s) == (5, 30)


def test_a_day_without_visits_has_no_median() -> None:
    found = counts([], TARGET_S, NOW)
    assert (found.visits, found.greetable, found.median_wait_s) == (0, 0, None)


# --- hours -----------------------------------------------------------------------------------------


def test_an_hour_is_the_store_s_own() -> None:
    found = hours([line(0), line(59.9), line(60)], SHOP)
    assert [(hour.hour, hour.visits) for hour in found] == [(10, 2), (11, 1)]


def test_an_hour_tells_its_tenths_quarters_and_middle() -> None:
    (found,) = hours([line(wait_s=wait) for wait in range(101)], SHOP)
    assert (found.low, found.first, found.middle, found.third, found.high) == (10, 25, 50, 75, 90)


def test_one_visit_is_all_of_its_hour() -> None:
    (found,) = hours([line(wait_s=42)], SHOP)
    assert {found.low, found.first, found.middle, found.third, found.high} == {42}


def test_those_who_left_are_dots_and_in_the_box() -> None:
    (found,) = hours([line(wait_s=20), gone(wait_s=200)], SHOP)
    assert found.visits == 2
    assert found.left == (200,)


def test_an_hour_of_people_still_waiting_is_no_box_yet() -> None:
    assert hours([waiting(0)], SHOP) == []


# --- the hour that stands out ----------------------------------------------------------------------


def day(*medians: float, each: int = 4) -> list[Line]:
    """Hours from ten on, each with `each` visits that waited so long."""
    came = ((hour * 60 + n, wait) for hour, wait in enumerate(medians) for n in range(each))
    return list(itertools.starmap(line, came))


def test_an_hour_well_over_the_rest_and_over_target_stands_out() -> None:
    worst = worst_hour(day(30, 40, 200, 30), SHOP, TARGET_S)
    assert worst is not None
    assert worst.hour == 12


@pytest.mark.parametrize(
    "visits",
    [
        day(20, 59, 20, 20),  # within the target
        day(100, 110, 120, 100),  # all hours alike
        day(200),  # nothing to compare with
        day(20, 20, 20, 20) + [line(240 + n, 300) for n in range(3)],  # too few to say
        [],
    ],
)
def test_otherwise_none_does(visits: list[Line]) -> None:
    assert worst_hour(visits, SHOP, TARGET_S) is None


def test_the_need_that_waited_longest_in_it_is_named() -> None:
    bad = [line(120 + n, 100, need="repair") for n in range(3)] + [line(125, 400, need="buy")]
    worst = worst_hour(day(20, 20) + bad, SHOP, TARGET_S)
    assert worst is not None
    assert worst.need == "buy"
