"""A device that sends anything: the server goes on, and others are served."""

import asyncio

import pytest
import zmq

from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.protocol.wire import MAX_FROM_DEVICE_BYTES

from .harness import come, do

SUBMIT = b'{"type":"submit","op_id":"%s","at_device":%s,"op":%s}'
CANCEL = b'{"op":"cancel","visit_id":"%s"}' % (b"b" * 32)
DEEP = b"[" * 60_000


async def others_are_served(house) -> None:
    other = house.devices[0]
    visit_id = come(other)
    await house.until(lambda: not other.outbox.pending())
    assert house.one("SELECT state FROM visits WHERE visit_id = ?", visit_id) == "waiting"


async def raw_and_device(house):
    mad, sane = house.enrol("kiosk", "Mad"), house.enrol("kiosk", "Sane")
    await house.open()
    device = house.device(sane)
    await house.until(lambda: device.live)
    return house.raw(mad)


@pytest.mark.attack(
    "Garbage, invalid UTF-8, brackets 60,000 deep, numbers of 5,000 digits, foreign messages",
    "refused with the reason; the connection and all others continue to work",
)
@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00\xff\xfe",
        b"hello",
        b"{}",
        b"[]",
        b"null",
        DEEP,
        b'{"type":"ping","x":' + DEEP,
        b'{"type":"ping","x":' + b'{"a":' * 10_000,
        b'{"type":"hello","protocol":' + b"9" * 5000 + b"}",
        b'{"type":"hello","protocol":1,"catalogue":"\\ud800"}',
        b'{"type":"update","n":1,"at":1}',
        b'{"type":"sign_in","request":"x","employee":"tom","pin":"1"}',
        SUBMIT % (b"a" * 32, b"9" * 40, CANCEL),
        SUBMIT % (b"a" * 32, b"1", b'{"op":"fly"}'),
        SUBMIT % (b"a" * 32, b"1", DEEP),
        b"x" * MAX_FROM_DEVICE_BYTES,
        b"x" * (MAX_FROM_DEVICE_BYTES + 1),
    ],
    ids=range(18),
)
async def test_an_invalid_message_gets_a_fault_and_the_connection_still_works(house, frame):
    raw = await raw_and_device(house)
    await raw.send_frames(frame)
    fault = await raw.receive()
    assert isinstance(fault, msg.Fault)
    assert 0 < len(fault.reason) <= 300
    await others_are_served(house)
    await raw.hello()  # and the same connection still works


async def test_a_fault_names_the_op(house):
    raw = await raw_and_device(house)
    for frame in (
        SUBMIT % (b"a" * 32, b"1", b'{"op":"fly"}'),
        SUBMIT % (b"a" * 32, b"9" * 40, CANCEL),
    ):
        await raw.send_frames(frame)
        assert (await raw.receive()).op_id == "a" * 32


@pytest.mark.attack(
    "A frame above 64 kB",
    "the connection is closed; others are served",
)
async def test_a_frame_that_is_too_large_ends_the_connection(house):
    raw = await raw_and_device(house)
    await raw.hello()
    assert await raw.event() == zmq.EVENT_HANDSHAKE_SUCCEEDED
    await raw.send_frames(b"x" * (MAX_FROM_DEVICE_BYTES + 200))
    assert await raw.event() == zmq.EVENT_DISCONNECTED
    await others_are_served(house)


@pytest.mark.attack("A message of several frames", "refused, and not done; others are served")
@pytest.mark.parametrize("count", [2, 3, 4, 16])
async def test_a_message_of_several_frames_is_refused(house, count):
    raw = await raw_and_device(house)
    await raw.hello()
    submit = SUBMIT % (b"a" * 32, b"1", b'{"op":"open_visit","visit_id":"%s","ticket":"A-1",'
                       b'"need":"ask","language":"en"}' % (b"c" * 32))  # fmt: skip
    await raw.send_frames(submit, *[b""] * (count - 1))
    fault = await raw.receive()
    assert fault == msg.Fault("a message has one frame")
    await others_are_served(house)
    assert house.one("SELECT count(*) FROM visits") == 1


async def test_the_fault_for_another_protocol_says_which_side_to_update(house):
    raw = await raw_and_device(house)
    await raw.send(msg.Hello(msg.PROTOCOL + 1))
    fault = await raw.receive()
    assert fault.reason == "device speaks protocol 2, server 1; update the server"
    await raw.send(msg.Ping())
    assert isinstance(await raw.receive(), msg.WhoAreYou)


@pytest.mark.attack(
    "Ops and sign-ins before the hello",
    "not done",
)
async def test_a_device_without_a_hello_is_asked_for_one(house):
    raw = await raw_and_device(house)
    await raw.send(msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en")))
    assert isinstance(await raw.receive(), msg.WhoAreYou)
    await raw.send(msg.SignIn("1" * 32, "tom", "1234"))
    assert isinstance(await raw.receive(), msg.WhoAreYou)
    assert house.one("SELECT count(*) FROM ops") == 0


@pytest.mark.fault(
    "A device comes back with 700 ops", "all are done in the order of the taps; others are served meanwhile"
)
async def test_a_device_that_was_away_for_long_sends_all_it_has_and_others_are_served_meanwhile(house):
    away, sane = house.enrol("kiosk", "Away"), house.enrol("kiosk", "Sane")
    device = house.device(away)  # there is no server yet
    op_ids = [device.submit(ops.Cancel(f"{number:032x}")) for number in range(700)]
    house.stop(device)
    await house.open()
    other = house.device(sane)
    await house.until(lambda: other.live)
    house.device(away)
    await others_are_served(house)
    await house.until(lambda: len(house.answered) == 700)
    assert sorted(op_id for op_id, _ in house.answered) == sorted(op_ids)
    with house.store() as db:
        done = [row[0] for row in db.execute("SELECT op_id FROM ops ORDER BY rowid")]
    assert [op_id for op_id in done if op_id in set(op_ids)] == op_ids  # in the order of the taps


@pytest.mark.attack("A revoked device floods the server", "others are served")
async def test_messages_of_a_revoked_device_delay_no_other(house):
    """The reader serves the others although it drops every message of this one."""
    raw = await raw_and_device(house)
    await raw.hello()
    await house.revoke("mad")
    flooding = asyncio.ensure_future(_flood(raw))
    try:
        for _ in range(3):
            await others_are_served(house)
    finally:
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
    assert house.one("SELECT count(*) FROM ops") == 3


async def _flood(raw) -> None:
    while True:
        await raw.send(msg.Ping())


@pytest.mark.fault(
    "A device stops reading its messages",
    "the server drops its connection and serves the others; when it reads again it takes a new snapshot",
)
async def test_a_device_that_stops_reading_delays_no_other_and_gets_a_snapshot_later(house):
    deaf = house.enrol("staff", "Deaf")
    kiosk, tom = await house.crew("tom")
    raw = house.raw(deaf, rcvhwm=1)
    first = await raw.hello()
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and tom.view.visits[visit_id].offer_to == "tom")
    do(tom, ops.Accept, visit_id)
    notes = 0
    while (
        len(house.server.device_handler.connected_devices) == 3
    ):  # until its queue is full and its session is closed
        do(tom, ops.AddNote, visit_id, note="x" * 500)  # every update holds all notes so far
        await house.until(lambda: not tom.outbox.pending())
        notes += 1
        assert notes < 2000
    await others_are_served(house)
    while not isinstance(await raw.receive(), msg.WhoAreYou):
        await raw.send(msg.Ping())
    snapshot = await raw.hello()
    assert snapshot.n > first.n
    assert len(next(row for row in snapshot.visits if row.visit_id == visit_id).notes) == notes
