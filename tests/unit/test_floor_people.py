"""Who is on the floor: signing on, breaks, leaving, and whose tablet it is."""

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.ops import SYSTEM
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit import State
from tests.shop import Play, kinds, tablet


def test_signing_on_puts_somebody_on_the_floor_with_that_tablet():
    play = Play()
    records = play.yes(SYSTEM, ops.SignOn("tom", "tablet-7"))
    assert kinds(records) == ["presence_changed"]
    tom = play.person("tom")
    assert (tom.presence, tom.device_id, tom.since) == (Presence.AVAILABLE, "tablet-7", play.clock.now)
    assert play.floor.holder("tablet-7") == tom
    assert play.floor.holder("tablet-8") is None
    assert play.floor.holder(None) is None


def test_nobody_signs_on_who_does_not_work_here():
    play = Play()
    assert play.no(SYSTEM, ops.SignOn("eve", "tablet-7")) == Refusal(Code.UNKNOWN_EMPLOYEE, "eve")


def test_signing_on_at_another_tablet_moves_an_employee_with_all_they_have_in_hand():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.yes(SYSTEM, ops.SignOn("tom", "tablet-7"))
    assert play.floor.holder(tablet("tom")) is None
    assert play.floor.holder("tablet-7").active == (visit_id,)
    assert play.no("tom", ops.Hold(visit_id, 4)).code is Code.NOT_SIGNED_IN  # the old tablet is nobody's


def test_whoever_left_a_tablet_lying_about_is_off_the_floor_when_a_colleague_takes_it():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    assert play.person("tom").offer == visit_id
    records = play.yes(SYSTEM, ops.SignOn("maya", tablet("tom")))
    assert kinds(records) == ["withdrawn", "presence_changed", "presence_changed", "offered"]
    assert play.person("tom").presence is Presence.OFF_FLOOR
    assert play.floor.holder(tablet("tom")).id == "maya"
    assert play.visit(visit_id).offer_to == "maya"


@pytest.mark.parametrize("held", [False, True])
def test_nobody_can_take_the_tablet_of_somebody_with_a_shopper(held):
    play = Play()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    if held:
        play.on("tom", ops.Hold, visit_id)
    refusal = play.no(SYSTEM, ops.SignOn("maya", tablet("tom")))
    assert refusal == Refusal(Code.FINISH_FIRST, "A-1")


def test_signing_on_again_during_a_break_does_not_end_the_break():
    play = Play()
    play.sign_on("tom")
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    play.yes(SYSTEM, ops.SignOn("tom", "tablet-7"))
    assert play.person("tom").presence is Presence.ON_BREAK
    assert play.floor.holder("tablet-7").id == "tom"


def test_signing_on_after_not_responding_brings_somebody_back():
    play = Play()
    play.sign_on("tom")
    play.open("repair")
    play.after(15)
    assert play.person("tom").presence is Presence.NOT_RESPONDING
    play.yes(SYSTEM, ops.SignOn("tom", tablet("tom")))
    assert play.person("tom").presence is Presence.AVAILABLE


# --- breaks and leaving ------------------------------------------------------------------------------


def test_a_break_takes_back_the_offer_and_asks_nothing_more():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    records = play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    assert kinds(records) == ["withdrawn", "presence_changed"]
    assert play.visit(visit_id).state is State.WAITING
    assert play.person("tom").device_id == tablet("tom")
    assert play.after(50) == []
    records = play.yes("tom", ops.SetPresence(Presence.AVAILABLE))
    assert kinds(records) == ["presence_changed", "offered"]  # the same visit: it was never answered


def test_coming_back_counts_as_having_been_busy_until_now():
    play = Play()
    play.sign_on("maya", "tom")
    play.yes("maya", ops.SetPresence(Presence.ON_BREAK))
    play.clock.after(600)
    play.yes("maya", ops.SetPresence(Presence.AVAILABLE))
    assert play.visit(play.open("repair")).offer_to == "tom"


def test_leaving_the_floor_frees_the_tablet():
    play = Play()
    play.sign_on("tom")
    play.yes("tom", ops.SetPresence(Presence.OFF_FLOOR))
    assert play.person("tom").presence is Presence.OFF_FLOOR
    assert play.floor.holder(tablet("tom")) is None
    assert play.no("tom", ops.SetPresence(Presence.AVAILABLE)).code is Code.NOT_SIGNED_IN


@pytest.mark.parametrize("presence", [Presence.ON_BREAK, Presence.OFF_FLOOR])
def test_nobody_walks_away_from_a_shopper(presence):
    play = Play()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    assert play.no("tom", ops.SetPresence(presence)) == Refusal(Code.FINISH_FIRST, "A-1")


def test_a_visit_on_hold_allows_a_break_and_does_not_allow_leaving():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.on("tom", ops.Hold, visit_id)
    assert play.no("tom", ops.SetPresence(Presence.OFF_FLOOR)) == Refusal(Code.FINISH_FIRST, "A-1")
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    play.on("tom", ops.Resume, visit_id)  # whoever takes a visit up ended the break
    assert play.person("tom").presence is Presence.SERVING


def test_claiming_during_a_break_ends_the_break():
    play = Play()
    play.sign_on("tom")
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    records = play.on("tom", ops.Claim, play.open("repair"))
    assert kinds(records) == ["presence_changed", "claimed"]
    assert play.person("tom").chosen is Presence.AVAILABLE


@pytest.mark.parametrize("presence", [Presence.SERVING, Presence.NOT_RESPONDING])
def test_nobody_sets_what_only_the_floor_can_know(presence):
    play = Play()
    play.sign_on("tom")
    assert play.no("tom", ops.SetPresence(presence)).code is Code.NOT_ALLOWED


def test_setting_what_one_is_already_changes_nothing():
    play = Play()
    play.sign_on("tom")
    assert play.yes("tom", ops.SetPresence(Presence.AVAILABLE)) == []


# --- what colleagues see -----------------------------------------------------------------------------


def test_serving_is_seen_from_the_accepting_to_the_end():
    play = Play()
    play.sign_on("tom")
    seen = [play.person("tom").presence]
    visit_id = play.open("repair")
    for step in (ops.Accept, ops.Start, ops.Hold, ops.Resume, ops.HandOver):
        play.on("tom", step, visit_id)
        seen.append(play.person("tom").presence)
    serving, available = Presence.SERVING, Presence.AVAILABLE
    assert seen == [available, serving, serving, available, serving, available]


def test_an_employee_the_catalogue_no_longer_has_leaves_the_log_readable():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    fewer = play.catalogue.employees[:1]
    again = type(play.floor).replay(replace(play.catalogue, employees=fewer), play.records)
    assert again.visits[visit_id] == play.visit(visit_id)
    assert again.people["tom"] == play.person("tom")
