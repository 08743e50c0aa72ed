"""Who is on the floor: signing on, breaks, leaving, and who holds which tablet."""

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.events import HandedOver, Offered, Presence, PresenceChanged, Withdrawn
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import SYSTEM
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit.visit import State
from tests.floor_harness import FloorHarness, kinds, tablet
from tests.sample_store import catalogue


def test_signing_on_makes_an_employee_available_with_that_tablet():
    play = FloorHarness()
    records = play.yes(SYSTEM, ops.SignOn("tom", "tablet-7"))
    assert kinds(records) == ["presence_changed"]
    tom = play.person("tom")
    assert (tom.presence, tom.device_id, tom.since) == (Presence.AVAILABLE, "tablet-7", play.clock.now)
    assert play.floor.holder("tablet-7") == tom
    assert play.floor.holder("tablet-8") is None
    assert play.floor.holder(None) is None


def test_somebody_who_is_not_in_the_catalogue_cannot_sign_on():
    play = FloorHarness()
    assert play.no(SYSTEM, ops.SignOn("eve", "tablet-7")) == Refusal(Code.UNKNOWN_EMPLOYEE, "eve")


def test_an_employee_who_signs_on_at_another_tablet_keeps_their_visits():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.yes(SYSTEM, ops.SignOn("tom", "tablet-7"))
    assert play.floor.holder(tablet("tom")) is None
    assert play.floor.holder("tablet-7").active == (visit_id,)
    assert play.no("tom", ops.Hold(visit_id, 4)).code is Code.NOT_SIGNED_IN  # nobody holds the old tablet


def test_the_previous_holder_goes_off_the_floor_when_a_colleague_takes_the_tablet():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    assert play.person("tom").offer == visit_id
    records = play.yes(SYSTEM, ops.SignOn("maya", tablet("tom")))
    assert kinds(records) == ["withdrawn", "presence_changed", "presence_changed", "offered"]
    assert play.person("tom").presence is Presence.OFF_FLOOR
    assert play.floor.holder(tablet("tom")).id == "maya"
    assert play.visit(visit_id).offer_to == "maya"


@pytest.mark.parametrize("held", [False, True])
def test_the_tablet_of_an_employee_with_a_visit_cannot_be_taken(held):
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    if held:
        play.on("tom", ops.Hold, visit_id)
    refusal = play.no(SYSTEM, ops.SignOn("maya", tablet("tom")))
    assert refusal == Refusal(Code.FINISH_FIRST, "A-1")


def test_signing_on_again_during_a_break_does_not_end_the_break():
    play = FloorHarness()
    play.sign_on("tom")
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    play.yes(SYSTEM, ops.SignOn("tom", "tablet-7"))
    assert play.person("tom").presence is Presence.ON_BREAK
    assert play.floor.holder("tablet-7").id == "tom"


def test_signing_on_ends_not_responding():
    play = FloorHarness()
    play.sign_on("tom")
    play.open("repair")
    play.after(15)
    assert play.person("tom").presence is Presence.NOT_RESPONDING
    play.yes(SYSTEM, ops.SignOn("tom", tablet("tom")))
    assert play.person("tom").presence is Presence.AVAILABLE


# --- breaks and leaving ------------------------------------------------------------------------------


def test_a_break_withdraws_the_offer_and_no_other_is_made():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    records = play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    assert kinds(records) == ["withdrawn", "presence_changed"]
    assert play.visit(visit_id).state is State.WAITING
    assert play.person("tom").device_id == tablet("tom")
    assert play.after(50) == []
    records = play.yes("tom", ops.SetPresence(Presence.AVAILABLE))
    assert kinds(records) == ["presence_changed", "offered"]  # the same visit: they had not answered


def test_an_employee_who_comes_back_is_idle_from_then_on():
    play = FloorHarness()
    play.sign_on("maya", "tom")
    play.yes("maya", ops.SetPresence(Presence.ON_BREAK))
    play.clock.after(600)
    play.yes("maya", ops.SetPresence(Presence.AVAILABLE))
    assert play.visit(play.open("repair")).offer_to == "tom"


def test_leaving_the_floor_frees_the_tablet():
    play = FloorHarness()
    play.sign_on("tom")
    play.yes("tom", ops.SetPresence(Presence.OFF_FLOOR))
    assert play.person("tom").presence is Presence.OFF_FLOOR
    assert play.floor.holder(tablet("tom")) is None
    assert play.no("tom", ops.SetPresence(Presence.AVAILABLE)).code is Code.NOT_SIGNED_IN


@pytest.mark.parametrize("presence", [Presence.ON_BREAK, Presence.OFF_FLOOR])
def test_an_employee_with_a_visit_in_hand_cannot_leave(presence):
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    assert play.no("tom", ops.SetPresence(presence)) == Refusal(Code.FINISH_FIRST, "A-1")


def test_a_visit_on_hold_allows_a_break_and_does_not_allow_leaving():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.on("tom", ops.Hold, visit_id)
    assert play.no("tom", ops.SetPresence(Presence.OFF_FLOOR)) == Refusal(Code.FINISH_FIRST, "A-1")
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    play.on("tom", ops.Resume, visit_id)  # taking a visit up ends the break
    assert play.person("tom").presence is Presence.SERVING


def test_claiming_during_a_break_ends_the_break():
    play = FloorHarness()
    play.sign_on("tom")
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    records = play.on("tom", ops.Claim, play.open("repair"))
    assert kinds(records) == ["presence_changed", "claimed"]
    assert play.person("tom").chosen is Presence.AVAILABLE


@pytest.mark.parametrize("presence", [Presence.SERVING, Presence.NOT_RESPONDING])
def test_an_employee_cannot_set_a_presence_that_only_the_floor_derives(presence):
    play = FloorHarness()
    play.sign_on("tom")
    assert play.no("tom", ops.SetPresence(presence)).code is Code.NOT_ALLOWED


def test_setting_the_same_presence_again_changes_nothing():
    play = FloorHarness()
    play.sign_on("tom")
    assert play.yes("tom", ops.SetPresence(Presence.AVAILABLE)) == []


def test_an_employee_who_did_not_respond_may_take_a_break_in_one_step():
    play = FloorHarness()
    play.sign_on("tom")
    play.open("repair")
    play.after(15)
    records = play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    assert [r.event for r in records] == [PresenceChanged("tom", Presence.ON_BREAK, tablet("tom"))]


# --- what colleagues see -----------------------------------------------------------------------------


def test_an_employee_is_shown_as_serving_from_accepting_to_the_end():
    play = FloorHarness()
    play.sign_on("tom")
    seen = [play.person("tom").presence]
    visit_id = play.open("repair")
    for step in (ops.Accept, ops.Start, ops.Hold, ops.Resume, ops.HandOver):
        play.on("tom", step, visit_id)
        seen.append(play.person("tom").presence)
    serving, available = Presence.SERVING, Presence.AVAILABLE
    assert seen == [available, serving, serving, available, serving, available]


def test_a_log_with_an_employee_who_left_the_catalogue_can_be_replayed():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    fewer = play.catalogue.employees[:1]
    again = type(play.floor).replay(replace(play.catalogue, employees=fewer), play.records)
    assert again.visits[visit_id] == play.visit(visit_id)
    assert again.people["tom"] == play.person("tom")


# --- employees who are no longer in the catalogue -------------------------------------------------------


def without_tom(play: FloorHarness) -> Floor:
    """The same floor after the store has removed tom from its settings and started again."""
    staff = tuple(employee for employee in play.catalogue.employees if employee.id != "tom")
    return Floor.replay(catalogue(employees=staff), play.records)


def test_a_visit_of_an_employee_whom_the_store_has_removed_goes_back_in_line_and_nobody_else_leaves():
    play = FloorHarness()
    play.sign_on("tom")
    served = play.open_with("tom", "repair")
    play.sign_on("maya", "lea")
    floor = without_tom(play)
    events = [(record.visit_id, record.event) for record in floor.tick(play.clock.now)]
    assert events == [
        (served, HandedOver("tom", "", "repair")),
        (None, PresenceChanged("tom", Presence.OFF_FLOOR)),
        (served, Offered("maya", play.clock.now + 15_000)),
    ]
    assert [floor.people[name].presence for name in ("maya", "lea")] == [Presence.AVAILABLE] * 2
    assert floor.tick(play.clock.now) == []


def test_an_offer_to_an_employee_whom_the_store_has_removed_goes_to_a_colleague():
    play = FloorHarness()
    play.sign_on("tom")
    offered = play.open("repair")
    play.sign_on("maya")
    assert play.visit(offered).offer_to == "tom"
    floor = without_tom(play)
    assert [record.event for record in floor.tick(play.clock.now)] == [
        Withdrawn("tom"),
        PresenceChanged("tom", Presence.OFF_FLOOR),
        Offered("maya", play.clock.now + 15_000),
    ]
