"""What an employee may take back: the end of a visit or a hand over, for some seconds after the touch."""

from enum import StrEnum

from msgspec import Struct

from sync_server.domain import ops
from sync_server.domain.visit.visit import State

from .snapshot import TabletSnapshot


class Ending(StrEnum):
    """What was done with the visit."""

    COMPLETED = "completed"
    HANDED_OVER = "handed_over"
    QUICK = "quick"


class Undoable(Struct, frozen=True):
    """The last op that can be taken back, until `until`, ms UTC. `rev` is the visit's rev after it."""

    kind: Ending
    visit_id: str
    ticket: str
    rev: int
    until: int
    resolution: str = ""


def undoable(op: ops.DeviceOp, snapshot: TabletSnapshot) -> Undoable | None:
    """What an op that is submitted now can be taken back as; None if it cannot."""
    until = snapshot.now + snapshot.undo_s * 1000 * snapshot.pace
    visit = snapshot.in_hand
    match op:
        case _ if not snapshot.undo_s:  # the server is of an earlier release
            return None
        case ops.QuickResolution():
            rev = ops.QUICK_RESOLUTION_REV
            return Undoable(Ending.QUICK, op.visit_id, op.ticket, rev, until, op.resolution.value)
        case ops.Complete() if visit is not None:
            rev = op.expected_rev + 1
            return Undoable(Ending.COMPLETED, op.visit_id, visit.ticket, rev, until, op.resolution.value)
        case ops.HandOver() if visit is not None and visit.state == State.SERVING:
            return Undoable(Ending.HANDED_OVER, op.visit_id, visit.ticket, op.expected_rev + 1, until)
    return None


def is_possible(last: Undoable, snapshot: TabletSnapshot) -> bool:
    """Whether it may still be taken back: nobody has gone on with it, and no other shopper is in hand."""
    me, in_hand, row = snapshot.me, snapshot.in_hand, snapshot.view.visits.get(last.visit_id)
    if snapshot.now >= last.until or me is None or (in_hand is not None and in_hand is not row):
        return False
    # The answer may arrive a moment before the update of the row, which is in hand until then.
    return last.kind is not Ending.HANDED_OVER or (row is not None and row.employee in (None, me.id))


def undo_ops(last: Undoable, snapshot: TabletSnapshot) -> tuple[ops.Undo | ops.Remove, ...]:
    """The ops that take it back. A quick resolution disappears: nothing was there before it."""
    row = snapshot.view.visits.get(last.visit_id)
    if last.kind is Ending.HANDED_OVER and row is not None:
        return (ops.Undo(last.visit_id, max(row.rev, last.rev)),)  # an offer to a colleague has raised it
    undo = ops.Undo(last.visit_id, last.rev)
    return (undo, ops.Remove(last.visit_id, last.rev + 1)) if last.kind is Ending.QUICK else (undo,)
