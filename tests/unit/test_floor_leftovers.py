"""What is left over after closing time: a visit that nobody ended, an employee who did not sign off."""

import pytest

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import StoreInfo
from sync_server.domain.events import DayClosed, Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.visit.visit import State
from tests.fake_clock import FakeClock
from tests.floor_harness import FloorHarness, event_of, kinds, staff
from tests.sample_store import CLOSES, catalogue, ms

SWEEP = CLOSES + 3_600_000


def serving_at_closing() -> tuple[FloorHarness, str]:
    play = FloorHarness()
    play.clock.now = CLOSES - 60_000
    play.sign_on("tom", "lea")
    visit_id = play.open_with("tom", "repair")
    play.clock.now = CLOSES
    play.tick()
    assert play.visit(visit_id).state is State.SERVING
    return play, visit_id


@pytest.mark.fault(
    "A visit is left open overnight",
    "it is ended as of closing time, marked `left_open`, without a service time; its employee is signed off",
)
def test_a_visit_left_open_expires_as_of_closing_time_marked_and_without_service_time():
    play, visit_id = serving_at_closing()
    assert play.floor.next_deadline(play.clock.now) == SWEEP
    play.clock.now = SWEEP
    records = play.tick()
    assert kinds(records) == ["expired", "presence_changed", "day_closed"]
    visit = play.visit(visit_id)
    assert (visit.state, visit.left_open, visit.ended_at) == (State.EXPIRED, True, CLOSES)
    assert (visit.service_ms, visit.handled_ms, visit.stint_at) == (None, 0, None)
    person = play.person("tom")
    assert (person.presence, person.device_id, person.active) == (Presence.OFF_FLOOR, None, ())
    assert event_of(records, DayClosed).still_here == 0
    assert play.floor.next_deadline(play.clock.now) is None
    again = Floor.replay(play.catalogue, play.records)
    assert (again.visits, again.people) == (play.floor.visits, play.floor.people)


def test_visits_that_ended_in_the_usual_way_are_not_marked():
    play, visit_id = serving_at_closing()
    waiting = play.open("buy")
    play.complete("tom", visit_id)
    play.clock.now = SWEEP
    play.tick()
    assert (play.visit(visit_id).state, play.visit(visit_id).left_open) == (State.COMPLETED, False)
    assert (play.visit(waiting).state, play.visit(waiting).left_open) == (State.EXPIRED, False)


def test_a_day_that_ends_while_somebody_is_served_is_closed_again_once_all_are_gone():
    """Only from a line that says so can a start replay the log."""
    play, visit_id = serving_at_closing()
    play.complete("tom", visit_id)
    play.yes("tom", ops.SetPresence(Presence.OFF_FLOOR))
    play.after(60)
    assert play.floor.next_deadline(play.clock.now) == SWEEP
    again = Floor.replay(play.catalogue, play.records)
    assert again.next_deadline(play.clock.now) == SWEEP
    play.clock.now = SWEEP
    records = play.tick()
    assert kinds(records) == ["day_closed"]
    assert event_of(records, DayClosed).still_here == 0
    assert play.floor.next_deadline(play.clock.now) is None
    assert play.tick() == []


def test_an_employee_who_served_after_closing_time_and_did_not_sign_off_is_signed_off():
    play, visit_id = serving_at_closing()
    play.clock.after(600)
    play.complete("tom", visit_id)
    assert play.person("tom").presence is Presence.AVAILABLE
    play.after(3_600)
    assert play.person("tom").presence is Presence.OFF_FLOOR


@pytest.mark.fault(
    "The server is down from the afternoon to the morning",
    "open visits are ended as of closing time; everybody is signed off",
)
def test_a_server_that_was_down_all_night_leaves_nothing_open_when_it_starts():
    play = FloorHarness()
    play.sign_on("tom", "lea")
    visit_id = play.open_with("tom", "repair")
    again = Floor.replay(play.catalogue, play.records)
    records = again.tick(CLOSES + 13 * 3_600_000)
    assert kinds(records).count("day_closed") == 1
    ended = next(r for r in records if r.visit_id == visit_id)
    assert (ended.happened_at, ended.at) == (CLOSES, CLOSES + 13 * 3_600_000)
    assert {p.presence for p in again.people.values()} == {Presence.OFF_FLOOR}
    assert again.open_visits() == []


def test_closing_and_the_leftovers_of_the_day_before_are_both_done_after_a_long_outage():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    again = Floor.replay(play.catalogue, play.records)
    tuesday_2130 = CLOSES + 86_400_000 + 1_800_000
    again.handle(ops.SetPresence(Presence.AVAILABLE), staff("tom"), tuesday_2130 - 7_200_000)
    again.tick(tuesday_2130)
    assert again.visits.get(visit_id) is None or again.visits[visit_id].left_open
    assert again.people["tom"].presence is Presence.OFF_FLOOR
    assert again.next_deadline(tuesday_2130) is None


def test_leftovers_can_expire_at_closing_time_itself():
    play = FloorHarness(catalogue(store=StoreInfo("Strict", closes="21:00", leftovers_min=0)))
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.clock.now = CLOSES
    assert kinds(play.tick()).count("day_closed") == 1
    assert play.visit(visit_id).left_open
    assert play.person("tom").presence is Presence.OFF_FLOOR


def test_each_weekday_has_its_own_closing_time():
    week = {"mon": "09:00-18:00", "tue": "09:00-21:00"}
    shop = catalogue(store=StoreInfo("Week", closes="22:00", hours=week))
    for opened, closes in (
        (ms(2026, 3, 2, 9), ms(2026, 3, 2, 17)),
        (ms(2026, 3, 3, 9), ms(2026, 3, 3, 20)),
        (ms(2026, 3, 4, 9), ms(2026, 3, 4, 21)),  # a closed day closes at `closes`
    ):
        play = FloorHarness(shop, FakeClock(opened))
        visit_id = play.open("ask")
        assert play.floor.next_deadline(opened) <= closes
        play.clock.now = closes - 1
        play.tick()
        assert play.visit(visit_id).state is State.WAITING
        play.clock.now = closes
        play.tick()
        assert play.visit(visit_id).state is State.EXPIRED
