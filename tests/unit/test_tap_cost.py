"""What one tap costs a device: one commit, one encoding, and no reading of the disk for a redraw."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kiosk.controller import KioskController
from kiosk.session.session import KioskScreen
from kiosk.session.session_flow import SessionFlow
from staff_app.controller import StaffController
from sync_server.device import device as device_module
from sync_server.device.storage import outbox as outbox_module
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import messages as msg
from sync_server.protocol.wire import encode

from .live_device import FILE, live_device
from .virtual_time import virtual_time

TABLET = replace(FILE, kind="staff")


@virtual_time
async def test_each_tap_at_the_kiosk_costs_one_commit(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        kiosk = KioskController(SessionFlow(), live.device, lambda: 0)
        live.count("COMMIT")
        kiosk.choose_need("ask")
        assert live.count("COMMIT") == 0, "nothing is said to the server yet"
        kiosk.join()
        assert kiosk.screen is KioskScreen.LINE
        assert live.count("COMMIT") == 1, "the op, its ticket number and the ticket on the screen"
        kiosk.leave()
        assert live.count("COMMIT") == 0
        kiosk.leave()
        assert live.count("COMMIT") == 1, "the op, and no ticket on the screen"
        kiosk.rate(5)
        assert live.count("COMMIT") == 1
        assert [type(submit.op) for submit in live.device.outbox.pending()] == [
            ops.OpenVisit, ops.Cancel, ops.Rate,
        ]  # fmt: skip
        kiosk.stop()


@virtual_time
async def test_the_ticket_on_the_screen_is_on_disk_with_its_op(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        kiosk = KioskController(SessionFlow(), live.device, lambda: 0)
        kiosk.choose_need("ask")
        kiosk.join()
        visit_id = kiosk.session.visit_id
        assert visit_id
        assert visit_id.encode() in (live.device.outbox.screen() or b"")
        kiosk.leave()
        kiosk.leave()
        assert live.device.outbox.screen() is None
        kiosk.stop()


@virtual_time
async def test_where_an_op_cannot_be_committed_the_screen_is_not_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_device(tmp_path) as live:
        kiosk = KioskController(SessionFlow(), live.device, lambda: 0)
        kiosk.choose_need("ask")
        monkeypatch.setattr(outbox_module, "MAX_PENDING", 0)
        kiosk.join()
        assert kiosk.screen is KioskScreen.ERROR
        assert live.device.outbox.screen() is None
        assert live.device.outbox.pending() == []
        kiosk.stop()


@virtual_time
async def test_each_tap_at_the_tablet_costs_one_commit(tmp_path: Path) -> None:
    async with live_device(tmp_path, TABLET) as live:
        tablet = StaffController(live.device)
        live.count("COMMIT")
        live.device.submit(ops.Accept("1" * 32, 3))
        assert live.count("COMMIT") == 1
        tablet.refresh()


@virtual_time
async def test_a_redraw_of_the_tablet_does_not_read_the_disk(tmp_path: Path) -> None:
    async with live_device(tmp_path, TABLET) as live:
        tablet = StaffController(live.device)
        op_id = live.device.submit(ops.Accept("1" * 32, 3))
        live.receive(msg.Answer(op_id, Refusal(Code.STALE_REV)))
        tablet.refresh()
        live.statements.clear()
        for _ in range(10):
            tablet.refresh()
        assert live.statements == []
        assert [submit.op_id for submit, _ in live.device.outbox.refused()] == [op_id]
        tablet.dismiss(op_id)
        assert live.device.outbox.refused() == []


@virtual_time
async def test_an_op_is_encoded_once_for_the_disk_and_for_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[msg.Submit] = []

    def counting(encoder: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
        def encode_and_count(value: Any) -> bytes:
            if isinstance(value, msg.Submit):
                encoded.append(value)
            return encoder(value)

        return encode_and_count

    monkeypatch.setattr(device_module, "encode", counting(encode))
    monkeypatch.setattr(outbox_module, "_encode", counting(outbox_module._encode))

    async with live_device(tmp_path, TABLET) as live:
        live.device.submit(ops.Accept("1" * 32, 3))
        (submit,) = live.device.outbox.pending()
        assert live.link.frames[-1] == encode(submit), "it was sent"
        assert encoded == [submit]
