"""An engine of a device, and the messages that a server sends to it."""

from typing import Any

from sync_server.device.sync import engine as eng
from sync_server.device.sync.engine import Engine
from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.protocol.rows import VisitRow
from tests.sample_store import MONDAY_10

DIGEST = "d" * 32


def submit(number: int, op: ops.DeviceOp | None = None) -> msg.Submit:
    return msg.Submit(f"{number:032x}", MONDAY_10, op or ops.Cancel(f"{number:032x}"))


def snapshot(n: int = 0, at: int = MONDAY_10, **more: Any) -> msg.Snapshot:
    whole: dict[str, Any] = {"device_id": "kiosk-1", "day": "2026-03-02", "last_ticket": 0, "digest": DIGEST}
    return msg.Snapshot(n=n, at=at, **{**whole, **more})


def row(number: int, rev: int = 1) -> VisitRow:
    return VisitRow(f"{number:032x}", f"A-{number}", rev, "waiting", "ask", "en", MONDAY_10)


def sent(actions: list[eng.Action]) -> list[msg.FromDevice]:
    return [action.message for action in actions if isinstance(action, eng.Send)]


def submitted(actions: list[eng.Action]) -> list[str]:
    return [message.op_id for message in sent(actions) if isinstance(message, msg.Submit)]


def running(*pending: msg.Submit, now: int = 0) -> Engine:
    """An engine that has its snapshot."""
    engine = Engine(pending, DIGEST)
    engine.opened(now)
    engine.receive(snapshot(), now)
    assert engine.live
    return engine
