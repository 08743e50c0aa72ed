"""What becomes of a device that is revoked, renamed, or given another role."""

import asyncio
import sqlite3
import threading

import pytest
import zmq
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.protocol import messages as msg
from sync_server.service import accounts, devices
from sync_server.service import server as server_module
from sync_server.service.store import Store

from .house import PIN, come, do, visit_of


@pytest.mark.attack(
    "A device that was revoked goes on over its open connection", "nothing it sends has an effect"
)
async def test_a_revoked_device_has_no_effect_from_then_on_though_it_is_connected(house):
    """14"""
    file, other = house.enrol("kiosk", "Front"), house.enrol("kiosk", "Back")
    await house.open()
    raw = house.raw(file)
    await raw.hello()
    await raw.send(msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en")))
    await raw.hear(msg.Answer)
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


@pytest.mark.attack("A device that was revoked listens on", "it hears of nothing that happens from then on")
async def test_a_revoked_device_is_told_nothing_more(house):
    kiosk_file, tablet_file = house.enrol("kiosk", "Front"), house.enrol("staff", "Tablet")
    await house.open()
    tablet, kiosk = house.raw(tablet_file), house.device(kiosk_file)
    await tablet.hello()
    await house.until(lambda: kiosk.live)
    await house.revoke("tablet")
    visit_id = come(kiosk, "ask", alias="Rumpelstiltskin")
    await house.until(lambda: not kiosk.outbox.pending())
    assert "tablet" not in [device.device_id for device in house.server.desk.connected]
    # What was on its way may still come, nothing of what happened since.
    assert visit_id.encode() not in await everything_to(tablet)


async def everything_to(device) -> bytes:
    """All that this device was told."""
    while True:
        try:
            device.seen.append(await device.socket.recv(zmq.NOBLOCK))
        except zmq.Again:
            return b"".join(device.seen)


async def test_what_happened_while_it_was_revoked_is_not_told_to_it_afterwards(house, monkeypatch):
    """14: the news was made while it still took part, and is told when that is on disk."""
    kiosk_file, tablet_file = house.enrol("kiosk", "Front"), house.enrol("staff", "Tablet")
    server = await house.open()
    tablet, kiosk = house.raw(tablet_file), house.device(kiosk_file)
    await tablet.hello()
    await house.until(lambda: kiosk.live)
    held, go_on, dropped = threading.Event(), threading.Event(), threading.Event()
    commit = Store._commit

    def slowly(db):
        accounts.revoke_device(db, "tablet", 1)
        held.set()
        assert go_on.wait(20)

    def once_dropped(self, batches):
        assert dropped.wait(20)
        commit(self, batches)

    revoking = asyncio.ensure_future(server.change_devices(slowly, "tablet"))
    await asyncio.to_thread(held.wait, 20)
    monkeypatch.setattr(Store, "_commit", once_dropped)
    visit_id = come(kiosk, "ask", alias="Rumpelstiltskin")
    await house.until(lambda: server.shop.turns_waiting)
    go_on.set()
    await revoking
    dropped.set()
    await house.until(lambda: not kiosk.outbox.pending())
    await tablet.hear(msg.Dismissed)
    assert visit_id.encode() not in await everything_to(tablet)


@pytest.mark.attack(
    "A revoked device goes on, comes back, and sends what is no message",
    "it is told that it has no part any more; what it sends is not even read",
)
async def test_a_revoked_device_is_told_so_at_that_moment_and_whenever_it_comes_back(house):
    """14"""
    file = house.enrol("kiosk", "Front")
    await house.open()
    live = house.raw(file)
    await live.hello()
    await house.revoke("front")
    assert await live.hear() == msg.Dismissed()
    for message in (msg.Hello(msg.PROTOCOL), msg.Ping()):
        again = house.raw(file)
        await again.send(message)
        assert await again.hear(msg.Dismissed) == msg.Dismissed()
        await again.say(b"not even a message", b"of two frames")
        assert await again.hear() == msg.Dismissed()
    assert house.server.desk.connected == []


async def test_a_dismissed_device_shows_it_and_asks_again_only_now_and_then(house):
    """14"""
    file = house.enrol("kiosk", "Front")
    await house.open()
    device = house.device(file)
    await house.until(lambda: device.live)
    await house.revoke("front")
    await house.until(lambda: device.dismissed)
    assert not device.live
    come(device)
    assert house.server.counters.values()["ops_done"] == 0


async def test_an_employee_is_not_signed_in_at_a_tablet_that_is_revoked_meanwhile(house):
    """Checking a PIN takes a while; what comes of it counts as of its end."""
    file = house.enrol("staff", "Tablet")
    server = await house.open()
    raw = house.raw(file)
    await raw.hello()
    check_pin = server.doorman.check_pin

    async def slowly(*what):
        answer = await check_pin(*what)
        await house.revoke("tablet")
        house.changed.set()
        return answer

    server.doorman.check_pin = slowly
    await raw.send(msg.SignIn("1" * 32, "tom", PIN))
    await house.until(lambda: file.public_key not in server.gate.devices)
    await server.shop.store.call(lambda _db: None)  # the sign-in's own turn has come by then
    assert server.shop.floor.people["tom"].device_id is None


@pytest.mark.attack(
    "A device sends ops in the very moment in which it is revoked",
    "what comes while the disk is busy with the revoking has no effect",
)
async def test_no_op_that_comes_after_the_revoking_was_asked_for_is_done_after_its_commit(house):
    """14: while the disk is busy with it, the device has no effect already."""
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    raw = house.raw(file)
    await raw.hello()
    held, go_on = threading.Event(), threading.Event()

    def slowly(db):
        accounts.revoke_device(db, "front", 1)
        held.set()
        assert go_on.wait(20)

    revoking = asyncio.ensure_future(server.change_devices(slowly, "front"))
    await asyncio.to_thread(held.wait, 20)
    await raw.send(msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en")))
    async with asyncio.timeout(20):
        while not server.counters.values()["revoked_messages"]:
            await asyncio.sleep(0)
    go_on.set()
    await revoking
    assert await raw.hear() == msg.Dismissed()
    assert house.one("SELECT count(*) FROM ops") == 0


async def test_an_older_list_of_devices_is_never_heeded_after_a_newer_one(house, monkeypatch):
    """14: whoever reads the list while a device is revoked does not let it in again."""
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    has_read, go_on = threading.Event(), threading.Event()
    read = server_module._devices

    def slowly(folder):
        found = read(folder)
        has_read.set()
        assert go_on.wait(20)
        return found

    monkeypatch.setattr(server_module, "_devices", slowly)
    reading = asyncio.ensure_future(server.reload_devices())
    await asyncio.to_thread(has_read.wait, 20)
    revoking = asyncio.ensure_future(
        server.change_devices(lambda db: accounts.revoke_device(db, "front", 1), "front")
    )
    for _ in range(3):  # were it to go ahead, it would be through by the end of this
        await asyncio.sleep(0)
        await server.shop.store.call(lambda _db: None)
    go_on.set()
    await asyncio.gather(reading, revoking)
    assert file.public_key not in server.gate.devices


@pytest.mark.fault(
    "The disk refuses to write that a device was revoked",
    "it is said, and the device takes part as before",
)
async def test_a_revoking_that_could_not_be_written_leaves_everything_as_it_was(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    device = house.device(file)
    await house.until(lambda: device.live)

    def full(_db):
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError):
        await server.change_devices(full, "front")
    come(device)
    await house.until(lambda: not device.outbox.pending())
    assert not device.dismissed


async def test_a_kiosk_that_becomes_a_tablet_stops_being_one_at_once(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    kiosk, known = house.device(file), []
    kiosk.on_known = known.append
    await house.until(lambda: kiosk.live)
    await server.change_devices(lambda db: devices.move(db, "front", "staff"), "front")
    await house.until(lambda: kiosk.moved_to)
    assert (kiosk.moved_to, kiosk.live, kiosk.dismissed) == ("staff", False, False)
    assert known == [replace(file, kind="staff", server=kiosk.file.server)]
    house.stop(kiosk)
    tablet = house.device(known[0])
    await house.sign_in(tablet, "maya")


async def test_an_employee_whose_tablet_is_taken_away_is_off_the_floor_unless_somebody_needs_them(house):
    kiosk, free, busy = await house.crew("tom", "maya")
    visit_id = come(kiosk, "buy")  # maya alone has the skill
    await house.until(lambda: (row := visit_of(busy, visit_id)) and row.offer_to == "maya")
    do(busy, ops.Accept, visit_id)
    await house.until(lambda: visit_of(kiosk, visit_id).employee == "maya")
    for device in (free, busy):
        await house.revoke(device.file.device_id)
        await house.until(lambda device=device: device.dismissed)
    people = house.server.shop.floor.people
    assert people["tom"].presence is Presence.OFF_FLOOR
    assert people["maya"].active == (visit_id,)


async def test_a_new_name_reaches_the_device_and_nothing_else_changes(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    device, known = house.device(file), []
    device.on_known = known.append
    await house.until(lambda: device.live)
    await server.change_devices(lambda db: devices.rename(db, "front", " Side door "), "front")
    await house.until(lambda: device.live and device.file.name == "Side door")
    assert [one.name for one in known] == ["Side door"]
    assert house.one("SELECT name FROM devices") == "Side door"
    come(device)
    await house.until(lambda: not device.outbox.pending())


async def test_when_a_device_was_last_heard_of_outlives_the_server(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    await house.raw(file).hello()
    assert house.one("SELECT seen_at FROM devices") is None
    at = server.shop.clock()
    await house.close_server()
    assert abs(house.one("SELECT seen_at FROM devices") - at) < 60_000


@pytest.mark.attack(
    "A tablet is taken away and revoked while it is on",
    "from then on it shows nothing of the shop, and nothing about shoppers is in its files any more",
)
async def test_a_device_that_is_dismissed_forgets_what_it_knew_of_the_shoppers(house):
    """16: on its screen and in its file, at once."""
    kiosk, tablet = await house.crew("maya")
    visit_id = come(kiosk, "ask", alias="Rumpelstiltskin")
    await house.until(lambda: visit_of(tablet, visit_id))
    house.stop(tablet)
    files = house.work / tablet.file.device_id
    assert b"Rumpelstiltskin" in b"".join(path.read_bytes() for path in files.glob("*.db*"))
    tablet = house.device(tablet.file)
    await house.until(lambda: tablet.live and visit_of(tablet, visit_id))
    await house.revoke(tablet.file.device_id)
    await house.until(lambda: tablet.dismissed)
    assert tablet.view.visits == {}
    assert b"Rumpelstiltskin" not in b"".join(path.read_bytes() for path in files.glob("*.db*"))
