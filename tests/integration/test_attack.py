"""An attacker with the key of one device attacks the others, which are served as before."""

import asyncio
import contextlib

import pytest
import zmq
import zmq.asyncio

from sync_server.domain import ops
from sync_server.domain.floor import floor
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import messages as msg
from sync_server.protocol.wire import encode
from sync_server.service.auth import password_hash

from .cable import Cable
from .harness import PIN, RawClient, come


class Named(RawClient):
    """A raw client that chooses its own routing id."""

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
    "A device connects with the routing id of another device's connection, to get its messages",
    "the first connection keeps it; the attacker receives nothing, and none of its messages has an effect",
)
async def test_a_stolen_routing_id_steals_nothing(house):
    victim, thief = house.enrol("kiosk", "Victim"), house.enrol("kiosk", "Thief")
    await house.open()
    first = house.raw(victim)
    await first.hello()
    (stolen,) = house.server.device_handler._sessions.by_peer
    second = Named(house.at_home(thief), stolen)
    house.raws.append(second)
    await second.send(msg.Hello(msg.PROTOCOL))
    await second.send(msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, f"{thief.letter}-1", "ask", "en")))
    await first.send(msg.Submit("2" * 32, 1, ops.OpenVisit("b" * 32, f"{victim.letter}-1", "ask", "en")))
    assert (await first.receive(msg.Answer)).refusal is None
    assert [device.device_id for device in house.server.device_handler.connected_devices] == ["victim"]
    assert house.one("SELECT group_concat(visit_id) FROM visits") == "b" * 32
    with pytest.raises(zmq.Again):
        await second.socket.recv(zmq.NOBLOCK)


async def test_a_routing_id_of_a_closed_connection_gives_no_identity(house):
    victim, thief = house.enrol("kiosk", "Victim"), house.enrol("kiosk", "Thief")
    await house.open()
    first = house.raw(victim)
    await first.hello()
    handler = house.server.device_handler
    (left,) = handler._sessions.by_peer
    tap = msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, f"{victim.letter}-1", "ask", "en"))
    handler._on_messages([(left, house.server.authenticator.devices[thief.public_key], encode(tap))])
    await first.receive(msg.WhoAreYou)
    assert not handler.connected_devices
    assert house.one("SELECT count(*) FROM ops") == 0


class Recorder(Cable):
    """A cable that records every byte that the device sends."""

    def __init__(self, to: str) -> None:
        super().__init__(to)
        self.recorded_bytes = bytearray()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        if sink.get_extra_info("peername")[1] != self._to[1]:
            await super()._carry(source, sink)
            return
        with contextlib.suppress(ConnectionError, OSError):
            while data := await source.read(65_536):
                self.recorded_bytes += data
                sink.write(data)
                await sink.drain()


@pytest.mark.attack(
    "Everything that a device sent is recorded in the network and sent again, byte for byte",
    "the handshake fails: nothing is done a second time, and nothing in it can be read",
)
async def test_a_recorded_connection_cannot_be_replayed(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    tapped = Recorder(house.sync)
    await tapped.open()
    house.cables.append(tapped)
    device = house.device(file, tapped)
    await house.until(lambda: device.live)
    visit_id = come(device, alias="Rumpelstiltskin")
    await house.until(lambda: not device.outbox.pending())
    recorded = bytes(tapped.recorded_bytes)
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
    "it gets the other's answer, or a refusal; no effect, and the other's op stays",
)
async def test_an_op_id_of_another_device_has_no_effect(house):
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
    await raw.receive(msg.Answer)
    await raw.send(msg.Submit(op_id, 1, ops.Cancel(op.visit_id)))
    assert (await raw.receive(msg.Answer)).refusal.code is Code.OP_ID_REUSED
    assert house.one("SELECT state FROM visits WHERE visit_id = ?", op.visit_id) == "waiting"
    assert house.one("SELECT device_id FROM visit_events WHERE event = 'opened'") == "sane"
    await house.served(device)


@pytest.mark.attack(
    "A kiosk uses the tickets of another kiosk, so that the other's shoppers are refused",
    "refused: a device may use tickets of its own letter only",
)
async def test_a_device_gives_out_tickets_of_its_own_letter_only(house):
    raw, device = await house.raw_and_device("kiosk", "kiosk")
    for number in range(1, 6):
        stolen = ops.OpenVisit(f"{number:032x}", f"{device.file.letter}-{number}", "ask", "en")
        await raw.send(msg.Submit(f"{number:032x}", 1, stolen))
        assert (await raw.receive(msg.Answer)).refusal.code is Code.NOT_ALLOWED
    await house.served(device)
    assert device.outbox.refused() == []


async def test_a_refused_ticket_of_another_device_stays_refused_under_its_op_id(house):
    """Invariant 3: the refusal is kept like every other one."""
    raw, device = await house.raw_and_device("kiosk", "kiosk")
    stolen = ops.OpenVisit("b" * 32, f"{device.file.letter}-7", "ask", "en")
    own = ops.OpenVisit("b" * 32, f"{raw.file.letter}-7", "ask", "en")
    answers = []
    for op in (stolen, own, stolen):
        await raw.send(msg.Submit("1" * 32, 1, op))
        answers.append((await raw.receive(msg.Answer)).refusal)
    refused = Refusal(Code.NOT_ALLOWED, stolen.ticket)
    assert answers == [refused, Refusal(Code.OP_ID_REUSED, "1" * 32), refused]
    assert house.one("SELECT refusal FROM ops WHERE op_id = ?", "1" * 32) == "not_allowed"
    assert house.one("SELECT count(*) FROM visits") == 0


@pytest.mark.parametrize("ticket", ["01", "0", "001", "10000"])
async def test_a_ticket_has_one_spelling(house, ticket):
    """A-01 beside A-1 would be two tickets of one number."""
    raw, _ = await house.raw_and_device("kiosk", "kiosk")
    frame = msg.Submit("1" * 32, 1, ops.OpenVisit("b" * 32, f"{raw.file.letter}-{ticket}", "ask", "en"))
    await raw.send(frame)
    fault = await raw.receive(msg.Fault)
    assert (fault.op_id, "ticket" in fault.reason) == ("1" * 32, True)
    assert house.one("SELECT count(*) FROM visits") == 0


@pytest.mark.attack(
    "A device opens a visit again that ended long ago, by its id",
    "refused, as for a visit that is still open; nothing is written, and others are served",
)
async def test_a_visit_id_of_the_past_is_refused(house, monkeypatch):
    """The floor has forgotten the visit. Its INSERT would make the commit of the whole unit fail."""
    raw, device = await house.raw_and_device("kiosk", "kiosk")
    for op_id, op in (
        ("1" * 32, ops.OpenVisit("a" * 32, f"{raw.file.letter}-1", "ask", "en")),
        ("2" * 32, ops.Cancel("a" * 32)),
    ):
        await raw.send(msg.Submit(op_id, 1, op))
        assert (await raw.receive(msg.Answer)).refusal is None
    monkeypatch.setattr(floor, "KEEP_ENDED_MS", -1)
    house.server.processor.tick()
    assert house.server.processor.floor.visits == {}
    await raw.send(msg.Submit("3" * 32, 1, ops.OpenVisit("a" * 32, f"{raw.file.letter}-2", "ask", "en")))
    assert (await raw.receive(msg.Answer)).refusal.code is Code.VISIT_EXISTS
    await house.served(device)
    assert house.server.counters.values()["commits_failed"] == 0


@pytest.mark.attack(
    "A PIN is guessed from two tablets at once, as fast as they can",
    "at most a dozen guesses are checked, the right one among the others is not; a colleague can sign in"
    " elsewhere",
)
async def test_a_pin_is_not_guessed_from_two_tablets_at_once(house, monkeypatch):
    files = [house.enrol("staff", name) for name in ("One", "Two", "Three")]
    await house.open()
    looked_at = []
    verify = password_hash.verify_password
    monkeypatch.setattr(password_hash, "verify_password", lambda *what: looked_at.append(1) or verify(*what))
    tablets = [house.raw(file) for file in files[:2]]
    for raw in tablets:
        await raw.hello()

    async def guess(raw) -> list[msg.SignedIn]:
        received = []
        for number in range(60):
            await raw.send(msg.SignIn(f"{number:032x}", "tom", PIN if number == 59 else f"{number:06d}"))
            received.append(await raw.receive(msg.SignedIn))
        return received

    answers = await asyncio.gather(*map(guess, tablets))
    assert len(looked_at) <= 12
    assert all(answer.refusal is not None for received in answers for answer in received)
    await house.sign_in(house.device(files[2]), "maya")
    assert house.server.processor.floor.people["tom"].device_id is None


@pytest.mark.attack(
    "A device sends an op that only the server may do, such as signing an employee in",
    "it is not a valid message: refused",
)
async def test_a_device_cannot_send_messages_of_the_server(house):
    raw, device = await house.raw_and_device("staff", "kiosk")
    op = b'{"op":"sign_on","employee":"tom","device_id":"mad"}'
    await raw.send_frames(b'{"type":"submit","op_id":"%s","at_device":1,"op":%s}' % (b"1" * 32, op))
    assert (await raw.receive(msg.Fault)).op_id == "1" * 32
    for message in (msg.Answer("1" * 32), msg.Beat(9, 9), msg.WhoAreYou()):
        await raw.send_frames(encode(message))
        await raw.receive(msg.Fault)
    assert house.server.processor.floor.people["tom"].device_id is None
    await house.served(device)
