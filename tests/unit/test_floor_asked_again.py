"""The manager has a visit asked again that waits too long."""

import pytest

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import EVERYBODY
from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit.visit import State
from tests.floor_harness import FloorHarness, kinds

MANAGER = Actor(ActorKind.MANAGER)  # maya and tom can repair, lea and kim cannot


def late(play: FloorHarness) -> str:
    """A repair that the manager was just alerted about."""
    visit_id = play.open("repair")
    play.after(61)
    return visit_id


def test_everybody_is_asked_one_after_the_other_whatever_their_skills():
    play = FloorHarness()
    play.sign_on("lea", "kim")
    visit_id = late(play)
    assert play.visit(visit_id).state is State.WAITING
    records = play.yes(MANAGER, ops.AskAgain(visit_id, everybody=True))
    assert kinds(records) == ["asked_again", "offered"]
    assert records[0].actor == "manager"
    first = play.visit(visit_id).offer_to
    play.on(first, ops.Decline, visit_id)
    assert {first, play.visit(visit_id).offer_to} == {"lea", "kim"}
    play.accept(play.visit(visit_id).offer_to, visit_id)


def test_the_tablet_of_who_does_not_respond_rings_again_at_once_and_as_often_as_wanted():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = late(play)
    for _ in range(3):
        assert play.person("tom").chosen is Presence.NOT_RESPONDING
        assert play.visit(visit_id).state is State.WAITING
        records = play.yes(MANAGER, ops.AskAgain(visit_id))
        assert kinds(records) == ["presence_changed", "asked_again", "offered"]
        assert play.visit(visit_id).offer_to == "tom"
        play.after(15)


def test_who_said_not_now_is_asked_again_without_the_pause():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    for _ in range(3):
        play.on("tom", ops.Decline, visit_id)
        play.after(30)
    play.on("tom", ops.Decline, visit_id)
    assert play.visit(visit_id).alerted_at is not None
    play.yes(MANAGER, ops.AskAgain(visit_id))
    assert play.visit(visit_id).offer_to == "tom"


def test_only_those_who_could_help_are_woken():
    play = FloorHarness()
    play.sign_on("lea")
    visit_id = late(play)
    play.open("ask")
    play.after(15)
    assert play.person("lea").chosen is Presence.NOT_RESPONDING
    assert kinds(play.yes(MANAGER, ops.AskAgain(visit_id))) == ["asked_again"]
    assert play.person("lea").chosen is Presence.NOT_RESPONDING
    play.yes(MANAGER, ops.AskAgain(visit_id, everybody=True))
    assert play.visit(visit_id).offer_to == "lea"


def test_after_a_hand_over_the_skills_count_again():
    play = FloorHarness()
    play.sign_on("lea", "kim")
    visit_id = late(play)
    play.yes(MANAGER, ops.AskAgain(visit_id, everybody=True))
    who = play.visit(visit_id).offer_to
    play.accept(who, visit_id)
    assert play.visit(visit_id).ring == EVERYBODY
    play.on(who, ops.HandOver, visit_id)
    assert (play.visit(visit_id).ring, play.visit(visit_id).state) == (0, State.WAITING)
    assert "alerted" in kinds(play.after(60))


def test_the_floor_is_the_same_after_a_start():
    play = FloorHarness()
    play.sign_on("lea")
    visit_id = late(play)
    play.yes(MANAGER, ops.AskAgain(visit_id, everybody=True))
    again = Floor.replay(play.catalogue, play.records)
    assert again.visits == play.floor.visits
    assert again.people == play.floor.people


@pytest.mark.parametrize("state", ["waiting", "offered", "completed"])
def test_only_a_visit_that_waits_too_long_is_asked_again(state):
    play = FloorHarness()
    if state != "waiting":
        play.sign_on("tom")
    visit_id = play.open("repair")
    if state == "completed":
        play.accept("tom", visit_id)
        play.start("tom", visit_id)
        play.complete("tom", visit_id)
    assert play.no(MANAGER, ops.AskAgain(visit_id)) == Refusal(Code.WRONG_STATE, state)


def test_a_visit_that_is_offered_needs_no_help_even_if_it_is_late():
    play = FloorHarness()
    visit_id = late(play)
    play.sign_on("tom")
    assert play.no(MANAGER, ops.AskAgain(visit_id)) == Refusal(Code.WRONG_STATE, "offered")
