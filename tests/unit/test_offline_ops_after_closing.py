"""Taps from before closing time ended a visit, heard of after it: the log tells how it really went."""

import pytest

from sync_server.domain import ops
from sync_server.domain.events import Resolution
from sync_server.domain.floor import Floor
from sync_server.domain.late import told_again
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit import State, Visit
from tests.shop import CLOSES, KIOSK, OTHER_KIOSK, Play, kinds, staff
from tests.unit.test_floor_late import open_late

NEXT_MORNING = CLOSES + 12 * 3_600_000
SOLVED = {"resolution": Resolution.SOLVED}


def at_closing(state: State) -> tuple[Play, str, int]:
    """Tom's tablet lost its server an hour before closing time; the visit was in this state. And its rev."""
    play = Play()
    play.clock.now = CLOSES - 3_600_000
    play.sign_on("tom", "lea")
    visit_id = play.open("repair")
    if state is not State.WAITING:
        play.accept("tom", visit_id)
    if state is State.SERVING:
        play.start("tom", visit_id)
    rev = play.visit(visit_id).rev
    if state is State.WAITING:
        play.on("tom", ops.Decline, visit_id)
        rev = play.visit(visit_id).rev
    play.after((CLOSES + 3_600_000 - play.clock.now) / 1000)
    recall(play, visit_id)
    assert play.visit(visit_id).state is State.EXPIRED
    return play, visit_id, rev


def recall(play: Play, visit_id: str) -> None:
    """As the shop does, from the disk, where the floor has forgotten a visit."""
    play.floor.recall([r for r in play.records if r.visit_id == visit_id], play.clock.now)


def tapped(play: Play, by, op, minutes_before_closing: int):
    """Heard of now."""
    if op.visit_id not in play.floor.visits:
        recall(play, op.visit_id)
    at = CLOSES - minutes_before_closing * 60_000
    outcome = play.floor.handle(op, staff(by) if isinstance(by, str) else by, play.clock.now, at, 0)
    if not isinstance(outcome, Refusal):
        play.records += outcome
    return outcome


def again(play: Play, visit_id: str) -> Visit | None:
    return told_again(r for r in play.records if r.visit_id == visit_id)


@pytest.mark.fault(
    "A visit is completed in an outage, and the server hears of it long after it closed the day",
    "it is in the log as completed, at the time of the tap, and not as left open",
)
@pytest.mark.parametrize("heard", [CLOSES + 3_600_000, NEXT_MORNING])
def test_who_finished_in_an_outage_finds_it_completed_at_the_true_time(heard):
    play, visit_id, rev = at_closing(State.SERVING)
    assert play.visit(visit_id).left_open
    play.clock.now = heard
    before = play.person("tom")
    records = tapped(play, "tom", ops.Complete(visit_id, rev, **SOLVED), 20)
    assert kinds(records) == ["completed"]
    assert records[0].actor == "employee:tom"
    visit = play.visit(visit_id)
    assert (visit.state, visit.resolution, visit.left_open) == (State.COMPLETED, Resolution.SOLVED, False)
    assert (visit.ended_at, visit.service_ms, visit.handled_ms) == (CLOSES - 1_200_000, 2_400_000, 2_400_000)
    assert visit.employee == "tom"
    assert visit.rev == rev + 2
    assert play.person("tom") == before
    assert Floor.replay(play.catalogue, play.records).visits == play.floor.visits
    assert again(play, visit_id) == visit
    later = tapped(play, "tom", ops.Complete(visit_id, rev, **SOLVED), 10)
    assert isinstance(later, Refusal)
    assert play.visit(visit_id) == visit


def test_a_whole_chain_of_taps_is_taken_up_one_after_the_other():
    play, visit_id, rev = at_closing(State.ACCEPTED)
    play.clock.now = NEXT_MORNING
    for minutes, op in (
        (50, ops.Start(visit_id, rev)),
        (40, ops.Hold(visit_id, rev + 1)),
        (30, ops.Resume(visit_id, rev + 2)),
    ):
        assert len(tapped(play, "tom", op, minutes)) == 1
        assert play.visit(visit_id).state is State.EXPIRED
        assert play.visit(visit_id).ended_at == CLOSES
    assert play.visit(visit_id).left_open
    tapped(play, "tom", ops.Complete(visit_id, rev + 3, **SOLVED), 10)
    visit = play.visit(visit_id)
    assert (visit.state, visit.left_open) == (State.COMPLETED, False)
    assert (visit.serving_at, visit.ended_at) == (CLOSES - 3_000_000, CLOSES - 600_000)
    assert (visit.held_ms, visit.service_ms) == (600_000, 1_800_000)
    assert visit.rev == rev + 5
    assert Floor.replay(play.catalogue, play.records).visits == play.floor.visits


def test_who_was_with_a_shopper_at_closing_time_may_have_gone_on_a_while():
    play, visit_id, rev = at_closing(State.ACCEPTED)
    play.clock.now = NEXT_MORNING
    assert tapped(play, "tom", ops.Start(visit_id, rev), -5) == Refusal(Code.NOT_SIGNED_IN)
    tapped(play, "tom", ops.Start(visit_id, rev), 5)
    tapped(play, "tom", ops.Complete(visit_id, rev + 1, **SOLVED), -10)
    visit = play.visit(visit_id)
    assert (visit.state, visit.ended_at) == (State.COMPLETED, CLOSES + 600_000)


def test_what_was_laid_aside_before_closing_time_was_not_left_open():
    play, visit_id, rev = at_closing(State.SERVING)
    tapped(play, "tom", ops.Hold(visit_id, rev), 30)
    visit = play.visit(visit_id)
    assert (visit.state, visit.left_open, visit.ended_at) == (State.EXPIRED, False, CLOSES)
    assert (visit.held_ms, visit.handled_ms) == (1_800_000, 1_800_000)
    assert play.person("tom").holding == ()


def test_a_shopper_who_left_before_closing_time_left():
    play, visit_id, _ = at_closing(State.WAITING)
    assert tapped(play, OTHER_KIOSK, ops.Cancel(visit_id), 30) == Refusal(
        Code.NOT_YOUR_VISIT, play.visit(visit_id).ticket
    )
    assert kinds(tapped(play, KIOSK, ops.Cancel(visit_id), 30)) == ["cancelled"]
    assert (play.visit(visit_id).state, play.visit(visit_id).ended_at) == (
        State.CANCELLED,
        CLOSES - 1_800_000,
    )


def test_a_visit_opened_taken_and_ended_without_the_server_is_all_in_the_log():
    play = Play()
    play.clock.now = CLOSES - 7_200_000
    play.sign_on("tom")
    play.clock.now = NEXT_MORNING
    play.tick()
    visit_id = open_late(play, 12.5 * 3_600, by=staff("tom"), ticket="T-1")
    assert play.visit(visit_id).state is State.EXPIRED
    for minutes, op in (
        (25, ops.Claim(visit_id, 1)),
        (20, ops.Start(visit_id, 2)),
        (10, ops.Complete(visit_id, 3, **SOLVED)),
    ):
        assert len(tapped(play, "tom", op, minutes)) == 1
    visit = play.visit(visit_id)
    assert (visit.state, visit.employee) == (State.COMPLETED, "tom")
    assert (visit.serving_at, visit.ended_at) == (CLOSES - 1_200_000, CLOSES - 600_000)
    assert play.person("tom").active == ()


def test_what_goes_on_today_is_not_touched_by_it():
    play, visit_id, rev = at_closing(State.ACCEPTED)
    play.clock.now = NEXT_MORNING
    play.tick()
    play.yes(ops.SYSTEM, ops.SignOn("tom", "another tablet"))
    today = play.open("repair")
    assert play.visit(today).offer_to == "tom"
    before = play.person("tom")
    tapped(play, "tom", ops.Start(visit_id, rev), 50)
    tapped(play, "tom", ops.Complete(visit_id, rev + 1, **SOLVED), 40)
    assert play.visit(visit_id).state is State.COMPLETED
    assert play.person("tom") == before
    assert play.visit(today).offer_to == "tom"


def test_it_is_theirs_though_a_colleague_has_the_tablet_by_now():
    play, visit_id, rev = at_closing(State.SERVING)
    play.clock.now = NEXT_MORNING
    play.tick()
    play.yes(ops.SYSTEM, ops.SignOn("lea", "tablet-tom"))
    records = tapped(play, "tom", ops.Complete(visit_id, rev, **SOLVED), 20)
    assert [(r.actor, r.event.employee) for r in records] == [("employee:tom", "tom")]
    assert play.floor.holder("tablet-tom").id == "lea"


def test_only_who_had_it_and_went_by_what_it_was_may_say_how_it_went():
    play, visit_id, rev = at_closing(State.SERVING)
    done = ops.Complete(visit_id, rev, **SOLVED)
    ticket = play.visit(visit_id).ticket
    assert tapped(play, "lea", done, 20) == Refusal(Code.NOT_YOUR_VISIT, ticket)
    assert tapped(play, "kim", done, 20) == Refusal(Code.NOT_SIGNED_IN)
    assert tapped(play, "tom", ops.Complete(visit_id, rev - 1, **SOLVED), 20) == Refusal(
        Code.STALE_REV, str(rev)
    )
    assert tapped(play, "tom", ops.Start(visit_id, rev), 20) == Refusal(Code.WRONG_STATE, "serving")
    assert tapped(play, "tom", done, -121) == Refusal(Code.NOT_SIGNED_IN)  # after the server signed them off
    now = play.floor.handle(done, staff("tom"), play.clock.now)
    assert now == Refusal(Code.NOT_SIGNED_IN)
    assert play.visit(visit_id).left_open


def test_a_visit_the_floor_has_forgotten_is_taken_from_its_own_part_of_the_log():
    play, visit_id, rev = at_closing(State.SERVING)
    play.clock.now = NEXT_MORNING + 3_600_000
    play.tick()
    assert visit_id not in play.floor.visits
    done = ops.Complete(visit_id, rev, **SOLVED)
    unknown = play.floor.handle(done, staff("tom"), play.clock.now, CLOSES - 1_200_000, 0)
    assert unknown == Refusal(Code.NOT_SIGNED_IN)
    recall(play, visit_id)
    play.clock.after(60)
    play.tick()
    assert visit_id in play.floor.visits  # what is done on it may not be on the disk yet
    assert kinds(tapped(play, "tom", done, 20)) == ["completed"]
    play.clock.after(3_700)
    play.tick()
    assert visit_id not in play.floor.visits
    closed = next(n for n, r in reversed(list(enumerate(play.records))) if kinds([r]) == ["day_closed"])
    later = Floor.replay(play.catalogue, play.records[closed:])  # as a server that is started anew
    assert later.seq == play.floor.seq
    assert visit_id not in later.visits
