"""Taking a visit: accepting and declining in time, and claiming without being asked."""

import pytest

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit.visit import State
from tests.floor_harness import KIOSK, FloorHarness, kinds

# --- answering an offer ----------------------------------------------------------------------------


def test_accepting_gives_the_visit_to_the_employee():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.clock.after(3)
    play.accept("tom", visit_id)
    visit = play.visit(visit_id)
    assert (visit.state, visit.employee, visit.offer_to, visit.offer_until) == (
        State.ACCEPTED,
        "tom",
        None,
        None,
    )
    assert visit.accepted_at == play.clock.now
    assert play.person("tom").presence is Presence.SERVING
    assert (play.person("tom").offer, play.person("tom").active) == (None, (visit_id,))


@pytest.mark.parametrize("op", [ops.Accept, ops.Decline, ops.Claim])
def test_an_offer_can_be_answered_until_its_very_end(op):
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.clock.after(15)  # and the timer has not fired yet
    assert kinds(play.on("tom", op, visit_id))[0] == ("declined" if op is ops.Decline else "accepted")


@pytest.mark.parametrize("op", [ops.Accept, ops.Decline])
def test_an_offer_cannot_be_answered_after_its_end_even_before_the_timer_fires(op):
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.clock.after(15.001)
    refusal = play.no("tom", op(visit_id, play.visit(visit_id).rev))
    assert refusal == Refusal(Code.OFFER_OVER, "A-1")


@pytest.mark.parametrize("op", [ops.Accept, ops.Decline])
def test_only_the_employee_who_is_asked_can_answer(op):
    play = FloorHarness()
    play.sign_on("tom", "lea")
    visit_id = play.open("repair")
    rev = play.visit(visit_id).rev
    assert play.no("lea", op(visit_id, rev)).code is Code.OFFER_OVER
    play.accept("tom", visit_id)
    assert play.no("lea", op(visit_id, rev)) == Refusal(Code.ALREADY_TAKEN, "tom")
    assert play.no("tom", op(visit_id, rev)).code is Code.OFFER_OVER
    assert play.no("kim", op(visit_id, rev)).code is Code.NOT_SIGNED_IN
    assert play.no("tom", op("f" * 32, rev)) == Refusal(Code.UNKNOWN_VISIT, "f" * 32)


@pytest.mark.parametrize("op", [ops.Accept, ops.Decline])
def test_an_answer_with_a_stale_rev_is_refused(op):
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    rev = play.visit(visit_id).rev
    assert play.no("tom", op(visit_id, rev - 1)) == Refusal(Code.STALE_REV, str(rev))
    assert play.no("tom", op(visit_id, rev + 1)).code is Code.STALE_REV


def test_of_two_employees_who_claim_at_once_exactly_one_gets_the_visit():
    play = FloorHarness()
    play.sign_on("tom")
    play.clock.after(1)
    play.sign_on("maya")
    visit_id = play.open("repair")
    rev = play.visit(visit_id).rev
    outcomes = [play.handle(who, ops.Claim(visit_id, rev)) for who in ("maya", "tom")]
    assert [isinstance(o, Refusal) for o in outcomes] == [False, True]
    assert outcomes[1] == Refusal(Code.ALREADY_TAKEN, "maya")


# --- taking a visit without being asked ---------------------------------------------------------------


def test_anybody_may_claim_a_waiting_visit_whatever_their_skills():
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open("repair")
    assert kinds(play.on("kim", ops.Claim, visit_id)) == ["claimed"]
    assert play.visit(visit_id).employee == "kim"


def test_claiming_a_visit_withdraws_a_colleagues_offer():
    play = FloorHarness()
    play.sign_on("tom", "kim")
    visit_id = play.open("repair")
    other = play.open("repair")
    records = play.on("kim", ops.Claim, visit_id)
    assert kinds(records) == ["withdrawn", "claimed", "offered"]
    assert play.visit(visit_id).employee == "kim"
    assert play.visit(other).offer_to == "tom"  # tom is offered the next one at once
    assert play.person("tom").chosen is Presence.AVAILABLE


def test_claiming_another_visit_withdraws_the_own_offer():
    play = FloorHarness()
    play.sign_on("tom")
    offered, waiting = play.open("repair"), play.open("repair")
    play.on("tom", ops.Claim, waiting)
    assert play.visit(waiting).employee == "tom"
    assert (play.visit(offered).state, play.visit(offered).offer_to) == (State.WAITING, None)
    assert play.visit(offered).asked == ()  # tom had no chance to answer
    play.start("tom", waiting)
    play.complete("tom", waiting)
    play.after(5)
    assert play.visit(offered).offer_to == "tom"


def test_only_the_employee_whose_offer_is_withdrawn_counts_as_not_asked():
    play = FloorHarness()
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    first = play.visit(visit_id).offer_to
    play.on(first, ops.Decline, visit_id)
    second = play.visit(visit_id).offer_to
    play.yes(second, ops.SetPresence(Presence.ON_BREAK))
    assert play.visit(visit_id).asked == (first,)


def test_claiming_the_offered_visit_accepts_it():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    assert kinds(play.on("tom", ops.Claim, visit_id)) == ["accepted"]


def test_claiming_is_refused_with_a_visit_in_hand_or_too_late():
    play = FloorHarness()
    play.sign_on("tom", "kim")
    mine = play.open_with("tom", "repair")
    other = play.open("repair")
    assert play.no("tom", ops.Claim(other, play.visit(other).rev)) == Refusal(Code.FINISH_FIRST, "A-1")
    assert play.no("kim", ops.Claim(mine, play.visit(mine).rev)) == Refusal(Code.ALREADY_TAKEN, "tom")
    assert play.no("kim", ops.Claim(other, 9)).code is Code.STALE_REV
    assert play.no("lea", ops.Claim(other, play.visit(other).rev)).code is Code.NOT_SIGNED_IN
    assert play.no("kim", ops.Claim("e" * 32, 1)).code is Code.UNKNOWN_VISIT
    play.complete("tom", mine)
    assert play.no("kim", ops.Claim(mine, play.visit(mine).rev)) == Refusal(Code.ALREADY_TAKEN, "tom")
    gone = play.open("buy")
    play.yes(KIOSK, ops.Cancel(gone))
    assert play.no("kim", ops.Claim(gone, 2)) == Refusal(Code.WRONG_STATE, "cancelled")
