"""A device that has gone mad: whatever it says, the server lives on and others are served."""

import asyncio

import pytest
import zmq

from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.protocol.wire import MAX_FROM_DEVICE

from .house import come, do

SUBMIT = b'{"type":"submit","op_id":"%s","at_device":%s,"op":%s}'
CANCEL = b'{"op":"cancel","visit_id":"%s"}' % (b"b" * 32)
DEEP = b"[" * 60_000


async def others_are_served(house) -> None:
    other = house.devices[0]
    visit_id = come(other)
    await house.until(lambda: not other.outbox.pending())
    assert house.one("SELECT state FROM visits WHERE visit_id = ?", visit_id) == "waiting"


async def mad_and_sane(house):
    mad, sane = house.enrol("kiosk", "Mad"), house.enrol("kiosk", "Sane")
    await house.open()
    device = house.device(sane)
    await house.until(lambda: device.live)
    return house.raw(mad)


@pytest.mark.attack(
    "Garbage, invalid UTF-8, brackets 60,000 deep, numbers of 5,000 digits, foreign messages",
    "refused with the reason; the connection and everybody else work on",
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
        b"x" * MAX_FROM_DEVICE,
        b"x" * (MAX_FROM_DEVICE + 1),
    ],
    ids=range(18),
)
async def test_a_frame_that_is_no_message_is_told_so_and_does_no_harm(house, frame):
    raw = await mad_and_sane(house)
    await raw.say(frame)
    fault = await raw.hear()
    assert isinstance(fault, msg.Fault)
    assert 0 < len(fault.reason) <= 300
    await others_are_served(house)
    await raw.hello()  # and the same connection still works


async def test_the_fault_names_the_op_so_that_the_person_can_be_told(house):
    raw = await mad_and_sane(house)
    for frame in (
        SUBMIT % (b"a" * 32, b"1", b'{"op":"fly"}'),
        SUBMIT % (b"a" * 32, b"9" * 40, CANCEL),
    ):
        await raw.say(frame)
        assert (await raw.hear()).op_id == "a" * 32


@pytest.mark.attack("A frame above 64 kB", "the connection ends; others are served")
async def test_a_frame_that_is_too_large_ends_the_connection(house):
    raw = await mad_and_sane(house)
    await raw.hello()
    assert await raw.event() == zmq.EVENT_HANDSHAKE_SUCCEEDED
    await raw.say(b"x" * (MAX_FROM_DEVICE + 200))
    assert await raw.event() == zmq.EVENT_DISCONNECTED
    await others_are_served(house)


@pytest.mark.attack("A message of several frames", "refused, and not done; others are served")
@pytest.mark.parametrize("count", [2, 3, 4, 16])
async def test_a_message_of_several_frames_is_refused(house, count):
    raw = await mad_and_sane(house)
    await raw.hello()
    submit = SUBMIT % (b"a" * 32, b"1", b'{"op":"open_visit","visit_id":"%s","ticket":"A-1",'
                       b'"need":"ask","language":"en"}' % (b"c" * 32))  # fmt: skip
    await raw.say(submit, *[b""] * (count - 1))
    fault = await raw.hear()
    assert fault == msg.Fault("a message has one frame")
    await others_are_served(house)
    assert house.one("SELECT count(*) FROM visits") == 1


async def test_another_protocol_is_told_which_side_to_update(house):
    raw = await mad_and_sane(house)
    await raw.send(msg.Hello(msg.PROTOCOL + 1))
    fault = await raw.hear()
    assert fault.reason == "device speaks protocol 2, server 1; update the server"
    await raw.send(msg.Ping())
    assert isinstance(await raw.hear(), msg.WhoAreYou)


@pytest.mark.attack("Ops and sign-ins before a hello", "not done")
async def test_whoever_has_not_said_hello_is_asked_to(house):
    raw = await mad_and_sane(house)
    await raw.send(msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en")))
    assert isinstance(await raw.hear(), msg.WhoAreYou)
    await raw.send(msg.SignIn("1" * 32, "tom", "1234"))
    assert isinstance(await raw.hear(), msg.WhoAreYou)
    assert house.one("SELECT count(*) FROM ops") == 0


@pytest.mark.fault(
    "A device comes back with 700 ops", "all are done in the order of the taps; others are served meanwhile"
)
async def test_a_device_that_was_away_for_long_sends_all_it_has_and_others_are_served_meanwhile(house):
    away, sane = house.enrol("kiosk", "Away"), house.enrol("kiosk", "Sane")
    device = house.device(away)  # nobody to talk to yet
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
async def test_a_flood_from_a_revoked_device_does_not_keep_others_waiting(house):
    """The reader gets to the others though nothing that comes in counts."""
    raw = await mad_and_sane(house)
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
    "A device stops reading what it is sent",
    "it is let go, others are served; when it reads again it takes a new snapshot",
)
async def test_a_device_that_stops_reading_holds_up_nobody_and_begins_anew_when_it_reads(house):
    deaf = house.enrol("staff", "Deaf")
    kiosk, tom = await house.crew("tom")
    raw = house.raw(deaf, rcvhwm=1)
    first = await raw.hello()
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and tom.view.visits[visit_id].offer_to == "tom")
    do(tom, ops.Accept, visit_id)
    notes = 0
    while len(house.server.desk.connected) == 3:  # until its queue is full and it is given up
        do(tom, ops.AddNote, visit_id, note="x" * 500)  # every update holds all notes so far
        await house.until(lambda: not tom.outbox.pending())
        notes += 1
        assert notes < 2000
    await others_are_served(house)
    while not isinstance(await raw.hear(), msg.WhoAreYou):
        await raw.send(msg.Ping())
    snapshot = await raw.hello()
    assert snapshot.n > first.n
    assert len(next(row for row in snapshot.visits if row.visit_id == visit_id).notes) == notes
