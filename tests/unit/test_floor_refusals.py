"""What all ops of an employee have in common: who may do them, on which visit, and at which rev."""

import pytest

from sync_server.domain import ops, permissions
from sync_server.domain.events import Presence
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from tests.floor_harness import KIOSK, FloorHarness, staff

PHONE = Actor(ActorKind.PHONE)
API = Actor(ActorKind.API)
MANAGER = Actor(ActorKind.MANAGER)
READONLY = Actor(ActorKind.READONLY)
VID = "a" * 32


def opening(**changes) -> ops.OpenVisit:
    return ops.OpenVisit(**{"visit_id": VID, "ticket": "B-7", "need": "ask", "language": "nl", **changes})


# --- what every op of an employee has in common ----------------------------------------------------------

EVERY_VISIT_OP = [
    lambda v, rev: ops.Accept(v, rev),
    lambda v, rev: ops.Decline(v, rev),
    lambda v, rev: ops.Claim(v, rev),
    lambda v, rev: ops.Recall(v, rev),
    lambda v, rev: ops.Start(v, rev),
    lambda v, rev: ops.Hold(v, rev),
    lambda v, rev: ops.Resume(v, rev),
    lambda v, rev: ops.HandOver(v, rev),
    lambda v, rev: ops.AddNote(v, rev, "a note"),
    lambda v, rev: ops.Complete(v, rev, Resolution.SOLVED),
    lambda v, rev: ops.AskForHelp(v, rev),
    lambda v, rev: ops.MarkNoShow(v, rev),
    lambda v, rev: ops.Remove(v, rev),
    lambda v, rev: ops.Undo(v, rev),
]
IN_HAND = EVERY_VISIT_OP[4:11]


@pytest.mark.parametrize("op", EVERY_VISIT_OP)
def test_an_op_from_a_tablet_without_a_holder_is_refused(op):
    play = FloorHarness()
    visit_id = play.open("repair")
    assert play.no("tom", op(visit_id, 1)).code is Code.NOT_SIGNED_IN


@pytest.mark.parametrize("op", EVERY_VISIT_OP)
def test_an_op_on_an_unknown_visit_is_refused(op):
    play = FloorHarness()
    play.sign_on("tom")
    assert play.no("tom", op(VID, 1)) == Refusal(Code.UNKNOWN_VISIT, VID)


@pytest.mark.parametrize("op", IN_HAND)
def test_an_op_on_a_colleagues_visit_is_refused(op):
    play = FloorHarness()
    play.sign_on("tom", "lea")
    visit_id = play.open_with("tom", "repair")
    assert play.no("lea", op(visit_id, play.visit(visit_id).rev)) == Refusal(Code.NOT_YOUR_VISIT, "A-1")


def visit_ready_for(play: FloorHarness, op: ops.StaffOp) -> str:
    """A visit of tom's in a state in which `op` is possible."""
    visit_id = play.open("repair")
    if isinstance(op, ops.Accept | ops.Decline | ops.Claim | ops.Recall | ops.Remove):
        return visit_id
    if isinstance(op, ops.MarkNoShow):
        play.on("tom", ops.Recall, visit_id)
        return visit_id
    play.accept("tom", visit_id)
    if isinstance(op, ops.Start):
        return visit_id
    play.start("tom", visit_id)
    if isinstance(op, ops.Undo):
        play.complete("tom", visit_id)
    if isinstance(op, ops.Resume):
        play.on("tom", ops.Hold, visit_id)
    return visit_id


@pytest.mark.parametrize("op", EVERY_VISIT_OP)
@pytest.mark.parametrize("off", [-1, 1])
def test_an_op_with_a_stale_rev_changes_nothing(op, off):
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = visit_ready_for(play, op("", 1))
    rev = play.visit(visit_id).rev
    assert play.no("tom", op(visit_id, rev + off)) == Refusal(Code.STALE_REV, str(rev))
    play.yes("tom", op(visit_id, rev))


@pytest.mark.parametrize("op", IN_HAND)
def test_an_op_that_does_not_fit_the_visits_state_is_refused(op):
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.complete("tom", visit_id)
    refusal = play.no("tom", op(visit_id, play.visit(visit_id).rev))
    assert refusal == Refusal(Code.WRONG_STATE, "completed")


OPEN, CANCEL, RATE = opening(), ops.Cancel(VID), ops.Rate(VID, ces=1)
SIGN_ON, PRESENCE = ops.SignOn("tom", "tablet-tom"), ops.SetPresence(Presence.ON_BREAK)
SIGN_OFF = ops.SignOff("tablet-tom")


@pytest.mark.parametrize(
    ("by", "op"),
    [
        *[(by, op(VID, 1)) for by in (KIOSK, PHONE, API, READONLY, SYSTEM) for op in EVERY_VISIT_OP],
        *[(MANAGER, op) for each in EVERY_VISIT_OP if not isinstance(op := each(VID, 1), ops.Remove)],
        *[(by, op) for by in (MANAGER, SYSTEM) for op in (OPEN, CANCEL, RATE, PRESENCE)],
        *[(by, op) for by in (KIOSK, PHONE, API, MANAGER, staff("tom")) for op in (SIGN_ON, SIGN_OFF)],
        *[(staff("tom"), op) for op in (CANCEL, RATE)],
        (API, RATE),
        *[(READONLY, op) for op in (OPEN, CANCEL, RATE, PRESENCE, SIGN_ON)],
        (KIOSK, PRESENCE),
        (KIOSK, ops.QuickResolution(VID, "T-1", "ask", "en", Resolution.SOLVED)),
    ],
)
def test_an_op_that_the_role_is_not_allowed_is_refused(by, op):
    play = FloorHarness()
    play.sign_on("tom")
    assert play.no(by, op) == Refusal(Code.NOT_ALLOWED, permissions.name_of(type(op)))
