"""When a tap happened, on a device whose own clock is wrong: by the time that has passed since."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sync_server.device import clocks
from sync_server.device.storage.outbox import DEFAULT_RETENTION_MS, Outbox
from sync_server.device.storage.persistence import HOUR_MS
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import messages as msg
from sync_server.protocol.messages import Submit
from tests.sample_store import MONDAY_10

from .live_device import LiveDevice, live_device, started_device
from .virtual_time import loop, virtual_time

BEHIND = -14 * HOUR_MS  # a small computer without a battery starts with the time at which it was switched off


def tap(live: LiveDevice, alias: str = "Mia") -> Submit:
    """A shopper joins the line."""
    device = live.device
    device.submit(ops.OpenVisit(device.new_id(), device.next_ticket(), "ask", "en", alias=alias))
    return device.outbox.pending()[-1]


def tapped_at(submit: msg.FromDevice | Submit) -> int | None:
    """When the server takes an op to be tapped, by its own clock."""
    assert isinstance(submit, Submit)
    return None if submit.ahead_ms is None else submit.at_device + submit.ahead_ms


def wait_ms(live: LiveDevice, ms: int) -> None:
    """Time passes without anything happening."""
    live.steady_offset += ms
    live.wall_offset += ms


async def heard_once(folder: Path, boot: str = "") -> None:
    """The device has followed the server with a right clock, and was switched off."""
    async with live_device(folder, boot_id=lambda: boot) as live:
        live.device._persistence.save()


@virtual_time
async def test_a_tap_is_dated_by_the_time_that_has_passed_since_it(tmp_path: Path) -> None:
    await heard_once(tmp_path)
    async with started_device(tmp_path) as live:
        live.wall_offset = BEHIND
        tap(live)
        wait_ms(live, 90_000)
        live.wall_offset = 0  # the network is there, and its time too
        live.receive_snapshot(at=MONDAY_10 + HOUR_MS)
        sent = live.sent()[-1]
        assert tapped_at(sent) == MONDAY_10 + HOUR_MS - 90_000
        assert live.device.outbox.pending() == [sent]  # also for a later start of the computer
        assert live.device.view.visits[sent.op.visit_id].created_at == tapped_at(sent)  # type: ignore[union-attr]


@virtual_time
async def test_a_process_of_the_same_start_of_the_computer_dates_the_taps_of_another(tmp_path: Path) -> None:
    await heard_once(tmp_path)
    live = LiveDevice(tmp_path, boot_id=lambda: "b1")
    live.wall_offset = BEHIND
    tap(live)
    live.device.stop()
    async with started_device(tmp_path, boot_id=lambda: "b1") as again:
        again.steady_offset, again.wall_offset = 45_000, 3 * HOUR_MS
        again.receive_snapshot()
        assert tapped_at(again.sent()[-1]) == MONDAY_10 + loop().ms() - 45_000


@pytest.mark.parametrize("boot", ["", "b2"])
@virtual_time
async def test_what_cannot_be_dated_is_left_to_the_server(tmp_path: Path, boot: str) -> None:
    await heard_once(tmp_path, "b0")
    live = LiveDevice(tmp_path, boot_id=lambda: "b1" if boot else "")
    live.wall_offset = BEHIND
    tap(live)
    live.device.stop()
    async with started_device(tmp_path, boot_id=lambda: boot) as again:
        again.receive_snapshot()
        assert tapped_at(again.sent()[-1]) is None


@virtual_time
async def test_a_clock_that_went_on_while_the_computer_was_off_dates_a_tap(tmp_path: Path) -> None:
    await heard_once(tmp_path)
    live = LiveDevice(tmp_path)
    live.wall_offset = 2 * HOUR_MS
    submit = tap(live)
    live.device.stop()
    async with started_device(tmp_path) as again:
        again.receive_snapshot(at=MONDAY_10 + 3 * HOUR_MS)
        assert again.sent()[-1] == submit
        assert tapped_at(submit) == MONDAY_10 + 2 * HOUR_MS


@virtual_time
async def test_the_time_is_never_before_the_servers_last_message(tmp_path: Path) -> None:
    await heard_once(tmp_path)
    live = LiveDevice(tmp_path)
    live.wall_offset = BEHIND
    assert live.device.server_time() == MONDAY_10
    wait_ms(live, 5_000)
    assert live.device.server_time() == MONDAY_10 + 5_000
    live.wall_offset = HOUR_MS
    assert live.device.server_time() == MONDAY_10 + HOUR_MS
    live.device.stop()


@virtual_time
async def test_within_one_start_of_the_computer_its_clock_does_not_count(tmp_path: Path) -> None:
    await heard_once(tmp_path, "b1")
    live = LiveDevice(tmp_path, boot_id=lambda: "b1")
    live.wall_offset, live.steady_offset = BEHIND, 60_000
    assert live.device.server_time() == MONDAY_10 + 60_000
    assert live.device._persistence.ahead_ms() == 60_000 - BEHIND
    live.device.stop()


@virtual_time
async def test_times_of_the_steady_clock_count_by_their_difference_at_the_demos_pace(tmp_path: Path) -> None:
    """The steady clock begins anywhere, and in a demo 1 ms of it is 30 ms of the store's time."""
    steady = {"ms": 500_000}
    demo: dict[str, Any] = {"boot_id": lambda: "b1", "steady_clock": lambda: steady["ms"], "pace": 30}
    async with live_device(tmp_path, **demo) as live:
        steady["ms"] += 1_000
        submit = tap(live)
        steady["ms"] += 1_000
        assert live.device._persistence.age_ms(submit) == 30_000
        live.device._persistence.save()
    steady["ms"] += 1_000
    same_start = LiveDevice(tmp_path, **demo)
    assert same_start.device.server_time() == MONDAY_10 + 90_000
    same_start.device.stop()
    other_start = LiveDevice(tmp_path, **{**demo, "boot_id": str})
    other_start.wall_offset = BEHIND
    steady["ms"] += 1_000
    assert other_start.device.server_time() == MONDAY_10 + 30_000, "not before the last contact and the wait"
    other_start.device.stop()


@virtual_time
async def test_the_age_of_an_op_of_an_earlier_start_counts_by_the_time_of_its_tap(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        by_clock = Submit("1" * 32, MONDAY_10 - 60_000, ops.Cancel("2" * 32))
        by_server = replace(by_clock, ahead_ms=250)
        ages = [live.device._persistence.age_ms(submit) for submit in (by_clock, by_server)]
        assert ages == [60_000, 59_750]


@virtual_time
async def test_a_clock_that_is_set_right_removes_no_text_of_a_moment_ago(tmp_path: Path) -> None:
    await heard_once(tmp_path)
    async with started_device(tmp_path) as live:
        live.wall_offset = -40 * DEFAULT_RETENTION_MS
        tap(live, "Rumpelstiltskin")
        live.wall_offset = 0
        live.receive_snapshot()
        assert "Rumpelstiltskin" in repr(live.sent())
        wait_ms(live, DEFAULT_RETENTION_MS)
        live.device._persistence.apply_retention()
        assert "Rumpelstiltskin" not in repr(live.device.outbox.pending())
        assert "Rumpelstiltskin" not in repr(live.device._engine.pending)


@virtual_time
async def test_a_clock_that_is_set_right_loses_no_refusal(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.wall_offset = -3 * DEFAULT_RETENTION_MS
        submit = tap(live)
        live.receive(msg.Answer(submit.op_id, Refusal(Code.TICKET_TAKEN)))
        live.wall_offset = 0
        live.device._persistence.apply_retention()
        assert [refused.op_id for refused, _ in live.device.outbox.refused()] == [submit.op_id]


@virtual_time
async def test_an_op_whose_text_was_removed_by_its_age_counts_as_done(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        submit = tap(live)
        live.steady_offset = DEFAULT_RETENTION_MS
        live.device._persistence.apply_retention()
        live.receive(msg.Answer(submit.op_id, Refusal(Code.OP_ID_REUSED)))
        assert live.refused == []


def test_a_file_of_the_first_release_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.db"
    submit = Submit("1" * 32, MONDAY_10, ops.Cancel("2" * 32), 5)
    outbox = Outbox(path)
    outbox.put(submit)
    outbox._db.execute("ALTER TABLE pending DROP COLUMN boot")
    outbox._db.execute("ALTER TABLE pending DROP COLUMN steady")
    outbox.close()
    again = Outbox(path)
    assert (again.pending(), again.tapped("b1")) == ([submit], {})
    again.put(replace(submit, op_id="3" * 32), tapped=("b1", 7))
    assert again.tapped("b1") == {"3" * 32: 7}
    again.close()


def test_a_computer_that_does_not_name_its_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clocks, "_BOOT_ID", tmp_path / "boot_id")
    assert clocks.boot_id() == ""
    (tmp_path / "boot_id").write_text("c3e1-77\n")
    assert clocks.boot_id() == "c3e1-77"
