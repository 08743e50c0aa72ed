"""A device and its ops: committing, sending, settling, ticket numbers, and a disk that fails."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sync_server.device.storage.outbox import DEFAULT_RETENTION_MS, Outbox, ScreenState
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.device.storage.persistence import HOUR_MS
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.ticket import TicketCounter
from sync_server.protocol import messages as msg
from sync_server.protocol.messages import Submit
from sync_server.protocol.wire import MAX_FROM_DEVICE_BYTES, encode
from tests.sample_store import MONDAY_10, catalogue

from .engine import row
from .live_device import FILE, LiveDevice, live_device, started_device
from .virtual_time import loop, virtual_time

VISIT = row(1).visit_id
STALE = Refusal(Code.STALE_REV)


def open_visit(live: LiveDevice, **more: Any) -> str:
    return live.device.submit(
        ops.OpenVisit(live.device.new_id(), live.device.next_ticket(), "ask", "en", **more)
    )


def make_read_only(live: LiveDevice, yes: bool = True) -> None:
    live.device.outbox._db.execute(f"PRAGMA query_only = {'ON' if yes else 'OFF'}")


# --- submitting ------------------------------------------------------------------------------------


@virtual_time
async def test_an_op_is_committed_sent_and_shown_at_once(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.wall_offset = -700
        live.receive_snapshot(epoch="e1")
        live.sent()
        changes = live.changes
        op_id = open_visit(live)
        (submit,) = live.device.outbox.pending()
        assert (submit.op_id, submit.at_device, submit.ahead_ms, submit.epoch) == (
            op_id,
            MONDAY_10 - 700,
            700,
            "e1",
        )
        assert live.sent() == [submit]
        assert live.changes == changes + 1
        assert live.device.view.unsent == {submit.op.visit_id}  # type: ignore[union-attr]
        live.receive(msg.Answer(op_id))
        assert (live.answered, live.refused, live.device.outbox.pending()) == ([op_id], [], [])
        assert live.device.view.unsent == frozenset()


@virtual_time
async def test_an_op_made_without_the_server_is_sent_after_the_next_start(tmp_path: Path) -> None:
    async with started_device(tmp_path) as live:
        live.sent()
        first, second = open_visit(live), live.device.submit(ops.Cancel(VISIT))
        assert live.sent() == []
        assert live.changes == 2
    async with started_device(tmp_path) as live:
        live.sent()
        live.receive_snapshot()
        assert [message.op_id for message in live.sent() if isinstance(message, Submit)] == [first, second]


@virtual_time
async def test_the_screen_is_committed_with_the_op(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.device.submit(ops.Cancel(VISIT), ScreenState(b"ticket"))
        assert live.device.outbox.screen() == b"ticket"
        live.device.submit(ops.Cancel(VISIT))
        assert live.device.outbox.screen() == b"ticket"
        live.device.submit(ops.Cancel(VISIT), ScreenState(None))
        assert live.device.outbox.screen() is None


@virtual_time
async def test_the_rows_that_an_op_is_about_are_committed_with_it(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive(msg.Update(1, MONDAY_10, visits=(row(1),)))
        assert live.device.outbox.saved_state() is None, "rows are saved some seconds later"
        live.device.submit(ops.Cancel(VISIT))
        saved = live.device.outbox.saved_state()
        assert saved is not None
        assert saved.visits == (row(1),)
        live.count("")
        await asyncio.sleep(1.9)
        assert live.count("last_rows") == 0, "they are not saved a second time"


@virtual_time
async def test_the_server_never_gets_an_op_that_it_would_not_read(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        empty = Submit(live.device.new_id(), MONDAY_10, ops.Rate(VISIT, comment=""), 0)
        room = MAX_FROM_DEVICE_BYTES - len(encode(empty))
        largest = ops.Rate(VISIT, comment="x" * room)
        frame = len(encode(replace(empty, op=largest)))
        assert frame > MAX_FROM_DEVICE_BYTES - 30
        with pytest.raises(ValueError, match=r"^an op of this size is never read by the server$"):
            live.device.submit(ops.Rate(VISIT, comment="x" * (room + MAX_FROM_DEVICE_BYTES - frame + 1)))
        assert (live.sent(), live.device.outbox.pending()) == ([], [])
        live.device.submit(ops.Rate(VISIT, comment="x" * (room + MAX_FROM_DEVICE_BYTES - frame)))
        assert len(live.link.frames[0]) == MAX_FROM_DEVICE_BYTES


@virtual_time
async def test_a_tap_that_cannot_be_committed_does_not_count(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        make_read_only(live)
        with pytest.raises(OutboxError, match="free some space"):
            open_visit(live)
        assert (live.sent(), live.device.view.visits) == ([], {})
        make_read_only(live, yes=False)
        op_id = open_visit(live)
        assert [message.op_id for message in live.sent() if isinstance(message, Submit)] == [op_id]


# --- settling --------------------------------------------------------------------------------------


@virtual_time
async def test_what_the_server_sent_before_its_answer_is_saved_in_the_same_commit(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        op_id = live.device.submit(ops.Cancel(VISIT))
        live.receive(msg.Update(1, MONDAY_10, visits=(row(2),)))
        live.count("COMMIT")
        live.receive(msg.Answer(op_id))
        assert live.count("COMMIT") == 1
        saved = live.device.outbox.saved_state()
        assert saved is not None
        assert saved.visits == (row(2),)
        assert live.device._engine.replica.unsaved == {}


@virtual_time
async def test_a_refusal_is_saved_and_reported_with_the_op(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        op_id = live.device.submit(ops.Cancel(VISIT))
        (submit,) = live.device.outbox.pending()
        live.receive(msg.Update(1, MONDAY_10, visits=(row(2),)))
        live.receive(msg.Answer(op_id, STALE))
        assert (live.answered, live.refused) == ([op_id], [(submit, STALE)])
        assert (live.device.outbox.pending(), live.device.outbox.refused()) == ([], [(submit, STALE)])
        saved = live.device.outbox.saved_state()
        assert saved is not None
        assert saved.visits == (row(2),)
        ((at,),) = live.device.outbox._db.execute("SELECT at FROM refused").fetchall()
        assert at == MONDAY_10


@virtual_time
async def test_a_refusal_that_cannot_be_saved_is_reported_all_the_same(tmp_path: Path, caplog: Any) -> None:
    async with live_device(tmp_path) as live:
        op_id = live.device.submit(ops.Cancel(VISIT))
        make_read_only(live)
        with caplog.at_level(logging.ERROR):
            live.receive(msg.Answer(op_id, STALE))
        assert [refusal for _, refusal in live.refused] == [STALE]
        assert "free some space" in caplog.text
        assert live.device.view.unsent == frozenset()
        make_read_only(live, yes=False)
        assert [submit.op_id for submit in live.device.outbox.pending()] == [op_id], "it is sent again"


@virtual_time
async def test_an_op_that_is_not_in_the_outbox_any_more_is_not_reported_as_refused(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        op_id = live.device.submit(ops.Cancel(VISIT))
        live.device.outbox.settle(op_id)
        live.receive(msg.Answer(op_id, STALE))
        assert (live.answered, live.refused, live.device.outbox.refused()) == ([op_id], [], [])


@virtual_time
async def test_an_op_whose_text_was_removed_meanwhile_is_done_if_the_server_has_it_with_its_text(
    tmp_path: Path,
) -> None:
    reused = Refusal(Code.OP_ID_REUSED)
    async with live_device(tmp_path) as live:
        new = live.device.submit(ops.AddNote(VISIT, 1, "tall"))
        live.receive(msg.Answer(new, reused))
        assert [refusal for _, refusal in live.refused] == [reused], "its text is still here"
        op_id = live.device.submit(ops.AddNote(VISIT, 1, "tall"))
        stale = live.device.submit(ops.AddNote(VISIT, 2, "tall"))
        live.wall_offset = live.steady_offset = DEFAULT_RETENTION_MS
        live.receive(msg.Answer(op_id, reused))
        live.receive(msg.Answer(stale, STALE))
        assert [submit.op_id for submit, _ in live.refused] == [new, stale]
        assert live.device.outbox.pending() == []
        assert op_id not in [submit.op_id for submit, _ in live.device.outbox.refused()]


# --- ticket numbers --------------------------------------------------------------------------------


@virtual_time
async def test_tickets_have_the_devices_letter_and_a_number_that_rises(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive_snapshot(day="2026-03-02", last_ticket=7)
        assert live.device.outbox.counter() == TicketCounter("2026-03-02", 7)
        tickets = [live.device.next_ticket(), live.device.next_ticket()]
        assert tickets == ["A-8", "A-9"]
        live.device.submit(ops.Cancel(VISIT))
        assert live.device.outbox.counter() == TicketCounter("2026-03-02", 7), "no ticket was used for it"
        live.device.submit(ops.QuickResolution(VISIT, "A-9", "ask", "en", Resolution.SOLVED))
        assert live.device.outbox.counter() == TicketCounter("2026-03-02", 9)
    async with started_device(tmp_path) as live:
        assert live.device.next_ticket() == "A-10"


@virtual_time
async def test_numbers_of_unsent_tickets_are_not_given_out_again_on_the_next_day(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive_snapshot(day="2026-03-02", last_ticket=7)
        live.receive(msg.NotNow("the disk is full"))
        open_visit(live)
        live.device.submit(ops.Cancel(VISIT))
        live.receive_snapshot(day="2026-03-03", last_ticket=0)
        assert live.device.outbox.counter() == TicketCounter("2026-03-03", 8)
        assert live.device.next_ticket() == "A-9"


@virtual_time
async def test_a_counter_that_is_as_the_server_says_is_not_saved_again(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive_snapshot(day="2026-03-02", last_ticket=7)
        live.count("")
        live.device._update_counter("2026-03-02", 7)
        assert live.statements == []
        live.device._update_counter("2026-03-02", 9)
        assert live.count("COMMIT") == 1


# --- what else the server sends ----------------------------------------------------------------------


@virtual_time
async def test_the_catalogue_the_epoch_and_the_retention_are_saved(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        other = replace(catalogue(), tips=())
        live.receive_snapshot(catalogue=other, digest="e" * 32, epoch="e2", keep_h=2)
        assert live.device.catalogue == other
        outbox = live.device.outbox
        assert (outbox.catalogue(), outbox.epoch(), outbox.retention_hours()) == ((other, "e" * 32), "e2", 2)
        assert live.device._persistence.retention_ms == 2 * HOUR_MS
    async with started_device(tmp_path) as live:
        assert live.device.catalogue == other
        assert live.sent() == [msg.Hello(msg.PROTOCOL, "e" * 32, lenient=True, coalesces=True)]
        live.device.submit(ops.Cancel(VISIT))
        assert live.device.outbox.pending()[0].epoch == "e2"


@virtual_time
async def test_text_is_removed_as_soon_as_the_store_allows_less_time(tmp_path: Path) -> None:
    async with started_device(tmp_path) as live:
        live.device.submit(ops.AddNote(VISIT, 1, "Rumpelstiltskin"))
        live.wall_offset = live.steady_offset = 2 * HOUR_MS
        live.receive_snapshot(keep_h=2)
        assert "Rumpelstiltskin" not in repr(live.device.outbox.pending())


@virtual_time
async def test_rows_of_a_device_that_may_not_take_part_are_deleted(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive(msg.Update(1, MONDAY_10, visits=(row(1),)))
        live.device.submit(ops.Cancel(VISIT))
        assert live.device.view.visits
        live.receive_snapshot(kind="staff", name="Front", letter="A")
        assert live.device.view.visits == {}
        saved = live.device.outbox.saved_state()
        assert saved is not None
        assert saved.visits == ()


@virtual_time
async def test_what_cannot_be_saved_is_logged_and_all_else_is_done(tmp_path: Path, caplog: Any) -> None:
    async with started_device(tmp_path) as live:
        make_read_only(live)
        with caplog.at_level(logging.ERROR):
            live.receive_snapshot()
        assert (live.device.live, live.changes) == (True, 1)
        assert live.device.catalogue == catalogue()
        assert "readonly" in caplog.text
        assert live.device.next_ticket() == "A-1"


@virtual_time
async def test_an_action_that_fails_does_not_stop_the_others(tmp_path: Path, monkeypatch: Any) -> None:
    async with started_device(tmp_path) as live:
        monkeypatch.setattr(Outbox, "save_catalogue", lambda *_arguments: 1 / 0)
        live.receive_snapshot(day="2026-03-02", last_ticket=7)
        assert (live.device.live, live.changes) == (True, 1)
        assert live.device.next_ticket() == "A-8"
        messages = [fault["message"] for fault in loop().faults]
        assert messages == ["this was not carried out whole: CatalogueReceived"]
        loop().faults.clear()


@virtual_time
async def test_the_view_is_made_again_when_text_was_removed_from_it(tmp_path: Path) -> None:
    async with started_device(tmp_path) as live:
        open_visit(live, alias="Rumpelstiltskin")
        assert "Rumpelstiltskin" in repr(live.device.view)
        live.wall_offset = live.steady_offset = DEFAULT_RETENTION_MS
        live.device._persistence.apply_retention()
        assert "Rumpelstiltskin" not in repr(live.device.view)


@virtual_time
async def test_the_devices_file_names_its_database(tmp_path: Path) -> None:
    async with started_device(tmp_path, replace(FILE, device_id="tablet-9")) as live:
        assert live.device.outbox.path == tmp_path / "tablet-9.db"
