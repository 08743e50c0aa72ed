"""Ops that were tapped before closing time ended their visit, and arrive after it."""

from typing import Any

import pytest

from sync_server.domain import ops
from sync_server.domain.events import Presence, PresenceChanged, Record, Removed
from sync_server.domain.floor.floor import Floor
from sync_server.domain.floor.offline_ops import rebuild_visit
from sync_server.domain.floor.server_sign_offs import ServerSignOffs
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State, Visit
from tests.floor_harness import KIOSK, OTHER_KIOSK, FloorHarness, allowed, kinds, staff
from tests.sample_store import CLOSES, catalogue

from .test_offline_ops import open_late

NEXT_MORNING = CLOSES + 12 * 3_600_000
SOLVED: dict[str, Any] = {"resolution": Resolution.SOLVED}


def at_closing(state: State) -> tuple[FloorHarness, str, int]:
    """A visit in this state when tom's tablet lost its server, an hour before closing time; and its rev."""
    play = FloorHarness()
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
    restore(play, visit_id)
    assert play.visit(visit_id).state is State.EXPIRED
    return play, visit_id, rev


def restore(play: FloorHarness, visit_id: str) -> None:
    """As the server does, from the log, if the floor has forgotten the visit."""
    play.floor.restore_visit([r for r in play.records if r.visit_id == visit_id], play.clock.now)


def tapped(play: FloorHarness, by, op, minutes_before_closing: int):
    """Sends an op that was tapped before closing time; it arrives now."""
    if op.visit_id not in play.floor.visits:
        restore(play, op.visit_id)
    at = CLOSES - minutes_before_closing * 60_000
    outcome = play.floor.handle(op, staff(by) if isinstance(by, str) else by, play.clock.now, at, 0)
    if not isinstance(outcome, Refusal):
        play.records += outcome
    return outcome


def again(play: FloorHarness, visit_id: str) -> Visit | None:
    return rebuild_visit(r for r in play.records if r.visit_id == visit_id)


@pytest.mark.fault(
    "A visit is completed in an outage, and the op arrives long after closing time",
    "it is logged as completed, at the time of the tap, and not as left open",
)
@pytest.mark.parametrize("heard", [CLOSES + 3_600_000, NEXT_MORNING])
def test_a_visit_finished_during_an_outage_is_completed_at_the_time_of_the_tap(heard):
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


def test_a_chain_of_late_taps_is_applied_one_after_the_other():
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


def test_an_employee_with_a_shopper_at_closing_time_may_have_gone_on():
    play, visit_id, rev = at_closing(State.ACCEPTED)
    play.clock.now = NEXT_MORNING
    assert tapped(play, "tom", ops.Start(visit_id, rev), -5) == Refusal(Code.NOT_SIGNED_IN)
    tapped(play, "tom", ops.Start(visit_id, rev), 5)
    tapped(play, "tom", ops.Complete(visit_id, rev + 1, **SOLVED), -10)
    visit = play.visit(visit_id)
    assert (visit.state, visit.ended_at) == (State.COMPLETED, CLOSES + 600_000)


def test_a_visit_put_on_hold_before_closing_time_was_not_left_open():
    play, visit_id, rev = at_closing(State.SERVING)
    tapped(play, "tom", ops.Hold(visit_id, rev), 30)
    visit = play.visit(visit_id)
    assert (visit.state, visit.left_open, visit.ended_at) == (State.EXPIRED, False, CLOSES)
    assert (visit.held_ms, visit.handled_ms) == (1_800_000, 1_800_000)
    assert play.person("tom").holding == ()


def test_a_late_cancel_from_before_closing_time_cancels_the_visit():
    play, visit_id, _ = at_closing(State.WAITING)
    assert tapped(play, OTHER_KIOSK, ops.Cancel(visit_id), 30) == Refusal(
        Code.NOT_YOUR_VISIT, play.visit(visit_id).ticket
    )
    assert kinds(tapped(play, KIOSK, ops.Cancel(visit_id), 30)) == ["cancelled"]
    assert (play.visit(visit_id).state, play.visit(visit_id).ended_at) == (
        State.CANCELLED,
        CLOSES - 1_800_000,
    )


def test_a_visit_opened_and_completed_without_the_server_is_logged_whole():
    play = FloorHarness()
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


def test_a_late_op_does_not_change_todays_work():
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


def test_a_late_op_belongs_to_the_holder_of_then_although_a_colleague_has_the_tablet_now():
    play, visit_id, rev = at_closing(State.SERVING)
    play.clock.now = NEXT_MORNING
    play.tick()
    play.yes(ops.SYSTEM, ops.SignOn("lea", "tablet-tom"))
    records = tapped(play, "tom", ops.Complete(visit_id, rev, **SOLVED), 20)
    assert [(r.actor, r.event.employee) for r in records] == [("employee:tom", "tom")]
    assert play.floor.holder("tablet-tom").id == "lea"


def test_a_late_op_needs_the_holder_of_then_and_the_rev_of_then():
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


@pytest.mark.parametrize(("state", "minutes_after_closing"), [(State.ACCEPTED, 0), (State.SERVING, 120)])
def test_the_employee_of_then_counts_up_to_the_last_moment(state, minutes_after_closing):
    """Until the server signed them off at closing time; with a shopper an hour longer than that."""
    play, visit_id, rev = at_closing(state)
    play.clock.now = NEXT_MORNING
    op = ops.Start(visit_id, rev) if state is State.ACCEPTED else ops.Complete(visit_id, rev, **SOLVED)
    last = CLOSES + minutes_after_closing * 60_000
    too_late = play.floor.handle(op, staff("tom"), play.clock.now, last + 1, 0)
    assert too_late == Refusal(Code.NOT_SIGNED_IN)
    assert allowed(play.floor.handle(op, staff("tom"), play.clock.now, last, 0))[0].actor == "employee:tom"


def test_the_present_holder_of_the_tablet_may_end_a_visit_that_expired():
    """Lea took the tablet after closing time. Nobody else held it when she tapped."""
    play, visit_id, _ = at_closing(State.WAITING)
    play.clock.now = NEXT_MORNING
    play.yes(ops.SYSTEM, ops.SignOn("lea", "tablet-tom"))
    play.clock.after(60)
    op = ops.Remove(visit_id, play.visit(visit_id).before_expiry.rev)
    records = allowed(play.floor.handle(op, staff("tom"), play.clock.now, NEXT_MORNING + 1_000, 0))
    assert [(r.actor, r.event) for r in records] == [("employee:lea", Removed("lea"))]
    assert play.visit(visit_id).state is State.REMOVED


def test_a_visit_is_opened_once_even_if_it_expired_meanwhile():
    play, visit_id, _ = at_closing(State.WAITING)
    play.clock.now = NEXT_MORNING
    again = ops.OpenVisit(visit_id, "A-99", "repair", "en")
    assert tapped(play, KIOSK, again, 30) == Refusal(Code.VISIT_EXISTS, visit_id)


def test_the_employees_whom_the_server_signed_off_earlier_are_known_from_the_log():
    def record(seq: int, event: PresenceChanged, actor: str = "system") -> Record:
        return Record(seq, seq * 1_000, event, actor=actor)

    off, here = Presence.OFF_FLOOR, Presence.AVAILABLE
    sign_offs = ServerSignOffs()
    sign_offs.apply(record(7, PresenceChanged("kim", here, "tablet-2")))
    sign_offs.apply(record(8, PresenceChanged("kim", off)))
    sign_offs.add_earlier(
        [
            record(1, PresenceChanged("tom", here, "tablet-1")),
            record(2, PresenceChanged("lea", here, "tablet-2")),
            record(3, PresenceChanged("maya", here, "tablet-3")),
            record(4, PresenceChanged("tom", off)),
            record(5, PresenceChanged("lea", off)),
            record(6, PresenceChanged("maya", off), actor="employee:maya"),  # she left by herself
        ]
    )
    assert [sign_offs.holder_at("tablet-1", at) for at in (4_000, 4_001)] == ["tom", None]
    assert sign_offs.holder_at("tablet-2", 5_000) == "kim"  # the latest counts
    assert sign_offs.holder_at("tablet-3", 1_000) is None
    assert sign_offs.holder_at(None, 0) is None


def test_a_restored_visit_is_forgotten_again_after_an_hour():
    play, visit_id, _ = at_closing(State.SERVING)
    play.clock.now = NEXT_MORNING
    play.tick()
    assert visit_id not in play.floor.visits
    restore(play, visit_id)
    play.after(3_600)
    assert visit_id in play.floor.visits
    play.after(1)
    assert visit_id not in play.floor.visits


def test_only_an_ended_visit_that_the_floor_has_forgotten_is_restored():
    play = FloorHarness()
    kept = play.open("ask")
    opened = list(play.records)
    play.yes(KIOSK, ops.Cancel(kept))
    play.floor.restore_visit(play.records, play.clock.now)  # it is there
    play.floor.restore_visit([], play.clock.now)
    assert play.visit(kept).state is State.CANCELLED
    later = Floor(play.catalogue)
    later.restore_visit(opened, play.clock.now)  # it is open: the whole log has it
    assert later.visits == {}


def test_a_late_op_on_a_visit_of_an_employee_who_left_the_catalogue_is_applied():
    play, visit_id, rev = at_closing(State.SERVING)
    play.clock.now = NEXT_MORNING
    closed = next(n for n, r in reversed(list(enumerate(play.records))) if kinds([r]) == ["day_closed"])
    without_tom = catalogue(employees=tuple(e for e in play.catalogue.employees if e.id != "tom"))
    later = Floor.replay(without_tom, play.records[closed:])
    later.restore_visit([r for r in play.records if r.visit_id == visit_id], play.clock.now)
    later.server_sign_offs.add_earlier(play.records[:closed])
    done = ops.Complete(visit_id, rev, **SOLVED)
    records = allowed(later.handle(done, staff("tom"), play.clock.now, CLOSES - 1_200_000, 0))
    assert kinds(records) == ["completed"]
    assert later.visits[visit_id].state is State.COMPLETED


def test_a_visit_the_floor_has_forgotten_is_restored_from_its_own_records():
    play, visit_id, rev = at_closing(State.SERVING)
    play.clock.now = NEXT_MORNING + 3_600_000
    play.tick()
    assert visit_id not in play.floor.visits
    done = ops.Complete(visit_id, rev, **SOLVED)
    unknown = play.floor.handle(done, staff("tom"), play.clock.now, CLOSES - 1_200_000, 0)
    assert unknown == Refusal(Code.NOT_SIGNED_IN)
    restore(play, visit_id)
    play.clock.after(60)
    play.tick()
    assert visit_id in play.floor.visits  # it may have changes that are not on disk yet
    assert kinds(tapped(play, "tom", done, 20)) == ["completed"]
    play.tick()
    assert visit_id in play.floor.visits  # although it ended long ago
    play.clock.after(3_700)
    play.tick()
    assert visit_id not in play.floor.visits
    closed = next(n for n, r in reversed(list(enumerate(play.records))) if kinds([r]) == ["day_closed"])
    later = Floor.replay(play.catalogue, play.records[closed:])  # as a server that starts
    assert later.seq == play.floor.seq
    assert visit_id not in later.visits
