"""Ops without words about shoppers.

A device removes the words from an op that waits too long, and sends the rest. The server tells by the
rest whether it has done the op, so both must leave out the same.
"""

from typing import Any, TypeVar

from msgspec.structs import replace

from . import ops
from .ops import Op

EMPTY_NOTE = "–"  # the note of AddNote may not be empty

_OpT = TypeVar("_OpT", bound=Op)

_REDACTED: dict[type[Op], dict[str, Any]] = {
    ops.OpenVisit: {"alias": None, "colour": None, "place": None},
    ops.HandOver: {"note": ""},
    ops.AddNote: {"note": EMPTY_NOTE},
    ops.Complete: {"note": None},
    ops.QuickResolution: {"note": None},
    ops.Rate: {"comment": None},
}


def redact_op(op: _OpT) -> _OpT:
    """The op without words about a shopper. Its other effects stay the same."""
    redacted = _REDACTED.get(type(op))
    return op if redacted is None else replace(op, **redacted)
