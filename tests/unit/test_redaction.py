"""Which text of ops and rows is removed, and when it is due."""

import pytest
from msgspec.structs import replace

from sync_server.device.storage.outbox import DEFAULT_RETENTION_MS, REFUSED_RETENTION_MS
from sync_server.device.sync.redaction import redact_if_due, redact_row, redaction_is_due
from sync_server.device.sync.saved_rows import MAX_SIGNED_IN_MS, ROWS_RETENTION_MS
from sync_server.domain import ops
from sync_server.domain.op_redaction import redact_op
from sync_server.domain.resolution import Resolution
from sync_server.protocol.messages import Submit
from sync_server.service.processing.op_results import OpResults, digest_of
from tests.sample_store import MONDAY_10

from .replica_rows import VID, row

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def test_the_times_are_those_that_the_privacy_page_gives() -> None:
    assert DEFAULT_RETENTION_MS == REFUSED_RETENTION_MS == ROWS_RETENTION_MS == DAY_MS
    assert MAX_SIGNED_IN_MS == 8 * HOUR_MS


@pytest.mark.parametrize(
    ("op", "redacted"),
    [
        (
            ops.OpenVisit(VID, "A-1", "ask", "en", "Robin", "red", "door", 2, "L" * 22),
            ops.OpenVisit(VID, "A-1", "ask", "en", None, None, None, 2, "L" * 22),
        ),
        (ops.HandOver(VID, 3, "tall", "buy"), ops.HandOver(VID, 3, "", "buy")),
        (ops.AddNote(VID, 3, "tall"), ops.AddNote(VID, 3, "–")),
        (
            ops.Complete(VID, 3, Resolution.SOLVED, "tall", "dry"),
            ops.Complete(VID, 3, Resolution.SOLVED, None, "dry"),
        ),
        (
            ops.QuickResolution(VID, "A-2", "ask", "en", Resolution.SOLVED, "tall"),
            ops.QuickResolution(VID, "A-2", "ask", "en", Resolution.SOLVED, None),
        ),
        (ops.Rate(VID, 5, 9, "friendly"), ops.Rate(VID, 5, 9, None)),
        (ops.Start(VID, 3), ops.Start(VID, 3)),
    ],
)
def test_an_op_keeps_everything_but_its_text(op: ops.DeviceOp, redacted: ops.DeviceOp) -> None:
    assert redact_op(op) == redact_op(redacted) == redacted
    stored = OpResults([("a" * 32, digest_of(op))])
    assert stored.find("a" * 32, redacted).refusal is None


def test_a_row_keeps_everything_that_does_not_describe_the_shopper() -> None:
    plain = row(state="serving", employee="tom", party_size=2, handovers=1)
    described = replace(plain, alias="Robin", colour="red", place="door", notes=("tall",))
    assert redact_row(described) == plain


@pytest.mark.parametrize(
    ("op", "age_ms", "due"),
    [
        (ops.AddNote(VID, 3, "tall"), 2 * HOUR_MS - 1, False),
        (ops.AddNote(VID, 3, "tall"), 2 * HOUR_MS, True),
        (ops.Rate(VID, 5, comment="friendly"), HOUR_MS - 1, False),
        (ops.Rate(VID, 5, comment="friendly"), HOUR_MS, True),
    ],
)
def test_text_is_due_after_the_retention(op: ops.DeviceOp, age_ms: int, due: bool) -> None:
    submit = Submit("0" * 32, MONDAY_10, op, 7, "e1")
    assert redaction_is_due(submit, age_ms, 2 * HOUR_MS) is due
    expected = replace(submit, op=redact_op(op)) if due else submit
    assert redact_if_due(submit, age_ms, 2 * HOUR_MS) == expected
