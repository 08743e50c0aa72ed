"""The manager corrects what the log says about an ended visit."""

from typing import Any

import pytest

from sync_server.domain import events as ev
from sync_server.domain import ops
from sync_server.domain.events import CorrectedBecause, RootCause
from sync_server.domain.floor.floor import KEEP_ENDED_MS, Floor
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from tests.floor_harness import KIOSK, FloorHarness, event_of, kinds
from tests.sample_store import CLOSES

ANNA = Actor(ActorKind.MANAGER, account="anna")
WRONG = CorrectedBecause.TAPPED_WRONG


def completed(play: FloorHarness) -> str:
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    first = play.visit(visit_id).offer_to
    play.accept(first, visit_id)
    play.start(first, visit_id)
    play.after(120)
    play.complete(first, visit_id)
    return visit_id


def correct(play: FloorHarness, visit_id: str, **what: Any) -> ops.Correct:
    what.setdefault("expected_rev", play.visit(visit_id).rev)
    what.setdefault("because", WRONG)
    return ops.Correct(visit_id, **what)


def test_the_visit_is_as_corrected_and_what_was_there_stays_in_the_log():
    play = FloorHarness()
    visit_id = completed(play)
    before = play.visit(visit_id)
    other = "tom" if before.employee == "maya" else "maya"
    op = correct(
        play, visit_id, resolution=Resolution.NOT_SOLVED, employee=other, need="buy", note=" as Tom says "
    )
    (record,) = play.yes(ANNA, op)
    assert record.actor == "manager:anna"
    assert record.event == ev.Corrected(WRONG, Resolution.NOT_SOLVED, other, "buy", "as Tom says")
    after = play.visit(visit_id)
    assert (after.resolution, after.employee, after.need) == (Resolution.NOT_SOLVED, other, "buy")
    assert (after.state, after.ended_at, after.corrections) == (State.COMPLETED, before.ended_at, 1)
    assert after.rev == before.rev + 1
    assert event_of(play.records, ev.Completed).resolution is Resolution.SOLVED
    assert Floor.replay(play.catalogue, play.records).visits[visit_id] == after


def test_nobody_on_the_floor_is_touched():
    play = FloorHarness()
    visit_id = completed(play)
    people = dict(play.floor.people)
    play.yes(ANNA, correct(play, visit_id, employee="tom", resolution=Resolution.SOLD))
    assert play.floor.people == people


def test_what_is_the_same_is_left_out_and_nothing_different_is_refused():
    play = FloorHarness()
    visit_id = completed(play)
    employee = play.visit(visit_id).employee
    same = {"resolution": Resolution.SOLVED, "employee": employee, "need": "repair"}
    assert play.no(ANNA, correct(play, visit_id, **same)).code is Code.NOTHING_SAID
    assert play.no(ANNA, correct(play, visit_id, note="why")).code is Code.NOTHING_SAID
    (record,) = play.yes(ANNA, correct(play, visit_id, **{**same, "resolution": Resolution.SOLD}))
    assert record.event == ev.Corrected(WRONG, Resolution.SOLD)


def test_of_two_managers_at_once_the_second_is_told():
    play = FloorHarness()
    visit_id = completed(play)
    seen = play.visit(visit_id).rev
    play.yes(ANNA, correct(play, visit_id, resolution=Resolution.SOLD))
    bert = Actor(ActorKind.MANAGER, account="bert")
    late = correct(play, visit_id, expected_rev=seen, resolution=Resolution.REFERRED)
    assert play.no(bert, late) == Refusal(Code.STALE_REV, str(seen + 1))
    play.yes(bert, correct(play, visit_id, resolution=Resolution.REFERRED))  # they have looked again
    assert play.visit(visit_id).corrections == 2


@pytest.mark.parametrize("state", [State.OFFERED, State.ACCEPTED, State.SERVING, State.ON_HOLD])
def test_an_open_visit_is_not_corrected(state):
    play = FloorHarness()
    play.sign_on("maya")
    visit_id = play.open("repair")
    steps = (ops.Accept, ops.Start, ops.Hold)
    for step in steps[: [State.OFFERED, State.ACCEPTED, State.SERVING, State.ON_HOLD].index(state)]:
        play.on("maya", step, visit_id)
    assert play.no(ANNA, correct(play, visit_id, need="buy")) == Refusal(Code.WRONG_STATE, state)


def test_a_visit_that_nobody_had_has_no_employee_and_no_resolution_to_correct():
    play = FloorHarness()
    visit_id = play.open("repair")
    play.yes(KIOSK, ops.Cancel(visit_id))
    for what in ({"employee": "maya"}, {"resolution": Resolution.SOLVED}):
        assert play.no(ANNA, correct(play, visit_id, **what)) == Refusal(Code.WRONG_STATE, "cancelled")
    play.yes(ANNA, correct(play, visit_id, need="buy"))
    assert play.visit(visit_id).need == "buy"


@pytest.mark.parametrize(
    ("what", "code"),
    [({"employee": "nobody"}, Code.UNKNOWN_EMPLOYEE), ({"need": "nothing"}, Code.UNKNOWN_NEED)],
)
def test_what_the_store_does_not_have_is_refused(what, code):
    play = FloorHarness()
    visit_id = completed(play)
    assert play.no(ANNA, correct(play, visit_id, **what)).code is code


def test_an_unknown_visit_and_everybody_else_are_refused():
    play = FloorHarness()
    visit_id = completed(play)
    assert play.no(ANNA, ops.Correct("f" * 32, 1, WRONG, need="buy")).code is Code.UNKNOWN_VISIT
    readonly = Actor(ActorKind.READONLY, account="owner")
    for by in ("maya", KIOSK, readonly):
        assert play.no(by, correct(play, visit_id, need="buy")).code is Code.NOT_ALLOWED


def test_a_completion_is_not_taken_back_after_a_correction():
    play = FloorHarness()
    visit_id = completed(play)
    employee = play.visit(visit_id).employee
    play.yes(ANNA, correct(play, visit_id, resolution=Resolution.SOLD))
    undo = ops.Undo(visit_id, play.visit(visit_id).rev)
    assert play.no(employee, undo).code is Code.WRONG_STATE


def test_a_visit_of_long_ago_is_corrected_from_its_own_records():
    play = FloorHarness()
    visit_id = completed(play)
    rev = play.visit(visit_id).rev
    play.after(KEEP_ENDED_MS / 1000 + 1)
    assert visit_id not in play.floor.visits
    play.floor.restore_visit([r for r in play.records if r.visit_id == visit_id], play.clock.now)
    play.yes(ANNA, ops.Correct(visit_id, rev, WRONG, Resolution.SOLD))
    assert play.visit(visit_id).resolution is Resolution.SOLD
    assert kinds(play.records)[-1] == "corrected"


def test_a_log_that_begins_after_the_visit_can_be_replayed():
    play = FloorHarness()
    visit_id = completed(play)
    begins = len(play.records)
    play.yes(ANNA, correct(play, visit_id, resolution=Resolution.SOLD))
    floor = Floor.replay(play.catalogue, play.records[begins:])
    assert floor.seq == play.floor.seq
    assert floor.visits == {}


def test_a_late_tap_from_before_closing_is_about_the_need_as_corrected():
    play = FloorHarness()
    play.sign_on("maya")
    visit_id = play.open_with("maya", "repair")
    play.on("maya", ops.Hold, visit_id)
    rev, tapped = play.visit(visit_id).rev, play.clock.now
    play.after((CLOSES - play.clock.now) / 1000 + 1)
    assert play.visit(visit_id).state is State.EXPIRED
    play.yes(ANNA, correct(play, visit_id, need="buy"))
    by = Actor(ActorKind.STAFF, "tablet-maya")
    done = play.floor.handle(ops.Resume(visit_id, rev), by, play.clock.now, tapped + 1000, 0)
    assert not isinstance(done, Refusal)
    assert play.visit(visit_id).need == "buy"


def test_a_visit_that_closing_time_has_ended_may_be_found_completed():
    play = FloorHarness()
    play.sign_on("maya")
    visit_id = play.open("repair")
    play.accept("maya", visit_id)
    play.clock.now = CLOSES
    play.tick()
    assert play.visit(visit_id).state is State.EXPIRED
    op = correct(play, visit_id, resolution=Resolution.SOLVED, employee="tom", note="as Tom says")
    (record,) = play.yes(ANNA, op)
    assert record.event == ev.FoundCompleted(WRONG, Resolution.SOLVED, "tom", note="as Tom says")
    after = play.visit(visit_id)
    assert (after.state, after.resolution, after.employee) == (State.COMPLETED, Resolution.SOLVED, "tom")
    assert (after.left_open, after.service_ms, after.corrections) == (True, None, 1)
    assert Floor.replay(play.catalogue, play.records).visits[visit_id] == after
    play.yes(ANNA, correct(play, visit_id, resolution=Resolution.SOLD))  # like every completed one


def test_a_visit_is_followed_up_and_two_managers_do_not_say_the_same_twice():
    play = FloorHarness()
    visit_id = completed(play)
    seen = play.visit(visit_id).rev
    (record,) = play.yes(ANNA, ops.LookInto(visit_id, seen, RootCause.STOCK))
    assert (record.actor, record.event) == ("manager:anna", ev.LookedInto(RootCause.STOCK))
    bert = Actor(ActorKind.MANAGER, account="bert")
    assert play.no(bert, ops.LookInto(visit_id, seen, RootCause.SKILL)).code is Code.STALE_REV
    assert play.no(bert, ops.LookInto(visit_id, seen + 1, RootCause.STOCK)).code is Code.ALREADY_SO
    play.yes(bert, ops.LookInto(visit_id, seen + 1, RootCause.STOCK, done=True))
    after = play.visit(visit_id)
    assert (after.root_cause, after.followed_up, after.state) == (RootCause.STOCK, True, State.COMPLETED)
    assert Floor.replay(play.catalogue, play.records).visits[visit_id] == after


def test_an_open_visit_is_not_followed_up():
    play = FloorHarness()
    visit_id = play.open("repair")
    op = ops.LookInto(visit_id, play.visit(visit_id).rev, RootCause.OTHER)
    assert play.no(ANNA, op).code is Code.WRONG_STATE
