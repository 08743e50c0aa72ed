"""A device is revoked, renamed, or gets another role."""

import asyncio
import sqlite3
import threading

import pytest
import zmq
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.protocol import messages as msg
from sync_server.service.auth import devices
from sync_server.service.storage.executor import ThreadExecutor
from sync_server.service.sync import device_registry

from .harness import PIN, come, do, visit_of


@pytest.mark.attack(
    "A revoked device continues over its open connection",
    "nothing it sends has an effect",
)
async def test_a_revoked_device_has_no_effect_from_then_on_though_it_is_connected(house):
    """Invariant 14."""
    file, other = house.enrol("kiosk", "Front"), house.enrol("kiosk", "Back")
    await house.open()
    raw = house.raw(file)
    await raw.hello()
    await raw.send(msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en")))
    await raw.receive(msg.Answer)
    await house.revoke("front")
    await raw.send(msg.Submit("2" * 32, 1, ops.OpenVisit("b" * 32, "A-2", "ask", "en")))
    await raw.send(msg.Submit("3" * 32, 1, ops.Cancel("a" * 32)))
    await raw.send(msg.Hello(msg.PROTOCOL))
    await raw.send(msg.Submit("4" * 32, 1, ops.Cancel("a" * 32)))
    await raw.send(msg.Ping())
    device = house.device(other)
    come(device)
    await house.until(lambda: device.live and not device.outbox.pending())
    assert house.one("SELECT count(*) FROM visits") == 2
    assert house.one("SELECT state FROM visits WHERE visit_id = ?", "a" * 32) == "waiting"
    assert house.one("SELECT count(*) FROM ops") == 2


@pytest.mark.attack(
    "A revoked device continues to listen",
    "it receives nothing about later changes",
)
async def test_a_revoked_device_gets_no_more_updates(house):
    kiosk_file, tablet_file = house.enrol("kiosk", "Front"), house.enrol("staff", "Tablet")
    await house.open()
    tablet, kiosk = house.raw(tablet_file), house.device(kiosk_file)
    await tablet.hello()
    await house.until(lambda: kiosk.live)
    await house.revoke("tablet")
    visit_id = come(kiosk, "ask", alias="Rumpelstiltskin")
    await house.until(lambda: not kiosk.outbox.pending())
    assert "tablet" not in [device.device_id for device in house.server.device_handler.connected_devices]
    # Messages in transit may still arrive, but nothing that happened since.
    assert visit_id.encode() not in await everything_to(tablet)


async def everything_to(device) -> bytes:
    """Everything that was sent to this device."""
    while True:
        try:
            device.seen.append(await device.socket.recv(zmq.NOBLOCK))
        except zmq.Again:
            return b"".join(device.seen)


async def test_updates_made_before_a_revocation_are_not_sent_after_it(house, monkeypatch):
    """Invariant 14: the update was made before the revocation, and would be sent after the commit."""
    kiosk_file, tablet_file = house.enrol("kiosk", "Front"), house.enrol("staff", "Tablet")
    server = await house.open()
    tablet, kiosk = house.raw(tablet_file), house.device(kiosk_file)
    await tablet.hello()
    await house.until(lambda: kiosk.live)
    held, go_on, dropped = threading.Event(), threading.Event(), threading.Event()
    transaction = ThreadExecutor.transaction

    def slowly(db):
        devices.revoke_device(db, "tablet", 1)
        held.set()
        assert go_on.wait(20)

    def once_dropped(self, *what):
        assert dropped.wait(20)
        return transaction(self, *what)

    revoking = asyncio.ensure_future(server.devices.change(slowly, "tablet"))
    await asyncio.to_thread(held.wait, 20)
    monkeypatch.setattr(ThreadExecutor, "transaction", once_dropped)
    visit_id = come(kiosk, "ask", alias="Rumpelstiltskin")
    await house.until(lambda: server.processor.units_waiting)
    go_on.set()
    await revoking
    dropped.set()
    await house.until(lambda: not kiosk.outbox.pending())
    await tablet.receive(msg.Dismissed)
    assert visit_id.encode() not in await everything_to(tablet)


@pytest.mark.attack(
    "A revoked device continues, reconnects, and sends invalid messages",
    "it is told that it is revoked; its messages are not read",
)
async def test_a_revoked_device_is_told_so_at_once_and_at_each_connection(house):
    """Invariant 14."""
    file = house.enrol("kiosk", "Front")
    await house.open()
    live = house.raw(file)
    await live.hello()
    await house.revoke("front")
    assert await live.receive() == msg.Dismissed()
    for message in (msg.Hello(msg.PROTOCOL), msg.Ping()):
        again = house.raw(file)
        await again.send(message)
        assert await again.receive(msg.Dismissed) == msg.Dismissed()
        await again.send_frames(b"not even a message", b"of two frames")
        assert await again.receive() == msg.Dismissed()
    assert house.server.device_handler.connected_devices == []


async def test_a_dismissed_device_shows_it_and_asks_again_only_now_and_then(house):
    """Invariant 14."""
    file = house.enrol("kiosk", "Front")
    await house.open()
    device = house.device(file)
    await house.until(lambda: device.live)
    await house.revoke("front")
    await house.until(lambda: device.revoked)
    assert not device.live
    come(device)
    assert house.server.counters.values()["ops_done"] == 0


async def test_an_employee_is_not_signed_in_at_a_tablet_that_is_revoked_meanwhile(house):
    """Checking a PIN takes a while; the device may be revoked meanwhile."""
    file = house.enrol("staff", "Tablet")
    server = await house.open()
    raw = house.raw(file)
    await raw.hello()
    check_pin = server.credential_checker.check_pin

    async def slowly(*what):
        answer = await check_pin(*what)
        await house.revoke("tablet")
        house.changed.set()
        return answer

    server.credential_checker.check_pin = slowly
    await raw.send(msg.SignIn("1" * 32, "tom", PIN))
    await house.until(lambda: file.public_key not in server.authenticator.devices)
    await server.processor.writer.call(lambda _db: None)  # the sign-in has been done by then
    assert server.processor.floor.people["tom"].device_id is None


@pytest.mark.attack(
    "A device sends ops at the moment when it is revoked",
    "ops that arrive while the revocation is written have no effect",
)
async def test_no_op_that_comes_after_the_revoking_was_asked_for_is_done_after_its_commit(house):
    """Invariant 14: the device has no effect while its revocation is being written."""
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    raw = house.raw(file)
    await raw.hello()
    held, go_on = threading.Event(), threading.Event()

    def slowly(db):
        devices.revoke_device(db, "front", 1)
        held.set()
        assert go_on.wait(20)

    revoking = asyncio.ensure_future(server.devices.change(slowly, "front"))
    await asyncio.to_thread(held.wait, 20)
    await raw.send(msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en")))
    async with asyncio.timeout(20):
        while not server.counters.values()["revoked_messages"]:
            await asyncio.sleep(0)
    go_on.set()
    await revoking
    assert await raw.receive() == msg.Dismissed()
    assert house.one("SELECT count(*) FROM ops") == 0


async def test_an_older_list_of_devices_is_never_heeded_after_a_newer_one(house, monkeypatch):
    """Invariant 14: reading the list while a device is revoked does not let it in again."""
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    has_read, go_on = threading.Event(), threading.Event()
    read = device_registry.read_devices

    def slowly(folder):
        found = read(folder)
        has_read.set()
        assert go_on.wait(20)
        return found

    monkeypatch.setattr(device_registry, "read_devices", slowly)
    reading = asyncio.ensure_future(server.devices.reload())
    await asyncio.to_thread(has_read.wait, 20)
    revoking = asyncio.ensure_future(
        server.devices.change(lambda db: devices.revoke_device(db, "front", 1), "front")
    )
    for _ in range(3):  # if it did not wait, it would be done after this
        await asyncio.sleep(0)
        await server.processor.writer.call(lambda _db: None)
    go_on.set()
    await asyncio.gather(reading, revoking)
    assert file.public_key not in server.authenticator.devices


@pytest.mark.fault(
    "The disk is full while a device is revoked",
    "the manager is told, and the device takes part as before",
)
async def test_a_revoking_that_could_not_be_written_leaves_everything_as_it_was(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    device = house.device(file)
    await house.until(lambda: device.live)

    def full(_db):
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError):
        await server.devices.change(full, "front")
    come(device)
    await house.until(lambda: not device.outbox.pending())
    assert not device.revoked


async def test_a_kiosk_that_becomes_a_tablet_stops_being_one_at_once(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    kiosk, known = house.device(file), []
    kiosk.on_identity = known.append
    await house.until(lambda: kiosk.live)
    await server.devices.change(lambda db: devices.change_role(db, "front", "staff"), "front")
    await house.until(lambda: kiosk.moved_to)
    assert (kiosk.moved_to, kiosk.live, kiosk.revoked) == ("staff", False, False)
    assert known == [replace(file, kind="staff", server=kiosk.file.server)]
    house.stop(kiosk)
    tablet = house.device(known[0])
    await house.sign_in(tablet, "maya")


async def test_revoking_a_tablet_takes_its_employee_off_the_floor_unless_they_serve(house):
    kiosk, free, busy = await house.crew("tom", "maya")
    visit_id = come(kiosk, "buy")  # only maya has the skill
    await house.until(lambda: (row := visit_of(busy, visit_id)) and row.offer_to == "maya")
    do(busy, ops.Accept, visit_id)
    await house.until(lambda: visit_of(kiosk, visit_id).employee == "maya")
    for device in (free, busy):
        await house.revoke(device.file.device_id)
        await house.until(lambda device=device: device.revoked)
    people = house.server.processor.floor.people
    assert people["tom"].presence is Presence.OFF_FLOOR
    assert people["maya"].active == (visit_id,)


async def test_the_log_names_the_server_for_what_a_revocation_does(house):
    """Invariant 14: nothing is written in the name of a revoked device, or of the employee who held it."""
    _, tablet = await house.crew("tom")
    await house.revoke(tablet.file.device_id)
    await house.until(lambda: tablet.revoked)
    await house.server.processor.writer.call(lambda _db: None)  # what was given to the writer is on disk
    last = "SELECT {} FROM visit_events ORDER BY seq DESC LIMIT 1"
    assert house.one(last.format("json_extract(body, '$.presence')")) == "off_floor"
    assert house.one(last.format("actor")) == "system"
    assert house.one(last.format("device_id")) is None


async def test_a_tablet_that_is_lost_and_off_leaves_nobody_on_the_floor_when_it_is_revoked(house):
    """Nobody would see the offers that its employee still gets."""
    _, tablet = await house.crew("tom")
    house.stop(tablet)
    house.server.device_handler._sessions.by_peer.clear()  # as after some seconds of silence
    await house.revoke(tablet.file.device_id)
    assert house.server.processor.floor.people["tom"].presence is Presence.OFF_FLOOR


async def test_a_new_name_reaches_the_device_and_nothing_else_changes(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    device, known = house.device(file), []
    device.on_identity = known.append
    await house.until(lambda: device.live)
    await server.devices.change(lambda db: devices.rename_device(db, "front", " Side door "), "front")
    await house.until(lambda: device.live and device.file.name == "Side door")
    assert [one.name for one in known] == ["Side door"]
    assert house.one("SELECT name FROM devices") == "Side door"
    come(device)
    await house.until(lambda: not device.outbox.pending())


async def test_last_seen_times_survive_a_restart(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    await house.raw(file).hello()
    assert house.one("SELECT seen_at FROM devices") is None
    at = server.processor.clock()
    await house.close_server()
    assert abs(house.one("SELECT seen_at FROM devices") - at) < 60_000


@pytest.mark.attack(
    "A tablet is taken away and revoked while it is on",
    "it shows nothing of the shop any more, and its files contain nothing about shoppers",
)
async def test_a_revoked_device_deletes_what_it_stored_of_shoppers(house):
    """Invariant 16: on its screen and in its file, at once."""
    kiosk, tablet = await house.crew("maya")
    visit_id = come(kiosk, "ask", alias="Rumpelstiltskin")
    await house.until(lambda: visit_of(tablet, visit_id))
    house.stop(tablet)
    files = house.work / tablet.file.device_id
    assert b"Rumpelstiltskin" in b"".join(path.read_bytes() for path in files.glob("*.db*"))
    tablet = house.device(tablet.file)
    await house.until(lambda: tablet.live and visit_of(tablet, visit_id))
    await house.revoke(tablet.file.device_id)
    await house.until(lambda: tablet.revoked)
    assert tablet.view.visits == {}
    assert b"Rumpelstiltskin" not in b"".join(path.read_bytes() for path in files.glob("*.db*"))
