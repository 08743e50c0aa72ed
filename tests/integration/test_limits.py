"""Too many messages or connections of one device delay no other device."""

import asyncio
import socket as sockets
import threading

import pytest
import zmq

from sync_server.domain import ops
from sync_server.domain.floor import commands
from sync_server.domain.refusal import Code
from sync_server.protocol import messages as msg
from sync_server.service.limits import numbers
from sync_server.service.limits.open_files import raise_open_files
from sync_server.service.limits.rate_limit import TokenBucket
from sync_server.service.sync import connection_guard, handler, op_order
from sync_server.service.sync import router as server_socket

from .harness import come


def counted(house, name: str) -> int:
    return house.server.counters.values()[name]


async def in_order(house, device, op_ids) -> None:
    await house.until(lambda: not device.outbox.pending())
    with house.store() as db:
        done = [row[0] for row in db.execute("SELECT op_id FROM ops ORDER BY rowid")]
    assert [op_id for op_id in done if op_id in set(op_ids)] == op_ids
    assert {op_id for op_id, _ in house.answered} <= set(op_ids)


@pytest.mark.attack(
    "A device sends many invalid messages of 60 kB",
    "each counts as seven messages; beyond the rate limit they are not read",
)
async def test_large_messages_count_as_several(house, monkeypatch):
    monkeypatch.setattr(handler, "MESSAGES_BURST", 40)
    monkeypatch.setattr(handler, "MESSAGES_PER_S", 1)
    mad, sane = house.enrol("kiosk", "Mad"), house.enrol("kiosk", "Sane")
    await house.open()
    raw, other = house.raw(mad), house.device(sane)
    await house.until(lambda: other.live)
    for _ in range(100):
        await raw.send_frames(b"[" * 60_000)
    while counted(house, "messages_put_off") < 80:
        await house.served(other)
    assert 1 <= counted(house, "messages_unreadable") <= 15


@pytest.mark.attack(
    "A kiosk puts shopper after shopper into line",
    "two hundred at the same time are accepted; others are served, and it may continue when some of its"
    " own have left",
)
async def test_one_kiosk_has_a_limited_number_of_visits_in_line(house, monkeypatch):
    monkeypatch.setattr(commands, "MAX_IN_LINE", 5)
    mad, sane = house.enrol("kiosk", "Mad"), house.enrol("kiosk", "Sane")
    await house.open()
    device, other = house.device(mad), house.device(sane)
    await house.until(lambda: device.live and other.live)
    visits = [come(device) for _ in range(7)]
    await house.until(lambda: len(house.answered) == 2)
    assert {refusal.code for _, refusal in house.answered} == {Code.NOT_ALLOWED}
    assert [submit.op.visit_id for submit, _ in device.outbox.refused()] == visits[5:]
    await house.served(other)
    device.submit(ops.Cancel(visits[0]))
    await house.served(device)


@pytest.mark.fault(
    "The server's disk becomes so slow that thousands of ops wait for it",
    "further ops are put off and stay in their outboxes; when the disk is fast again all are done once,"
    " in order",
)
async def test_while_too_much_waits_for_the_disk_ops_are_put_off(house, monkeypatch):
    monkeypatch.setattr(handler, "MAX_OPS_WAITING", 10)
    (kiosk,) = await house.crew()
    goes_on = threading.Event()
    slow = house.server.processor.writer.call(lambda _db: goes_on.wait(30))
    for _ in range(3):
        come(kiosk)
    op_ids = [submit.op_id for submit in kiosk.outbox.pending()]
    op_ids += [kiosk.submit(ops.Cancel(f"{number:032x}")) for number in range(40)]
    await house.until(lambda: kiosk.problem)
    assert "the server's disk is slow" in kiosk.problem
    goes_on.set()
    await slow
    await in_order(house, kiosk, op_ids)
    assert counted(house, "ops_put_off") >= 30


@pytest.mark.attack(
    "A device sends many sign-ins without waiting for the answers",
    "all but two are refused at once; the next colleague's sign-in is checked without delay",
)
async def test_a_device_has_two_sign_ins_under_way_at_most(house):
    raw, other = await house.raw_and_device("staff", "staff")
    for number in range(30):
        await raw.send(msg.SignIn(f"{number:032x}", f"nobody-{number}", "000000"))
    await house.sign_in(other, "tom")
    answers = [await raw.receive(msg.SignedIn) for _ in range(30)]
    waiting = [answer for answer in answers if answer.refusal.code is Code.TOO_MANY_TRIES]
    assert len(waiting) == counted(house, "sign_ins_put_off") >= 20
    assert {answer.wait_s for answer in waiting} == {1}


@pytest.mark.attack(
    "A device sends a message of 200,000 frames",
    "its connection is closed and it is refused for a minute; others are served, and then it may reconnect",
)
async def test_a_device_that_sends_very_many_frames_is_blocked_for_a_while(house, monkeypatch):
    monkeypatch.setattr(server_socket, "BLOCK_S", 1.0)
    raw, other = await house.raw_and_device("kiosk", "kiosk")
    assert await raw.event() == zmq.EVENT_HANDSHAKE_SUCCEEDED
    await raw.send_frames(*[b""] * 200_000)
    await house.served(other)
    assert await raw.event() == zmq.EVENT_DISCONNECTED
    assert counted(house, "messages_of_many_frames") == 1
    raw.close()
    house.raws.remove(raw)
    mended = house.device(raw.file)
    await house.until(lambda: mended.live)


@pytest.mark.attack(
    "10,000 connections without a key",
    "the oldest of them are closed; a device that connects among them is served",
)
async def test_ten_thousand_unauthenticated_connections_delay_no_device(house):
    raise_open_files()
    file, later = house.enrol("kiosk", "Front"), house.enrol("kiosk", "Late")
    await house.open()
    device = house.device(file)
    await house.until(lambda: device.live)
    host, port = house.sync.split(":")
    crowd: list[sockets.socket] = []
    try:
        while len(crowd) < 10_000:
            for _ in range(250):
                stranger = sockets.socket()
                crowd.append(stranger)
                stranger.setblocking(False)
                stranger.connect_ex((host, int(port)))
            await asyncio.sleep(0)
            if len(crowd) == 5000:
                newcomer = house.device(later)
            if len(crowd) % 2500 == 0:
                await house.served(device)
        await house.until(lambda: newcomer.live)
        for each in (device, newcomer):
            await house.served(each)
        assert house.server.device_handler._socket._guard.unauthenticated <= numbers.MAX_UNAUTHENTICATED + 2
        assert counted(house, "connections_shed") > 5000
        assert device.live
    finally:
        for stranger in crowd:
            stranger.close()


@pytest.mark.attack(
    "A key is used for many connections",
    "four connections of a device stay; the oldest is closed when there is one more",
)
async def test_a_device_has_four_connections_at_most(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    raws = []
    for _ in range(numbers.MAX_CONNECTIONS_PER_DEVICE + 1):
        raws.append(house.raw(file))
        await raws[-1].hello()
    assert await raws[0].event() == zmq.EVENT_HANDSHAKE_SUCCEEDED
    assert await raws[0].event() == zmq.EVENT_DISCONNECTED


@pytest.mark.attack(
    "Slow-loris: a connection to the devices' port that sends one byte and then nothing",
    "it is closed when the time for a handshake is over",
)
async def test_connections_without_a_handshake_are_closed(house, monkeypatch):
    """Slow-loris: a byte, then nothing. ZeroMQ's handshake time-out closes it, and it is counted."""
    monkeypatch.setattr(server_socket, "HANDSHAKE_MS", 200)
    await house.open()
    host, port = house.sync.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\xff")
    await writer.drain()
    async with asyncio.timeout(30):
        while await reader.read(100):
            pass
    writer.close()
    async with asyncio.timeout(30):
        while not counted(house, "handshakes_broken"):
            await asyncio.sleep(0)


def test_the_connection_guard_reads_events_in_batches_smaller_than_its_limit():
    """ZeroMQ's own thread, and with it every device, would wait for a reader that takes too long."""
    assert connection_guard.EVENT_BATCH < numbers.MAX_UNAUTHENTICATED


def test_a_token_bucket_fills_up_again():
    mine = TokenBucket(20, 10)
    assert all(mine.take(0) for _ in range(20))
    assert not mine.take(0)
    assert not mine.take(-5000)  # a clock set back gives nothing
    assert all(mine.take(-4000) for _ in range(10))
    assert not mine.take(-4000)
    assert mine.take(10**9)


def test_ops_behind_one_that_was_put_off_are_put_off_too():
    order = op_order.OpOrder()
    assert order.may_do("a", 0, True)
    assert not order.may_do("b", 0, False)
    assert not order.may_do("c", 1, True)
    assert order.may_do("b", 2, True)
    assert order.may_do("c", 3, True)
    assert not order.may_do("d", 4, False)
    assert order.may_do("e", 4 + op_order.GIVE_UP_MS, True)  # d never came back
