"""Taking back a completion or a hand over: when it is possible, and what the visit is then."""

import pytest
from msgspec.structs import asdict

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import UNDO_MS, State, Visit
from tests.floor_harness import KIOSK, FloorHarness, kinds, staff
from tests.sample_store import CLOSES

NOT_RESTORED = {"rev", "touched_at", "offers"}


def restored(visit: Visit) -> dict[str, object]:
    return {name: value for name, value in asdict(visit).items() if name not in NOT_RESTORED}


def served_by_tom() -> tuple[FloorHarness, str]:
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.on("tom", ops.AddNote, visit_id, note="a new battery")
    return play, visit_id


@pytest.mark.parametrize("op", [ops.Complete, ops.HandOver])
def test_a_visit_is_as_it_was_before(op):
    play, visit_id = served_by_tom()
    before = play.visit(visit_id)
    if op is ops.Complete:
        play.complete("tom", visit_id, note="done", tip="dry", gift="cable")
    else:
        play.on("tom", ops.HandOver, visit_id, note="over to you", need="buy")
    play.clock.after(9)
    assert kinds(play.on("tom", ops.Undo, visit_id)) == ["undone"]
    after = play.visit(visit_id)
    assert restored(after) == restored(before)
    assert (after.rev, after.state) == (before.rev + 2, State.SERVING)
    assert play.person("tom").active == (visit_id,)
    play.complete("tom", visit_id)
    assert play.visit(visit_id).state is State.COMPLETED


def test_the_log_alone_gives_the_same_floor():
    play, visit_id = served_by_tom()
    play.complete("tom", visit_id)
    play.on("tom", ops.Undo, visit_id)
    again = Floor.replay(play.catalogue, play.records)
    assert (again.visits, again.people) == (play.floor.visits, play.floor.people)


def test_an_offer_to_a_colleague_and_one_to_me_are_withdrawn():
    play, visit_id = served_by_tom()
    waiting = play.open("repair")
    play.on("tom", ops.HandOver, visit_id, need="buy")
    assert play.visit(waiting).offer_to == "tom"
    play.sign_on("lea")
    assert play.visit(visit_id).offer_to == "lea"
    records = play.on("tom", ops.Undo, visit_id)
    assert kinds(records) == ["withdrawn", "withdrawn", "undone"]
    assert (play.visit(visit_id).employee, play.visit(visit_id).offers) == ("tom", 2)
    assert play.visit(waiting).state is State.WAITING


def test_a_visit_that_a_colleague_has_taken_stays_with_them():
    play, visit_id = served_by_tom()
    play.on("tom", ops.HandOver, visit_id, need="buy")
    play.sign_on("lea")
    play.accept("lea", visit_id)
    refusal = play.no("tom", ops.Undo(visit_id, play.visit(visit_id).rev))
    assert refusal == Refusal(Code.ALREADY_TAKEN, "lea")
    play.on("lea", ops.HandOver, visit_id)  # lea did not serve them, so there is nothing to take back
    assert play.no("lea", ops.Undo(visit_id, play.visit(visit_id).rev)).code is Code.WRONG_STATE
    assert play.no("tom", ops.Undo(visit_id, play.visit(visit_id).rev)).code is Code.WRONG_STATE


def test_only_the_employee_who_did_it_takes_it_back():
    play, visit_id = served_by_tom()
    play.sign_on("lea")
    play.complete("tom", visit_id)
    refusal = play.no("lea", ops.Undo(visit_id, play.visit(visit_id).rev))
    assert refusal == Refusal(Code.NOT_YOUR_VISIT, "A-1")


def test_a_completion_that_the_shopper_has_rated_stays():
    play, visit_id = served_by_tom()
    play.complete("tom", visit_id)
    rev = play.visit(visit_id).rev
    play.yes(KIOSK, ops.Rate(visit_id, ces=5))
    assert play.no("tom", ops.Undo(visit_id, rev)) == Refusal(Code.WRONG_STATE, "completed")


@pytest.mark.parametrize("op", [ops.Complete, ops.HandOver])
def test_it_is_possible_for_ten_minutes(op):
    play, visit_id = served_by_tom()
    more = {"resolution": Resolution.SOLVED} if op is ops.Complete else {}
    play.on("tom", op, visit_id, **more)
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    play.clock.now += UNDO_MS + 1
    assert play.no("tom", ops.Undo(visit_id, play.visit(visit_id).rev)).code is Code.WRONG_STATE
    play.clock.now -= 1
    play.floor._now -= 1
    play.on("tom", ops.Undo, visit_id)
    assert play.person("tom").chosen is Presence.AVAILABLE  # somebody with a shopper is not on a break


def test_not_with_another_shopper_in_hand():
    play, visit_id = served_by_tom()
    play.complete("tom", visit_id)
    play.after(60)
    play.open_with("tom", "repair")
    refusal = play.no("tom", ops.Undo(visit_id, play.visit(visit_id).rev))
    assert refusal == Refusal(Code.FINISH_FIRST, "A-2")


def test_not_after_closing_time():
    play, visit_id = served_by_tom()
    play.after((CLOSES - play.clock.now) / 1000 - 1)
    play.complete("tom", visit_id)
    play.after(5)
    play.sign_on("tom")
    assert play.no("tom", ops.Undo(visit_id, play.visit(visit_id).rev)).code is Code.WRONG_STATE


def test_nothing_to_take_back():
    play, visit_id = served_by_tom()
    assert play.no("tom", ops.Undo(visit_id, play.visit(visit_id).rev)).code is Code.WRONG_STATE
    other = play.open("repair")
    assert play.no("tom", ops.Undo(other, 1)) == Refusal(Code.WRONG_STATE, "waiting")


def test_a_quick_resolution_is_taken_back_in_two_steps():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.new_id()
    play.yes("tom", ops.QuickResolution(visit_id, "T-1", "ask", "en", Resolution.SOLVED))
    play.yes("tom", ops.Undo(visit_id, ops.QUICK_RESOLUTION_REV))
    play.yes("tom", ops.Remove(visit_id, ops.QUICK_RESOLUTION_REV + 1))
    visit = play.visit(visit_id)
    assert (visit.state, visit.resolution) == (State.REMOVED, None)
    assert play.person("tom").active == ()


def test_both_waited_in_an_outbox():
    play, visit_id = served_by_tom()
    rev, tapped = play.visit(visit_id).rev, play.clock.now + 1_000
    play.clock.after(3_000)
    by = play.floor
    by.handle(ops.Complete(visit_id, rev, Resolution.SOLD), staff("tom"), play.clock.now, tapped, 0)
    by.handle(ops.Undo(visit_id, rev + 1), staff("tom"), play.clock.now + 1, tapped + 4_000, 0)
    assert play.visit(visit_id).state is State.SERVING
    assert play.visit(visit_id).touched_at == tapped + 4_000
