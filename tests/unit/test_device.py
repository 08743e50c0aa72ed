"""A device and its server: connecting, the state that screens read, and listeners."""

import asyncio
import logging
from pathlib import Path
from typing import Any, ClassVar

from msgspec.structs import replace

from sync_server.device.device import Device
from sync_server.device.environment import Environment
from sync_server.device.network import server_locator
from sync_server.device.network.discovery import FoundStore
from sync_server.device.storage.outbox import DEFAULT_RETENTION_MS, Outbox
from sync_server.device.storage.persistence import RETENTION_INTERVAL_S
from sync_server.device.sync.saved_rows import MAX_SIGNED_IN_MS
from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit import ticket
from sync_server.protocol import messages as msg
from sync_server.protocol.rows import PersonRow, ToldWaitsRow
from tests.sample_store import CLOSES, MONDAY_10, catalogue

from .engine import DIGEST, row
from .live_device import FILE, LiveDevice, live_device, started_device
from .virtual_time import loop, virtual_time

HELLO = msg.Hello(msg.PROTOCOL, "", lenient=True, coalesces=True)
TOM = PersonRow("tom", "available", MONDAY_10, "device-1")


class Network:
    """A network on which the store has announced another address."""

    stores: ClassVar = [FoundStore("Test shop", "10.0.0.2:8351", FILE.server_key, ("tcp://10.0.0.2:8350",))]

    async def __aenter__(self) -> "Network":
        return self

    async def __aexit__(self, *_error: object) -> None: ...


# --- connecting ------------------------------------------------------------------------------------


@virtual_time
async def test_it_says_hello_at_the_start_and_is_live_with_the_snapshot(tmp_path: Path) -> None:
    async with started_device(tmp_path) as live:
        assert (live.link.is_open, live.link.file, live.sent()) == (True, FILE, [HELLO])
        assert (live.device.live, live.device.last_contact_at, live.changes) == (False, None, 0)
        live.receive_snapshot(visits=(row(1),))
        assert (live.device.live, live.device.last_contact_at, live.changes) == (True, MONDAY_10, 1)
        assert list(live.device.view.visits) == [row(1).visit_id]
        assert live.identities == live.revoked == []


@virtual_time
async def test_a_folder_that_does_not_exist_is_made_and_one_that_does_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "devices"
    for _ in range(2):
        async with live_device(folder):
            assert (folder / "device-1.db").exists()
    assert folder.stat().st_mode & 0o777 == 0o700, "what it holds describes shoppers"


@virtual_time
async def test_what_the_server_says_beside_its_rows_is_passed_on(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        device = live.device
        assert (device.told_waits, device.undo_s, device.duplicated) == (None, 0, None)
        assert not device.counts_sessions, "an older server cannot do it"
        live.receive_snapshot(told_waits=ToldWaitsRow(80, 100), undo_s=10, counts_sessions=True)
        assert (device.told_waits, device.undo_s) == (ToldWaitsRow(80, 100), 10)
        assert device.counts_sessions
        live.receive_snapshot()
        assert not device.counts_sessions


@virtual_time
async def test_the_notices_of_a_second_computer_and_of_a_damaged_file_are_dismissed_one_by_one(
    tmp_path: Path,
) -> None:
    (tmp_path / "device-1.db").write_bytes(b"no database" * 500)
    async with live_device(tmp_path) as live:
        device = live.device
        assert device.put_aside
        live.receive(msg.Duplicated(excluded=False))
        assert device.duplicated is False
        device.dismiss_notice()
        assert (device.duplicated, device.put_aside) == (None, device.outbox.put_aside())
        assert device.put_aside
        device.dismiss_notice()
        assert (device.duplicated, device.put_aside, device.outbox.put_aside()) == (None, "", "")


@virtual_time
async def test_that_a_second_computer_excludes_this_one_is_no_notice_to_be_dismissed(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive(msg.Duplicated(excluded=True))
        live.device.dismiss_notice()
        assert live.device.duplicated is True


@virtual_time
async def test_it_pings_and_gives_a_silent_connection_up_and_opens_another(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        await asyncio.sleep(2)
        assert live.sent() == [msg.Ping(2000)]
        await asyncio.sleep(4.1)
        assert (live.device.live, live.link.is_open) == (False, False)
        await asyncio.sleep(0.2)
        assert (live.link.is_open, live.link.opened) == (True, 2)
        assert live.sent()[-1] == msg.Hello(msg.PROTOCOL, DIGEST, lenient=True, coalesces=True)
        assert len(live.links) == 1, "the address is the same"


@virtual_time
async def test_frames_that_arrive_do_not_set_a_new_timer_each(tmp_path: Path, monkeypatch: Any) -> None:
    async with live_device(tmp_path) as live:
        timers: list[float] = []
        call_later = loop().call_later
        monkeypatch.setattr(
            loop(), "call_later", lambda delay, *rest: timers.append(delay) or call_later(delay, *rest)
        )
        for _ in range(5):
            live.receive(msg.Beat(0, MONDAY_10))
        assert timers == []
        await asyncio.sleep(2)
        assert timers == [2, 2], "the test's own sleep, and the next ping"


@virtual_time
async def test_an_earlier_deadline_replaces_the_timer(tmp_path: Path) -> None:
    async with started_device(tmp_path) as live:
        # Without a snapshot the next deadline is after HELLO_MS; live, the next ping is due earlier.
        await asyncio.sleep(0.5)
        live.receive_snapshot()
        live.sent()
        await asyncio.sleep(2)
        assert live.sent() == [msg.Ping(2500)]


@virtual_time
async def test_after_the_stop_nothing_happens_any_more(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        pass
    assert not live.link.is_open
    await asyncio.sleep(RETENTION_INTERVAL_S + 60)
    assert (live.link.is_open, live.sent()) == (False, [])
    Outbox(tmp_path / "device-1.db").close()  # the file is free again


@virtual_time
async def test_the_retention_is_applied_at_the_start(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive(msg.NotNow("the disk is full"))
        live.device.submit(ops.AddNote("1" * 32, 1, "Rumpelstiltskin"))
    live = LiveDevice(tmp_path)
    live.wall_offset = DEFAULT_RETENTION_MS
    live.device.start()
    assert "Rumpelstiltskin" not in repr(live.device.outbox.pending())
    live.device.stop()


@virtual_time
async def test_the_time_of_the_last_contact_is_saved_while_nothing_changes(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        while loop().time() < 75:
            await asyncio.sleep(1)
            live.receive(msg.Beat(0, MONDAY_10 + loop().ms()))
        saved = live.device.outbox.saved_state()
        assert saved is not None
        assert saved.at > MONDAY_10 + 60_000


@virtual_time
async def test_a_search_for_the_store_ends_with_the_device(tmp_path: Path) -> None:
    async with started_device(tmp_path, find=lambda _on_change: Network()) as live:
        await asyncio.sleep(40)
        search = live.device._locator._search_task
        assert search is not None
        assert not search.done()
    await asyncio.sleep(1)
    assert search.done()


@virtual_time
async def test_a_store_at_another_address_is_connected_to_and_its_address_saved(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(server_locator, "SEARCH_AFTER_MS", 5000)

    async with started_device(tmp_path, find=lambda _on_change: Network()) as live:
        first = live.link
        while live.link is first:
            await asyncio.sleep(0.1)
        assert loop().ms() >= 5000
        assert live.link.file == replace(FILE, server="tcp://10.0.0.2:8350")
        assert (first.is_open, live.link.is_open) == (False, True)
        live.receive_snapshot(kind="kiosk", name="Front", letter="A")
        assert live.identities == [live.link.file]
        await asyncio.sleep(60)
        assert len({link.file.server for link in live.links[1:]}) == 1, "it stays with what was reached"


@virtual_time
async def test_a_frame_that_is_no_message_is_logged_and_shown(tmp_path: Path, caplog: Any) -> None:
    async with live_device(tmp_path) as live:
        with caplog.at_level(logging.WARNING):
            live.link.on_frame(b"\xff")
        assert caplog.record_tuples[0][:2] == ("sync_server.device.device", logging.WARNING)
        assert "no message" in caplog.text
        assert live.device.problem == "this device cannot read what the server says; update the device"
        assert (live.device.live, live.link.is_open, live.changes) == (False, False, 2)


@virtual_time
async def test_a_link_that_cannot_be_opened_is_tried_again_and_does_not_stop_the_app(tmp_path: Path) -> None:
    async with started_device(tmp_path) as live:
        broken = live.link
        broken.open = lambda: 1 / 0  # type: ignore[assignment]
        await asyncio.sleep(10)
        faults = [(type(fault["exception"]), fault["message"]) for fault in loop().faults]
        assert set(faults) == {(ZeroDivisionError, "this was not carried out whole: Open")}
        assert 2 <= len(faults) <= 4, "each try waits as for a socket that nobody answers"
        loop().faults.clear()


# --- what screens read -----------------------------------------------------------------------------


@virtual_time
async def test_the_view_is_made_once_until_something_changes(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        view = live.device.view
        await asyncio.sleep(1)
        assert live.device.view is view
        live.receive(msg.Update(1, MONDAY_10, visits=(row(1),)))
        assert live.device.view.visits == {row(1).visit_id: row(1)}


@virtual_time
async def test_without_the_server_an_employee_is_signed_off_when_the_server_would_do_it(
    tmp_path: Path,
) -> None:
    async with live_device(tmp_path) as live:
        await asyncio.sleep(0.5)
        live.receive(msg.Update(1, MONDAY_10 + 500, people=(TOM,)))
        await asyncio.sleep(7)
        assert not live.device.live
        until = MONDAY_10 + 500 + MAX_SIGNED_IN_MS
        assert live.device.view.holder("device-1") == TOM
        await asyncio.sleep((until - live.device.server_time() - 1) / 1000)
        view = live.device.view
        assert view.holder("device-1") == TOM
        assert live.device.view is view, "it is not made again before that time"
        await asyncio.sleep(0.001)
        assert live.device.view.holder("device-1") is None
        assert live.device.view is live.device.view
        live.receive_snapshot(people=(TOM,))
        assert live.device.view.holder("device-1") == TOM


@virtual_time
async def test_an_employee_who_serves_a_shopper_stays_signed_in_after_closing_time(tmp_path: Path) -> None:
    served = replace(row(1), state="serving", employee="tom")
    async with live_device(tmp_path) as live:
        live.receive_snapshot(at=CLOSES - 1000, people=(TOM,), visits=(served,))
        await asyncio.sleep(60)
        assert live.device.view.holder("device-1") == TOM
        live.device.submit(ops.Hold(served.visit_id, served.rev))
        assert live.device.view.holder("device-1") is None


@virtual_time
async def test_the_ops_of_the_employee_who_is_signed_in_are_shown_as_theirs(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive(msg.Update(1, MONDAY_10, people=(TOM,)))
        live.device.submit(ops.SetPresence(Presence.ON_BREAK))
        assert live.device.view.people["tom"].presence == "on_break"


@virtual_time
async def test_while_the_server_is_there_it_alone_signs_people_off(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive_snapshot(at=CLOSES - 1000, people=(TOM,))
        assert live.device.view.holder("device-1") == TOM
        await asyncio.sleep(1.5)
        live.device.submit(ops.Cancel("1" * 32))  # has the view made again
        assert live.device.view.holder("device-1") == TOM
        await asyncio.sleep(6)
        assert (live.device.live, live.device.view.holder("device-1")) == (False, None)


@virtual_time
async def test_a_device_that_starts_without_its_server_shows_what_it_knew(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive(msg.Update(1, MONDAY_10, visits=(row(1),), people=(TOM,)))
    async with started_device(tmp_path) as live:
        assert live.device.last_contact_at == MONDAY_10
        assert live.device.catalogue == catalogue()
        assert live.sent() == [msg.Hello(msg.PROTOCOL, DIGEST, lenient=True, coalesces=True)]
        assert list(live.device.view.visits) == [row(1).visit_id]
        assert live.device.view.holder("device-1") == TOM
        live.wall_offset = MAX_SIGNED_IN_MS
        live.device._view = None
        assert live.device.view.holder("device-1") is None


@virtual_time
async def test_the_servers_problem_is_shown_until_it_is_solved(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        assert live.device.problem is None
        live.receive(msg.NotNow("the disk is full"))
        assert live.device.problem == "the disk is full"
        await asyncio.sleep(2)
        assert live.device.problem is None
        assert live.sent() == [msg.Ping(2000)], "what is due at the same time is done too"


@virtual_time
async def test_times_are_the_servers_once_it_has_sent_something(tmp_path: Path) -> None:
    async with started_device(tmp_path) as live:
        live.wall_offset = 500
        assert live.device.server_time() == MONDAY_10 + 500
        live.receive_snapshot(at=MONDAY_10 + 9000)
        await asyncio.sleep(1)
        assert live.device.server_time() == MONDAY_10 + 10_000


@virtual_time
async def test_ids_sort_by_the_servers_time_and_differ(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        first = live.device.new_id()
        assert first == ticket.uuid7(MONDAY_10, (1).to_bytes(10, "big"))
        assert live.device.new_id() > first


# --- listeners ---------------------------------------------------------------------------------------


@virtual_time
async def test_a_device_runs_without_listeners(tmp_path: Path) -> None:
    live = LiveDevice(tmp_path)
    live.device.stop()
    silent = Device(FILE, tmp_path, Environment(link=live._link, steady_clock=loop().ms))
    silent.start()
    live.receive_snapshot(kind="kiosk", name="Door", letter="A")
    op_id = silent.submit(ops.Cancel("1" * 32))
    live.receive(msg.Answer(op_id, Refusal(Code.STALE_REV)))
    live.receive(msg.Dismissed())
    silent.stop()


@virtual_time
async def test_a_listener_that_fails_is_reported_and_loses_nothing(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:

        def failing(*_arguments: object) -> None:
            raise RuntimeError("a fault in a screen")

        live.device.on_change = live.device.on_answered = live.device.on_refused = failing
        op_id = live.device.submit(ops.Cancel("1" * 32))
        live.receive(msg.Answer(op_id, Refusal(Code.STALE_REV)))
        assert [submit.op_id for submit, _ in live.device.outbox.refused()] == [op_id]
        assert live.device.live
        faults = [(str(fault["exception"]), fault["message"]) for fault in loop().faults]
        assert faults == [("a fault in a screen", f"a listener of the device failed: {failing!r}")] * 4
        loop().faults.clear()
