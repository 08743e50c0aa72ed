"""Somebody with the key of one device goes for the others, who are served all along."""

import asyncio
import contextlib

import pytest
import zmq
import zmq.asyncio

from sync_server.domain import floor, ops
from sync_server.domain.refusal import Code
from sync_server.protocol import messages as msg
from sync_server.protocol.wire import encode
from sync_server.service import accounts

from .cable import Cable
from .house import PIN, Raw, come


class Named(Raw):
    """A connection that chooses its own routing id."""

    def __init__(self, file, routing_id: bytes) -> None:
        super().__init__(file)
        self.socket.disable_monitor()
        self.socket.close(linger=0)
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.ROUTING_ID, routing_id)
        self.socket.curve_serverkey = file.server_key.encode()
        self.socket.curve_publickey = file.public_key.encode()
        self.socket.curve_secretkey = file.secret_key.encode()
        self.socket.connect(file.server)


@pytest.mark.attack(
    "A device connects with the routing id of another's connection, to get what is meant for it",
    "the connection that has it keeps it; the thief hears nothing and nothing it says is done",
)
async def test_a_stolen_routing_id_steals_nothing(house):
    victim, thief = house.enrol("kiosk", "Victim"), house.enrol("kiosk", "Thief")
    await house.open()
    first = house.raw(victim)
    await first.hello()
    (stolen,) = house.server.desk._audience.sessions
    second = Named(house.at_home(thief), stolen)
    house.raws.append(second)
    await second.send(msg.Hello(msg.PROTOCOL))
    await second.send(msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, f"{thief.letter}-1", "ask", "en")))
    await first.send(msg.Submit("2" * 32, 1, ops.OpenVisit("b" * 32, f"{victim.letter}-1", "ask", "en")))
    assert (await first.hear(msg.Answer)).refusal is None
    assert [device.device_id for device in house.server.desk.connected] == ["victim"]
    assert house.one("SELECT group_concat(visit_id) FROM visits") == "b" * 32
    with pytest.raises(zmq.Again):
        await second.socket.recv(zmq.NOBLOCK)


async def test_a_routing_id_that_was_left_behind_makes_nobody_of_another(house):
    victim, thief = house.enrol("kiosk", "Victim"), house.enrol("kiosk", "Thief")
    await house.open()
    first = house.raw(victim)
    await first.hello()
    desk = house.server.desk
    (left,) = desk._audience.sessions
    tap = msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, f"{victim.letter}-1", "ask", "en"))
    desk._on_messages([(left, house.server.gate.devices[thief.public_key], encode(tap))])
    await first.hear(msg.WhoAreYou)
    assert not desk.connected
    assert house.one("SELECT count(*) FROM ops") == 0


class Recorder(Cable):
    """A cable with somebody listening: what the device said, byte for byte."""

    def __init__(self, to: str) -> None:
        super().__init__(to)
        self.heard = bytearray()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        if sink.get_extra_info("peername")[1] != self._to[1]:
            await super()._carry(source, sink)
            return
        with contextlib.suppress(ConnectionError, OSError):
            while data := await source.read(65_536):
                self.heard += data
                sink.write(data)
                await sink.drain()


@pytest.mark.attack(
    "All a device said is recorded on the network and sent again, byte for byte",
    "the handshake fails: nothing of it is done a second time, and nothing can be read in it",
)
async def test_what_was_recorded_on_the_network_is_worth_nothing(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    tapped = await Recorder(house.sync).lay()
    house.cables.append(tapped)
    device = house.device(file, tapped)
    await house.until(lambda: device.live)
    visit_id = come(device, alias="Rumpelstiltskin")
    await house.until(lambda: not device.outbox.pending())
    recorded = bytes(tapped.heard)
    assert len(recorded) > 500
    assert visit_id.encode() not in recorded
    assert b"Rumpelstiltskin" not in recorded
    before = house.server.counters.values()
    host, port = house.sync.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(recorded)
    await house.served(device)
    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionError):
            while await reader.read(4096):
                pass
    writer.close()
    assert house.one("SELECT count(*) FROM ops") == 2
    assert house.server.counters.values()["ops_repeated"] == before["ops_repeated"]


@pytest.mark.attack(
    "A device uses the op_id of another device's op, for the same op and for another",
    "the other's answer, or a refusal; no effect, and the other's op stands",
)
async def test_another_devices_op_id_has_no_effect(house):
    mad, sane = house.enrol("kiosk", "Mad"), house.enrol("kiosk", "Sane")
    await house.open()
    device = house.device(sane)
    await house.until(lambda: device.live)
    op = ops.OpenVisit(device.new_id(), device.next_ticket(), "ask", "en")
    op_id = device.submit(op)
    await house.until(lambda: not device.outbox.pending())
    raw = house.raw(mad)
    await raw.hello()
    await raw.send(msg.Submit(op_id, 1, op))
    await raw.hear(msg.Answer)
    await raw.send(msg.Submit(op_id, 1, ops.Cancel(op.visit_id)))
    assert (await raw.hear(msg.Answer)).refusal.code is Code.OP_ID_REUSED
    assert house.one("SELECT state FROM visits WHERE visit_id = ?", op.visit_id) == "waiting"
    assert house.one("SELECT device_id FROM visit_events WHERE event = 'opened'") == "sane"
    await house.served(device)


@pytest.mark.attack(
    "A kiosk gives out the tickets of another kiosk, so that its shoppers are refused",
    "refused: a device gives out tickets of its own letter only",
)
async def test_a_device_gives_out_tickets_of_its_own_letter_only(house):
    raw, device = await house.mad_and_sane("kiosk", "kiosk")
    for number in range(1, 6):
        stolen = ops.OpenVisit(f"{number:032x}", f"{device.file.letter}-{number}", "ask", "en")
        await raw.send(msg.Submit(f"{number:032x}", 1, stolen))
        assert (await raw.hear(msg.Answer)).refusal.code is Code.NOT_ALLOWED
    await house.served(device)
    assert device.outbox.refused() == []


@pytest.mark.attack(
    "A device opens a visit anew that ended long ago, by its id",
    "refused, as for one that is still there; nothing of it is written, and others are served",
)
async def test_a_visit_of_the_past_does_not_begin_again(house, monkeypatch):
    """The floor has forgotten it. Written down, it would make every commit fail it is part of."""
    raw, device = await house.mad_and_sane("kiosk", "kiosk")
    for op_id, op in (
        ("1" * 32, ops.OpenVisit("a" * 32, f"{raw.file.letter}-1", "ask", "en")),
        ("2" * 32, ops.Cancel("a" * 32)),
    ):
        await raw.send(msg.Submit(op_id, 1, op))
        assert (await raw.hear(msg.Answer)).refusal is None
    monkeypatch.setattr(floor, "KEEP_ENDED_MS", -1)
    house.server.shop.tick()
    assert house.server.shop.floor.visits == {}
    await raw.send(msg.Submit("3" * 32, 1, ops.OpenVisit("a" * 32, f"{raw.file.letter}-2", "ask", "en")))
    assert (await raw.hear(msg.Answer)).refusal.code is Code.VISIT_EXISTS
    await house.served(device)
    assert house.server.counters.values()["commits_failed"] == 0


@pytest.mark.attack(
    "A PIN is guessed from two tablets at once, as fast as they can",
    "a dozen guesses at most are looked at, the right one among the rest is not;"
    " a colleague signs in elsewhere",
)
async def test_a_pin_is_not_guessed_from_two_tablets_at_once(house, monkeypatch):
    files = [house.enrol("staff", name) for name in ("One", "Two", "Three")]
    await house.open()
    looked_at = []
    verify = accounts.verify
    monkeypatch.setattr(accounts, "verify", lambda *what: looked_at.append(1) or verify(*what))
    tablets = [house.raw(file) for file in files[:2]]
    for raw in tablets:
        await raw.hello()

    async def guess(raw) -> list[msg.SignedIn]:
        told = []
        for number in range(60):
            await raw.send(msg.SignIn(f"{number:032x}", "tom", PIN if number == 59 else f"{number:06d}"))
            told.append(await raw.hear(msg.SignedIn))
        return told

    answers = await asyncio.gather(*map(guess, tablets))
    assert len(looked_at) <= 12
    assert all(answer.refusal is not None for told in answers for answer in told)
    await house.sign_in(house.device(files[2]), "maya")
    assert house.server.shop.floor.people["tom"].device_id is None


@pytest.mark.attack(
    "An op of the server's own, such as giving a tablet to an employee, comes from a device",
    "it is no message: refused",
)
async def test_a_device_cannot_say_what_only_the_server_says(house):
    raw, device = await house.mad_and_sane("staff", "kiosk")
    op = b'{"op":"sign_on","employee":"tom","device_id":"mad"}'
    await raw.say(b'{"type":"submit","op_id":"%s","at_device":1,"op":%s}' % (b"1" * 32, op))
    assert (await raw.hear(msg.Fault)).op_id == "1" * 32
    for message in (msg.Answer("1" * 32), msg.Beat(9, 9), msg.WhoAreYou()):
        await raw.say(encode(message))
        await raw.hear(msg.Fault)
    assert house.server.shop.floor.people["tom"].device_id is None
    await house.served(device)
