"""An op without what describes a shopper: for one that waits so long that its words are due to go."""

from msgspec.structs import replace

from sync_server.domain import ops

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
