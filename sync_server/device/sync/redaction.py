"""Removes free text about shoppers from ops and rows once it may not be kept any longer."""

from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.op_redaction import redact_op
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import VisitRow

RATING_WINDOW_MS = 3_600_000  # a shopper may still rate this long after the visit ended


def redaction_is_due(submit: Submit, age_ms: int, retention_ms: int) -> bool:
    """Whether the text of an op that was tapped `age_ms` ago has to be removed."""
    # The visit that a rating is about ended up to an hour before the tap.
    limit = retention_ms - RATING_WINDOW_MS if isinstance(submit.op, ops.Rate) else retention_ms
    return age_ms >= limit


def refused_for_removed_text(submit: Submit, refusal: Refusal, age_ms: int, retention_ms: int) -> bool:
    """Whether a server of 0.1.0 refused this op only because it has the same one with its full text.

    That happens if the op was done, its answer was lost, and its text was removed here meanwhile. Later
    servers tell by the rest of the op that they have done it.
    """
    return refusal.code is Code.OP_ID_REUSED and redaction_is_due(submit, age_ms, retention_ms)


def redact_if_due(submit: Submit, age_ms: int, retention_ms: int) -> Submit:
    """The op as it may be kept, `age_ms` after the tap."""
    if redaction_is_due(submit, age_ms, retention_ms):
        return replace(submit, op=redact_op(submit.op))
    return submit


def redact_row(row: VisitRow) -> VisitRow:
    """The row without anything that describes the shopper."""
    return replace(row, alias=None, colour=None, place=None, notes=())
