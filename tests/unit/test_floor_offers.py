"""Offers: one employee at a time, rounds of asking, and a search that widens."""

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Employee, Need
from sync_server.domain.catalogue.times import Times
from sync_server.domain.events import Offered, Presence
from sync_server.domain.ops import SYSTEM
from sync_server.domain.visit.visit import State
from tests.floor_harness import FloorHarness, event_of, kinds, tablet
from tests.sample_store import catalogue, text


def test_a_visit_is_offered_at_once_to_a_free_employee_with_the_skill():
    play = FloorHarness()
    play.sign_on("lea", "tom")
    visit = play.visit(play.open("repair"))
    assert (visit.state, visit.offer_to) == (State.OFFERED, "tom")
    assert visit.offer_until == play.clock.now + 15_000
    assert visit.offers == 1


def test_an_employee_has_one_offer_and_a_visit_is_offered_to_one_employee():
    play = FloorHarness()
    play.sign_on("tom", "maya")
    first, second, third = (play.open("repair") for _ in range(3))
    asked = [play.visit(v).offer_to for v in (first, second, third)]
    assert sorted(name for name in asked if name) == ["maya", "tom"]
    assert play.visit(third).state is State.WAITING
    assert {play.person(name).offer for name in ("tom", "maya")} == {first, second}


def test_an_employee_with_a_visit_in_hand_is_not_asked():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    assert play.visit(play.open("repair")).state is State.WAITING


def test_a_waiting_visit_is_offered_as_soon_as_an_employee_signs_on():
    play = FloorHarness()
    visit_id = play.open("repair")
    assert play.visit(visit_id).state is State.WAITING
    play.sign_on("tom")
    assert play.visit(visit_id).offer_to == "tom"


# --- declining, lapsing, asking again -----------------------------------------------------------------


def test_a_declined_visit_goes_at_once_to_the_next_and_keeps_its_arrival():
    play = FloorHarness()
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    arrived = play.visit(visit_id).created_at
    first = play.visit(visit_id).offer_to
    play.clock.after(4)
    records = play.on(first, ops.Decline, visit_id)
    assert kinds(records) == ["declined", "offered"]
    visit = play.visit(visit_id)
    assert {first, visit.offer_to} == {"maya", "tom"}
    assert visit.created_at == arrived
    assert play.person(first).chosen is Presence.AVAILABLE


def test_an_unanswered_offer_lapses_and_its_employee_counts_as_not_responding():
    play = FloorHarness()
    play.sign_on("tom")
    play.clock.after(3)
    play.sign_on("maya")
    visit_id = play.open("repair")
    arrived = play.visit(visit_id).created_at
    assert play.floor.next_deadline(play.clock.now) == play.clock.now + 15_000
    play.clock.after(14.999)
    assert play.tick() == []
    play.clock.after(0.001)
    assert kinds(play.tick()) == ["timed_out", "presence_changed", "offered"]
    assert play.person("tom").presence is Presence.NOT_RESPONDING
    assert play.visit(visit_id).offer_to == "maya"
    assert play.visit(visit_id).created_at == arrived


def test_an_employee_who_does_not_respond_is_not_asked_until_they_tap():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.after(200)
    assert play.visit(visit_id).state is State.WAITING
    play.yes("tom", ops.SetPresence(Presence.AVAILABLE))
    assert play.person("tom").presence is Presence.AVAILABLE
    assert play.visit(visit_id).offer_to == "tom"


def test_any_tap_ends_not_responding():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.after(16)
    assert play.person("tom").presence is Presence.NOT_RESPONDING
    records = play.on("tom", ops.Claim, visit_id)
    assert kinds(records)[:2] == ["presence_changed", "claimed"]
    assert play.person("tom").presence is Presence.SERVING


def test_nobody_is_asked_twice_before_everybody_has_been_asked():
    play = FloorHarness()
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    asked = []
    for _ in range(2):
        asked.append(play.visit(visit_id).offer_to)
        play.on(asked[-1], ops.Decline, visit_id)
    assert sorted(asked) == ["maya", "tom"]
    assert play.visit(visit_id).state is State.WAITING
    play.after(29)
    assert play.visit(visit_id).state is State.WAITING


def test_a_new_round_starts_when_all_have_been_asked_and_the_pause_is_over():
    play = FloorHarness()
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    for _ in range(2):
        play.on(play.visit(visit_id).offer_to, ops.Decline, visit_id)
    assert play.after(29) == []
    records = play.after(1)
    assert kinds(records) == ["offered"]
    assert event_of(records, Offered).new_round
    again = play.visit(visit_id).offer_to
    play.on(again, ops.Decline, visit_id)
    other = play.visit(visit_id).offer_to  # the new round reaches the other employee too
    assert {again, other} == {"maya", "tom"}


def test_the_next_deadline_is_when_a_new_round_may_start():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.on("tom", ops.Decline, visit_id)
    again = play.clock.now + 30_000
    play.after(25)
    assert play.floor.next_deadline(play.clock.now) == again
    play.clock.now = again
    assert kinds(play.tick()) == ["offered"]


def test_an_employee_who_signs_on_later_is_asked_without_a_new_round():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.on("tom", ops.Decline, visit_id)
    play.sign_on("maya")
    assert play.visit(visit_id).offer_to == "maya"


def test_a_wrap_up_pause_follows_a_completed_visit():
    play = FloorHarness()
    play.sign_on("tom")
    done = play.open_with("tom", "repair")
    waiting = play.open("repair")
    play.complete("tom", done)
    assert play.visit(waiting).state is State.WAITING
    assert play.floor.next_deadline(play.clock.now) == play.clock.now + 5_000
    play.after(4.999)
    assert play.visit(waiting).state is State.WAITING
    play.after(0.001)
    assert play.visit(waiting).offer_to == "tom"


def test_an_employee_may_have_as_many_visits_as_the_store_allows():
    play = FloorHarness(catalogue(times=Times(max_active=2)))
    play.sign_on("tom")
    first = play.open_with("tom", "repair")
    second = play.open("repair")
    play.accept("tom", second)
    third = play.open("repair")
    assert play.person("tom").active == (first, second)
    assert play.visit(third).state is State.WAITING


# --- the search widens ---------------------------------------------------------------------------------


def maya_is_busy() -> FloorHarness:
    """She is the only one with phone, and with a shopper."""
    play = FloorHarness()
    play.sign_on("maya")
    play.open_with("maya", "ask")
    return play


def test_a_preferred_skill_that_nobody_on_the_floor_has_holds_nobody_back():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair_phone")
    assert (play.visit(visit_id).offer_to, play.visit(visit_id).ring) == ("tom", 0)


@pytest.mark.parametrize("how", ["break", "silent"])
def test_once_the_last_one_with_a_preferred_skill_is_away_the_others_are_asked(how):
    play = maya_is_busy()
    play.sign_on("tom")
    visit_id = play.open("repair_phone")
    [in_hand] = play.person("maya").active
    if how == "break":
        play.on("maya", ops.HandOver, in_hand)
        play.yes("maya", ops.SetPresence(Presence.ON_BREAK))
    else:
        play.complete("maya", in_hand)
        play.after(5)
        assert play.visit(visit_id).offer_to == "maya"
        play.after(15)
        assert play.person("maya").chosen is Presence.NOT_RESPONDING
    assert play.visit(visit_id).offer_to == "tom" or play.person("tom").offer is not None
    assert play.visit(visit_id).ring == 0


def test_preferred_skills_are_given_up_ring_by_ring_and_then_the_manager_is_alerted():
    play = maya_is_busy()
    play.sign_on("tom")  # has repair, but not phone and sales
    visit_id = play.open("repair_phone")
    assert play.visit(visit_id).state is State.WAITING
    assert kinds(play.after(59.999)) == []
    assert kinds(play.after(0.001)) == ["widened"]
    assert play.visit(visit_id).ring == 1
    assert kinds(play.after(60)) == ["widened", "offered"]
    assert play.visit(visit_id).offer_to == "tom"
    play.on("tom", ops.Decline, visit_id)
    records = play.after(60)
    assert "alerted" in kinds(records)
    assert play.visit(visit_id).alerted_at == play.visit(visit_id).created_at + 180_000


def test_the_manager_is_alerted_once():
    play = FloorHarness()
    visit_id = play.open("repair")
    assert kinds(play.after(4000)) == ["alerted"]
    assert play.visit(visit_id).alerted_at == play.visit(visit_id).created_at + 60_000


def test_a_late_tick_catches_up_with_every_target_at_once():
    play = FloorHarness()
    visit_id = play.open("repair_phone")
    play.clock.after(600)
    assert kinds(play.tick()) == ["widened", "widened", "alerted"]
    assert play.visit(visit_id).ring == 2


def test_a_required_skill_is_never_given_up():
    play = FloorHarness()
    play.sign_on("lea", "kim")
    visit_id = play.open("repair_phone")
    play.after(4000)
    visit = play.visit(visit_id)
    assert visit.ring == 2
    assert visit.alerted_at is not None
    assert (visit.state, visit.offers) == (State.WAITING, 0)


def test_the_search_widens_after_an_offer_that_lasted_beyond_the_target():
    play = FloorHarness(catalogue(times=Times(offer_s=90)))
    play.sign_on("maya")
    visit_id = play.open("repair_phone")
    assert kinds(play.after(89)) == []
    assert kinds(play.after(1)) == ["timed_out", "presence_changed", "widened"]
    assert play.visit(visit_id).ring == 1


def test_a_visit_handed_over_waits_a_whole_target_before_the_manager_is_alerted():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.clock.after(600)  # served for ten minutes: nobody was waiting
    records = play.on("tom", ops.HandOver, visit_id, note="needs another pair of hands")
    assert kinds(records) == ["handed_over"]
    assert "alerted" not in kinds(play.after(29))
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    assert kinds(play.after(31)) == ["alerted"]


def test_a_visit_alerts_again_when_it_waits_again():
    play = FloorHarness()
    visit_id = play.open("repair")
    assert kinds(play.after(60)) == ["alerted"]
    play.sign_on("kim")
    play.on("kim", ops.Claim, visit_id)
    play.on("kim", ops.HandOver, visit_id)
    assert play.visit(visit_id).alerted_at is None
    assert kinds(play.after(60)) == ["alerted"]


def test_after_a_handover_the_search_stays_wide_for_the_same_need_only():
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open("repair_phone")
    play.after(60)
    play.on("kim", ops.Claim, visit_id)
    play.on("kim", ops.HandOver, visit_id)
    assert play.visit(visit_id).ring == 1
    play.on("kim", ops.Claim, visit_id)
    play.on("kim", ops.HandOver, visit_id, need="buy")
    assert play.visit(visit_id).ring == 0


def test_a_handover_to_another_need_starts_at_the_narrowest_ring():
    play = maya_is_busy()
    play.sign_on("lea", "kim")
    visit_id = play.open_with("lea", "buy")
    play.clock.after(600)
    play.sign_on("tom")
    records = play.on("lea", ops.HandOver, visit_id, note="a phone to mend", need="repair_phone")
    assert kinds(records) == ["handed_over"]
    assert play.visit(visit_id).ring == 0
    assert (
        play.visit(visit_id).state is State.WAITING
    )  # tom lacks "phone"; somebody who has it is looked for at first
    assert kinds(play.after(120)) == ["widened", "widened", "offered"]


def test_an_employee_who_left_the_catalogue_is_offered_nothing():
    only_kim = catalogue(employees=(Employee("kim", "Kim", frozenset()),))
    play = FloorHarness(only_kim)
    play.sign_on("kim")
    assert play.visit(play.open("repair")).state is State.WAITING


def test_a_visit_whose_need_left_the_catalogue_is_still_offered():
    play = FloorHarness()
    visit_id = play.open("repair")
    without = catalogue(needs=(Need("ask", text("ask"), "bulb"),))
    again = type(play.floor).replay(without, play.records)
    again.handle(ops.SignOn("kim", tablet("kim")), SYSTEM, play.clock.now)
    assert again.visits[visit_id].offer_to == "kim"


def test_employees_of_the_overflow_are_asked_only_when_nobody_else_is_free():
    needs = tuple(replace(n, overflow=("tom",)) if n.code == "repair" else n for n in catalogue().needs)
    play = FloorHarness(catalogue(needs=needs))
    play.sign_on("tom")
    play.after(60)  # tom has been idle longer, and has fewer other skills
    play.sign_on("maya")
    first, second = play.open("repair"), play.open("repair")
    assert play.visit(first).offer_to == "maya"
    assert play.visit(second).offer_to == "tom"  # nobody waits while somebody able is free


def test_the_overflow_of_one_need_is_not_that_of_another():
    needs = tuple(replace(n, overflow=("tom",)) if n.code == "repair" else n for n in catalogue().needs)
    play = FloorHarness(catalogue(needs=needs))
    play.sign_on("tom")
    play.after(60)
    play.sign_on("maya")
    assert play.visit(play.open("ask")).offer_to == "tom"
