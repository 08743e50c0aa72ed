"""More messages than a device may send, more connections than there is room for: nobody else waits."""

import asyncio
import socket as sockets
import threading

import pytest
import zmq

from sync_server.domain import commands, ops
from sync_server.domain.refusal import Code
from sync_server.protocol import messages as msg
from sync_server.service import allowance, desk, doorway, limits
from sync_server.service import socket as server_socket

from .house import come


def counted(house, name: str) -> int:
    return house.server.counters.values()[name]


async def in_order(house, device, op_ids) -> None:
    await house.until(lambda: not device.outbox.pending())
    with house.store() as db:
        done = [row[0] for row in db.execute("SELECT op_id FROM ops ORDER BY rowid")]
    assert [op_id for op_id in done if op_id in set(op_ids)] == op_ids
    assert {op_id for op_id, _ in house.answered} <= set(op_ids)


@pytest.mark.fault(
    "A device sends more messages than it may",
    "what is too much is put off and stays in its outbox; all is done in the order of the taps, others are"
    " served meanwhile",
)
async def test_what_a_device_sends_too_much_is_done_later_and_in_order(house, monkeypatch):
    monkeypatch.setattr(allowance, "MESSAGES_AT_ONCE", 40)
    hasty, sane = house.enrol("kiosk", "Hasty"), house.enrol("kiosk", "Sane")
    await house.open()
    device, other = house.device(hasty), house.device(sane)
    await house.until(lambda: device.live and other.live)
    op_ids = [device.submit(ops.Cancel(f"{number:032x}")) for number in range(120)]
    await house.until(lambda: device.problem)
    assert "follows by itself" in device.problem
    await house.served(other)
    assert other.problem is None
    await in_order(house, device, op_ids)
    assert counted(house, "messages_put_off") >= 50
    await house.until(lambda: device.problem is None)


@pytest.mark.attack(
    "A device sends message after message of 60 kB that is none",
    "each counts as seven; beyond what the device may send they are not even read",
)
async def test_large_messages_count_as_several(house, monkeypatch):
    monkeypatch.setattr(allowance, "MESSAGES_AT_ONCE", 40)
    monkeypatch.setattr(allowance, "MESSAGES_A_SECOND", 1)
    mad, sane = house.enrol("kiosk", "Mad"), house.enrol("kiosk", "Sane")
    await house.open()
    raw, other = house.raw(mad), house.device(sane)
    await house.until(lambda: other.live)
    for _ in range(100):
        await raw.say(b"[" * 60_000)
    while counted(house, "messages_put_off") < 80:
        await house.served(other)
    assert 1 <= counted(house, "messages_unreadable") <= 15


@pytest.mark.attack(
    "A kiosk puts shopper after shopper in line",
    "two hundred at once are taken; others are served, and it may go on when some of its own have left",
)
async def test_one_kiosk_has_so_many_in_line_and_no_more(house, monkeypatch):
    monkeypatch.setattr(commands, "MOST_IN_LINE", 5)
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
    "further ops are put off and stay in their outboxes; when the disk comes along all are done,"
    " in order, once",
)
async def test_while_too_much_waits_for_the_disk_ops_are_put_off(house, monkeypatch):
    monkeypatch.setattr(desk, "OPS_WAITING", 10)
    (kiosk,) = await house.crew()
    goes_on = threading.Event()
    slow = house.server.shop.store.call(lambda _db: goes_on.wait(30))
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
    "A device sends sign-in after sign-in without waiting for the answers",
    "all but two are told to wait at once; the next colleague's sign-in is checked without delay",
)
async def test_a_device_has_two_sign_ins_under_way_at_most(house):
    raw, other = await house.mad_and_sane("staff", "staff")
    for number in range(30):
        await raw.send(msg.SignIn(f"{number:032x}", f"nobody-{number}", "000000"))
    await house.sign_in(other, "tom")
    told = [await raw.hear(msg.SignedIn) for _ in range(30)]
    waiting = [answer for answer in told if answer.refusal.code is Code.TOO_MANY_TRIES]
    assert len(waiting) == counted(house, "sign_ins_put_off") >= 20
    assert {answer.wait_s for answer in waiting} == {1}


@pytest.mark.attack(
    "A device sends a message of 200,000 frames",
    "its connection ends and it is kept out for a minute; others are served, and then it may come back",
)
async def test_whoever_sends_a_message_of_very_many_frames_is_kept_out_for_a_while(house, monkeypatch):
    monkeypatch.setattr(server_socket, "KEPT_OUT_S", 1.0)
    raw, other = await house.mad_and_sane("kiosk", "kiosk")
    assert await raw.event() == zmq.EVENT_HANDSHAKE_SUCCEEDED
    await raw.say(*[b""] * 200_000)
    await house.served(other)
    assert await raw.event() == zmq.EVENT_DISCONNECTED
    assert counted(house, "messages_of_many_frames") == 1
    raw.close()
    house.raws.remove(raw)
    mended = house.device(raw.file)
    await house.until(lambda: mended.live)


@pytest.mark.attack(
    "10,000 connections that show no key",
    "the oldest of them make room for whoever comes; a device that connects in the crowd is served",
)
async def test_a_crowd_without_keys_stands_in_nobodys_way(house):
    limits.open_files()
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
        assert house.server.desk._socket._doorway.strangers <= limits.MOST_WITHOUT_KEY
        assert counted(house, "connections_shed") > 5000
        assert device.live
    finally:
        for stranger in crowd:
            stranger.close()


@pytest.mark.attack(
    "A key is used for one connection after another",
    "four of a device stay; the oldest ends when one more comes",
)
async def test_a_device_has_four_connections_at_most(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    raws = []
    for _ in range(limits.MOST_OF_ONE_DEVICE + 1):
        raws.append(house.raw(file))
        await raws[-1].hello()
    assert await raws[0].event() == zmq.EVENT_HANDSHAKE_SUCCEEDED
    assert await raws[0].event() == zmq.EVENT_DISCONNECTED


@pytest.mark.attack(
    "Slow-loris: a connection to the devices' port that sends one byte and then nothing",
    "it ends when the time for a handshake is over",
)
async def test_connections_that_never_shake_hands_are_ended(house, monkeypatch):
    """Slow-loris: a byte, then nothing. ZeroMQ's own time-out ends it, and it is counted."""
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


def test_the_doorway_sees_every_event_however_many_there_are():
    """A slow reader would make ZeroMQ's own thread wait, and with it every device."""
    assert doorway.MOST_AT_ONCE < limits.MOST_WITHOUT_KEY


def test_an_allowance_fills_up_again():
    mine = allowance.Allowance(0)
    assert all(mine.take(0) for _ in range(limits.MESSAGES_AT_ONCE))
    assert not mine.take(0)
    assert not mine.take(-5000)  # a clock set back gives nothing
    assert all(mine.take(-4000) for _ in range(limits.MESSAGES_A_SECOND))
    assert not mine.take(-4000)
    assert mine.take(10**9)


def test_ops_behind_one_that_was_put_off_wait_for_it():
    order = allowance.InOrder()
    assert order.lets("a", 0, True)
    assert not order.lets("b", 0, False)
    assert not order.lets("c", 1, True)
    assert order.lets("b", 2, True)
    assert order.lets("c", 3, True)
    assert not order.lets("d", 4, False)
    assert order.lets("e", 4 + allowance.GIVEN_UP_MS, True)  # d never came back
