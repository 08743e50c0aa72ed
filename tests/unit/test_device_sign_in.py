"""A device: signing in, being revoked, and another role or name."""

import asyncio
from pathlib import Path

from msgspec.structs import replace

from sync_server.device.sign_ins import SIGN_IN_S
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import messages as msg
from sync_server.protocol.rows import PersonRow
from tests.sample_store import MONDAY_10

from .engine import row
from .live_device import FILE, KEY, live_device, started_device
from .virtual_time import loop, virtual_time

HELLO = msg.Hello(msg.PROTOCOL, "", lenient=True, coalesces=True)
TOM = PersonRow("tom", "available", MONDAY_10, "device-1")


# --- signing in ------------------------------------------------------------------------------------


@virtual_time
async def test_the_answer_to_a_sign_in_is_returned(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        answer = asyncio.ensure_future(live.device.sign_in("tom", "1234"))
        await asyncio.sleep(0)
        (request,) = live.sent()
        assert isinstance(request, msg.SignIn)
        assert request == msg.SignIn(request.request, "tom", "1234")
        refused = msg.SignedIn(request.request, Refusal(Code.WRONG_PIN), 3)
        live.receive(msg.SignedIn("f" * 32))  # to a request of an earlier run
        live.receive(refused)
        live.receive(msg.SignedIn(request.request))  # the first answer counts
        assert await answer == refused
        assert len(live.device._sign_ins) == 0
        assert live.device.outbox.pending() == []


@virtual_time
async def test_a_sign_in_without_the_server_is_not_sent(tmp_path: Path) -> None:
    async with started_device(tmp_path) as live:
        live.sent()
        assert await live.device.sign_in("tom", "1234") is None
        assert live.sent() == []


@virtual_time
async def test_a_sign_in_that_is_not_answered_ends_after_some_seconds(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        answer = asyncio.ensure_future(live.device.sign_in("tom", "1234"))
        ended_at: list[float] = []
        answer.add_done_callback(lambda _answer: ended_at.append(loop().time()))
        while not answer.done():
            await asyncio.sleep(0.5)
            live.receive(msg.Beat(0, MONDAY_10))  # the connection is alive
        assert answer.result() is None
        assert ended_at == [SIGN_IN_S] == [8]
        assert live.device.live
        assert len(live.device._sign_ins) == 0


@virtual_time
async def test_a_sign_in_ends_with_its_connection(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        answer = asyncio.ensure_future(live.device.sign_in("tom", "1234"))
        other = asyncio.ensure_future(live.device.sign_in("kim", "1234"))
        await asyncio.sleep(0)
        kim = live.sent()[1]
        assert isinstance(kim, msg.SignIn)
        live.receive(msg.SignedIn(kim.request))
        live.receive(msg.Update(9, MONDAY_10))  # one was missed, so a new connection is made
        assert await answer is None
        assert await other == msg.SignedIn(kim.request), "it was answered before"
        assert loop().ms() == 0


# --- revoked, and with another role ----------------------------------------------------------------


@virtual_time
async def test_a_revoked_device_says_so_and_keeps_no_text_about_shoppers(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive(msg.Update(1, MONDAY_10, visits=(replace(row(1), alias="Rumpelstiltskin"),)))
        live.device.submit(ops.OpenVisit("1" * 32, "A-1", "ask", "en", "Rumpelstiltskin"))
        assert not live.device.revoked
        live.receive(msg.Dismissed())
        assert (live.device.revoked, live.device.live, live.revoked) == (True, False, [FILE])
        assert live.device.outbox.revoked_key() == KEY
        assert [type(s.op) for s in live.device.outbox.pending()] == [ops.OpenVisit]
        assert "Rumpelstiltskin" not in repr(live.device.view)
        for file in tmp_path.iterdir():
            assert b"Rumpelstiltskin" not in file.read_bytes()


@virtual_time
async def test_a_revoked_device_that_takes_part_again_saves_its_file(tmp_path: Path) -> None:
    async with live_device(tmp_path) as live:
        live.receive(msg.Dismissed())
        await asyncio.sleep(60)
        for _ in range(2):
            live.receive_snapshot(kind="kiosk", name="Front", letter="A")
        assert (live.device.revoked, live.device.live) == (False, True)
        assert live.identities == [FILE], "the key was deleted"


@virtual_time
async def test_a_device_with_another_role_says_so_and_saves_the_file_for_the_other_app(
    tmp_path: Path,
) -> None:
    async with started_device(tmp_path) as live:
        assert live.device.moved_to is None
        live.receive_snapshot(kind="staff", name="Tablet", letter="B")
        assert live.device.moved_to == "staff"
        assert live.identities == [replace(FILE, kind="staff", name="Tablet", letter="B")]
        assert live.device.file == replace(FILE, name="Tablet", letter="B"), "the app stays a kiosk"


@virtual_time
async def test_a_name_is_saved_once(tmp_path: Path) -> None:
    async with started_device(tmp_path) as live:
        live.receive_snapshot(kind="kiosk", name="Front", letter="A")
        assert live.identities == []
        for _ in range(2):
            live.receive_snapshot(kind="kiosk", name="Door", letter="A")
        assert live.identities == [replace(FILE, name="Door")]
