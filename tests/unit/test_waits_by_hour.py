"""The waits hour by hour, and the worst hour."""

import itertools

import pytest

from sync_server.domain.visit.durations import VisitTimes
from sync_server.service.reports.waits_by_hour import VisitOfDay, hours, worst_hour
from tests.sample_store import MONDAY_10, catalogue

SHOP = catalogue()
TARGET_S = 60
MINUTE = 60_000


def line(minute: float = 0, wait_s: float = 30, need: str = "repair") -> VisitOfDay:
    """A visit that came `minute` minutes after ten, was served after `wait_s`, and completed."""
    came = MONDAY_10 + int(minute * MINUTE)
    met = came + int(wait_s * 1000)
    return VisitOfDay(VisitTimes("kiosk", came, None, met, met, met + 200_000), "completed", need)


def gone(minute: float = 0, wait_s: float = 30) -> VisitOfDay:
    """A visit that was cancelled unserved after `wait_s`."""
    came = MONDAY_10 + int(minute * MINUTE)
    left = came + int(wait_s * 1000)
    return VisitOfDay(VisitTimes("kiosk", came, None, None, None, left), "cancelled", "repair")


def waiting(minute: float) -> VisitOfDay:
    came = MONDAY_10 + int(minute * MINUTE)
    return VisitOfDay(VisitTimes("kiosk", came, None, None, None, None), "waiting", "repair")


def quick(minute: float, need: str = "buy") -> VisitOfDay:
    """A quick resolution."""
    at = MONDAY_10 + int(minute * MINUTE)
    return VisitOfDay(VisitTimes("staff", at, None, at, at, at), "completed", need)


# --- hours -----------------------------------------------------------------------------------------


def test_an_hour_is_the_store_s_own() -> None:
    found = hours([line(0), line(59.9), line(60)], SHOP)
    assert [(hour.hour, hour.visits) for hour in found] == [(10, 2), (11, 1)]


def test_an_hour_has_percentiles_quartiles_and_median() -> None:
    (found,) = hours([line(wait_s=wait) for wait in range(101)], SHOP)
    assert (found.low, found.first, found.middle, found.third, found.high) == (10, 25, 50, 75, 90)


def test_one_visit_is_all_of_its_hour() -> None:
    (found,) = hours([line(wait_s=42)], SHOP)
    assert {found.low, found.first, found.middle, found.third, found.high} == {42}


def test_waits_of_those_who_left_are_listed_and_included() -> None:
    (found,) = hours([line(wait_s=20), gone(wait_s=200)], SHOP)
    assert found.visits == 2
    assert found.left == (200,)


def test_an_hour_of_people_still_waiting_is_no_box_yet() -> None:
    assert hours([waiting(0)], SHOP) == []


def test_quick_resolutions_are_no_waits() -> None:
    """They once were dots at 0 s, and pulled the quartiles down."""
    assert hours([quick(0), quick(1)], SHOP) == []
    (found,) = hours([line(wait_s=42), quick(0), quick(1)], SHOP)
    assert (found.visits, found.middle, found.helped) == (1, 42, (42,))


# --- the worst hour ----------------------------------------------------------------------


def day(*medians: float, each: int = 4) -> list[VisitOfDay]:
    """Visits from ten o'clock on: `each` visits an hour, with these waits."""
    came = ((hour * 60 + n, wait) for hour, wait in enumerate(medians) for n in range(each))
    return list(itertools.starmap(line, came))


def test_the_worst_hour_is_far_above_the_rest_and_above_the_target() -> None:
    worst = worst_hour(day(30, 40, 200, 30), SHOP, TARGET_S)
    assert worst is not None
    assert worst.hour == 12


@pytest.mark.parametrize(
    "visits",
    [
        day(20, 59, 20, 20),  # within the target
        day(100, 110, 120, 100),  # all hours are alike
        day(200),  # nothing to compare with
        day(20, 20, 20, 20) + [line(240 + n, 300) for n in range(3)],  # too few visits
        [],
    ],
)
def test_otherwise_there_is_no_worst_hour(visits: list[VisitOfDay]) -> None:
    assert worst_hour(visits, SHOP, TARGET_S) is None


def test_the_need_that_waited_longest_in_it_is_named() -> None:
    bad = [line(120 + n, 100, need="repair") for n in range(3)] + [line(125, 400, need="buy")]
    worst = worst_hour(day(20, 20) + bad, SHOP, TARGET_S)
    assert worst is not None
    assert worst.need == "buy"


def test_quick_resolutions_hide_no_worst_hour() -> None:
    """With 20 waits of 0 s among them the median of the day was 0, and every hour far above it."""
    alike = [*day(100, 110, 120, 100), *map(quick, range(20))]
    assert worst_hour(alike, SHOP, TARGET_S) is None
