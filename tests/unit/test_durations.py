"""The durations of a visit, from its times."""

import pytest
from msgspec.structs import replace

from sync_server.domain.visit.durations import Durations, VisitTimes, durations, waited_s
from tests.sample_store import MONDAY_10


def at(seconds: float) -> int:
    return MONDAY_10 + int(seconds * 1000)


SERVED = VisitTimes("kiosk", at(0), at(1), at(11), at(41), at(641), held_ms=60_500)


def test_the_durations_of_a_visit_that_was_served():
    assert durations(SERVED) == Durations(
        wait_s=41, offer_latency_s=1, response_s=10, walk_s=30, greet_s=11,
        service_s=539.5, held_s=60.5, visit_s=641,
    )  # fmt: skip


def test_a_visit_that_was_never_served_waited_until_its_end():
    left = replace(SERVED, accepted_at=None, serving_at=None, ended_at=at(90), held_ms=0)
    assert durations(left) == Durations(90, 1, None, None, None, None, 0, 90)


def test_a_visit_that_waits_has_no_durations_yet():
    assert durations(VisitTimes("kiosk", at(0), None, None, None, None)) == Durations(
        None, None, None, None, None, None, 0, None
    )


def test_of_a_visit_that_was_left_open_nobody_knows_the_end():
    found = durations(replace(SERVED, left_open=True))
    assert (found.service_s, found.visit_s, found.wait_s) == (None, None, 41)


@pytest.mark.parametrize(("said", "service_s"), [(None, None), (180, 180.0)])
def test_a_quick_resolution_has_no_durations_but_the_service_that_was_said(said, service_s):
    quick = replace(SERVED, source="staff", serving_at=at(0), said_service_s=said)
    assert durations(quick) == Durations(None, None, None, None, None, service_s, 0, None)


def test_a_visit_that_an_employee_opened_for_somebody_who_waits_is_no_quick_resolution():
    assert durations(replace(SERVED, source="staff")).wait_s == 41
    assert durations(replace(SERVED, serving_at=at(0))).wait_s == 0


@pytest.mark.parametrize("serving_at", [None, at(0), at(41)])
@pytest.mark.parametrize("ended_at", [None, at(90)])
@pytest.mark.parametrize("source", ["kiosk", "staff"])
def test_the_wait_alone_is_that_of_the_durations(serving_at, ended_at, source):
    visit = replace(SERVED, source=source, serving_at=serving_at, ended_at=ended_at)
    assert waited_s(visit) == durations(visit).wait_s
