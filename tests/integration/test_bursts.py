"""Many ops at once: a healthy device gets all its answers and keeps its connection."""

import pytest

from sync_server.device.sync import engine as eng
from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.service.sync import handler
from sync_server.service.sync.router import Delivery, RouterSocket
from sync_server.service.sync.sessions import Sessions
from sync_server.service.sync.waiting_messages import WaitingMessages


def burst(count: int) -> list[msg.Submit]:
    return [msg.Submit(f"{number:032x}", 1, ops.Cancel(f"{number:032x}")) for number in range(count)]


async def answers_to(raw, submits: list[msg.Submit]) -> list[str]:
    """Reads as many answers. Fails at anything else: a device that is sent away gets WhoAreYou."""
    received = [await raw.receive() for _ in submits]
    assert {type(message) for message in received} == {msg.Answer}
    return [message.op_id for message in received]


@pytest.mark.fault(
    "A device of an earlier version sends 1,500 ops at once",
    "all are answered in order on the same connection, and others are served meanwhile",
)
async def test_a_device_that_sends_all_its_ops_at_once_gets_every_answer(house):
    raw, other = await house.raw_and_device("kiosk", "kiosk")
    submits = burst(1400)
    for submit in submits:
        await raw.send(submit)
    await house.served(other)
    assert await answers_to(raw, submits) == [submit.op_id for submit in submits]
    counted = house.server.counters.values()
    assert counted["devices_too_slow"] == counted["ops_put_off"] == 0
    assert [op_id for op_id in house.done() if int(op_id, 16) < len(submits)] == [s.op_id for s in submits]


@pytest.mark.fault(
    "A device sends more ops than its rate limit, without waiting for answers",
    "the server does the rest as soon as it may; nothing is put off, and others are served meanwhile",
)
async def test_ops_above_the_rate_limit_wait_at_the_server(house, monkeypatch):
    monkeypatch.setattr(handler, "MESSAGES_BURST", 40)
    raw, other = await house.raw_and_device("kiosk", "kiosk")
    submits = burst(200)
    for submit in submits:
        await raw.send(submit)
    await house.served(other)
    assert await answers_to(raw, submits) == [submit.op_id for submit in submits]
    assert house.server.counters.values()["ops_put_off"] == 0
    assert house.server.counters.values()["messages_put_off"] >= 5


@pytest.mark.parametrize("version", ["0.1.0", "now"])
@pytest.mark.fault(
    "After a long outage a device has 1,600 ops in its outbox, more than may wait at the server",
    "all are done in the order of the taps, on one connection, also for a device that sends them all at once",
)
async def test_a_full_outbox_gets_through_on_one_connection(house, monkeypatch, version):
    monkeypatch.setattr(handler, "MESSAGES_WAITING", 500)
    monkeypatch.setattr(eng, "NOT_NOW_MS", 400)
    monkeypatch.setattr(eng, "ANSWER_MS", 60_000)  # server and devices share a computer that may be busy
    if version == "0.1.0":
        monkeypatch.setattr(eng, "WINDOW", 10**9)
    opened = []
    original = Sessions.open
    monkeypatch.setattr(Sessions, "open", lambda *given: opened.append(given) or original(*given))
    files = house.enrol("kiosk", "Long away"), house.enrol("kiosk", "Sane")
    await house.open()
    cable = await house.cable()
    device, other = house.device(files[0], cable), house.device(files[1])
    await house.until(lambda: device.live and other.live)
    cable.cut()
    await house.until(lambda: not device.live)
    op_ids = [device.submit(ops.Cancel(f"{number:032x}")) for number in range(1600)]  # of no visit
    opened.clear()
    cable.repair()
    await house.until(lambda: device.live)
    await house.served(other)
    await house.until(lambda: len(house.answered) == len(op_ids))  # all are refused
    counted = house.server.counters.values()
    assert (counted["ops_put_off"] > 0) is (version == "0.1.0")
    assert counted["devices_too_slow"] == 0
    assert [given[2].device_id for given in opened].count(device.file.device_id) == 1
    assert [op_id for op_id in house.done() if op_id in set(op_ids)] == op_ids


@pytest.mark.fault(
    "A device sends many ops and does not read the answers for a while",
    "the server does no more of its ops meanwhile; when it reads again it gets all answers",
)
async def test_nothing_more_is_done_for_a_device_that_does_not_read(house, monkeypatch):
    raw, other = await house.raw_and_device("kiosk", "kiosk")
    sessions = house.server.device_handler._sessions.by_peer.values()
    (deaf,) = [session.peer for session in sessions if session.device.device_id == raw.file.device_id]
    send = RouterSocket.send
    full = {deaf}
    monkeypatch.setattr(
        RouterSocket,
        "send",
        lambda self, peer, frame: Delivery.FULL if peer in full else send(self, peer, frame),
    )
    submits = burst(300)
    for submit in submits:
        await raw.send(submit)
    while len(house.done()) < msg.WINDOW:
        await house.served(other)
    for _ in range(5):
        await house.served(other)
    assert [op_id for op_id in house.done() if int(op_id, 16) < 300] == [
        s.op_id for s in submits[: msg.WINDOW]
    ]
    full.clear()
    assert await answers_to(raw, submits) == [submit.op_id for submit in submits]
    assert house.server.counters.values()["devices_too_slow"] == 0


def test_a_submit_that_waits_is_recognized():
    waiting = WaitingMessages()
    first, second = burst(2)
    for message in (first, msg.Ping(1), second):
        waiting.add(message)
    assert first in waiting
    assert msg.Ping(1) not in waiting, "each ping has an answer of its own"
    assert waiting.take_next() == first
    assert first not in waiting
    assert list(waiting.take_submits()) == [second]
    assert second not in waiting
    assert waiting.take_next() == msg.Ping(1)
    assert len(waiting) == 0
