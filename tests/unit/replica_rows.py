"""Rows and snapshots for the tests of replicas and views."""

from typing import Any

from sync_server.protocol.messages import Snapshot
from sync_server.protocol.rows import VisitRow
from tests.sample_store import MONDAY_10

VID = "a" * 32


def row(visit_id: str = VID, **changes: Any) -> VisitRow:
    whole: dict[str, Any] = {
        "visit_id": visit_id,
        "ticket": "A-1",
        "rev": 1,
        "state": "waiting",
        "need": "ask",
    }
    return VisitRow(**{**whole, "language": "en", "created_at": MONDAY_10, **changes})


def snapshot(n: int, **more: Any) -> Snapshot:
    return Snapshot(n, MONDAY_10, "tablet-tom", "2026-03-02", 0, "d", **more)
