"""What a device does not keep for long: words about shoppers, in its own ops and in the server's rows."""

from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import VisitRow

NO_NOTE = "–"  # a note cannot be empty


def wordless(op: ops.DeviceOp) -> ops.DeviceOp:
    """The same op, with the same effect on everything but words."""
    match op:
        case ops.OpenVisit():
            return replace(op, alias=None, colour=None, place=None)
        case ops.HandOver():
            return replace(op, note="")
        case ops.AddNote():
            return replace(op, note=NO_NOTE)
        case ops.Complete() | ops.QuickResolution():
            return replace(op, note=None)
        case ops.Rate():
            return replace(op, comment=None)
        case _:
            return op


RATED_WITHIN_MS = 3_600_000  # a shopper may still answer for so long after their visit ended


def words_are_due(submit: Submit, now: int, keep_ms: int) -> bool:
    """Whether the words of an op are to be forgotten, by this device's clock, be it wrong either way."""
    kept = keep_ms - RATED_WITHIN_MS if isinstance(submit.op, ops.Rate) else keep_ms
    return abs(now - submit.at_device) >= kept


def as_due(submit: Submit, now: int, keep_ms: int) -> Submit:
    """The op as it may be kept at `now`."""
    return replace(submit, op=wordless(submit.op)) if words_are_due(submit, now, keep_ms) else submit


def row_without_words(row: VisitRow) -> VisitRow:
    return replace(row, alias=None, colour=None, place=None, notes=())
