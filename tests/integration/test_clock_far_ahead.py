"""The server's computer starts with a clock that is far ahead: the store does not believe it."""

import asyncio

import pytest

from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.service import server as server_module
from sync_server.service import time_sync
from sync_server.service.admin import client
from sync_server.service.clock import DAY_MS
from sync_server.service.storage import known_times
from sync_server.service.upkeep.verify import verify
from sync_server.web.app import make_app
from tests.fake_clock import FakeClock
from tests.sample_store import MONDAY_10

from .harness import come, do, visit_of

AHEAD_S = 400 * 86_400


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The clock of the server's computer. Devices have their own."""
    clock = FakeClock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    monkeypatch.setattr(time_sync, "is_synchronized", lambda: False)
    monkeypatch.setattr(known_times, "latest_known_at", lambda *_: MONDAY_10)
    return clock


async def a_visit(house, kiosk, tom) -> None:
    visit_id = come(kiosk)
    await house.until(lambda: (row := visit_of(tom, visit_id)) and row.offer_to == "tom")
    do(tom, ops.Accept, visit_id)
    await house.until(lambda: visit_of(tom, visit_id).state == "accepted" and not tom.outbox.pending())
    kiosk.submit(ops.Cancel(visit_id))
    await house.until(lambda: not kiosk.outbox.pending())


@pytest.mark.fault(
    "The server starts with a clock that is 400 days ahead, works, and starts again with the right one",
    "the log stays at the true time, nothing of the true time is refused, and all pages say what is wrong",
)
async def test_a_start_far_ahead_leaves_no_trace(house, clock):
    kiosk, tom = await house.crew("tom")
    await a_visit(house, kiosk, tom)
    await house.close_server()
    clock.after(AHEAD_S)
    server = await house.open(make_app)
    await house.until(lambda: kiosk.live and tom.live)
    await a_visit(house, kiosk, tom)
    assert house.one("SELECT max(at_server) FROM visit_events") < MONDAY_10 + DAY_MS
    assert server.clock.doubt is not None
    state = await asyncio.to_thread(client.describe_server, house.data_dir)
    assert "says 2027-04-06" in state.clock_doubt
    await house.close_server()
    clock.after(-AHEAD_S)
    server = await house.open()
    await house.until(lambda: kiosk.live and tom.live)
    await a_visit(house, kiosk, tom)
    assert house.answered == []
    assert server.clock.doubt is None
    assert house.one("SELECT count(DISTINCT day) FROM visits") == 1


async def test_the_tap_of_a_device_confirms_a_clock_that_is_right(house, clock):
    """A seasonal shop opens after a winter."""
    file = house.enrol("kiosk", "Front")
    clock.after(AHEAD_S)
    server = await house.open()
    raw = house.raw(file)
    await raw.hello()
    assert server.clock.doubt is not None
    await raw.send(msg.Submit("1" * 32, clock.now, ops.OpenVisit("a" * 32, "A-1", "ask", "en")))
    await raw.receive(msg.Answer)
    assert server.clock.doubt is None
    assert server.processor.clock() == clock.now


@pytest.mark.fault(
    "An earlier version has written events of a year in the future",
    "`welkom clock --trust` takes the running store back to the present",
)
async def test_one_command_takes_a_running_store_back_from_the_future(house, clock, monkeypatch):
    clock.after(AHEAD_S)
    monkeypatch.setattr(known_times, "latest_known_at", lambda *_: clock.now)
    kiosk, tom = await house.crew("tom")
    await a_visit(house, kiosk, tom)
    waiting = come(kiosk)
    await house.until(lambda: visit_of(tom, waiting))
    clock.after(-AHEAD_S + 60)
    monkeypatch.setattr("sync_server.service.admin.commands.wall_clock", clock)
    assert house.server.clock.doubt is not None
    moved = await asyncio.to_thread(client.run, house.data_dir, "trust_clock")
    assert moved == house.one("SELECT count(*) FROM visit_events")
    assert house.server.clock.doubt is None
    assert house.one("SELECT max(at_server) FROM visit_events") <= clock.now
    kiosk.submit(ops.Cancel(waiting))
    await house.until(lambda: not kiosk.outbox.pending())
    await a_visit(house, kiosk, tom)
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))
    assert house.one("SELECT count(DISTINCT day) FROM visits") == 1
    await house.close_server()
    assert verify(house.data_dir, clock.now) == []


async def test_commands_and_the_nightly_backup_go_by_the_stores_time(house, clock):
    """A letter would rest for 400 days, and the night's backup would be due at another hour."""
    await house.open()
    await house.close_server()
    clock.after(AHEAD_S)
    server = await house.open()
    added = await asyncio.to_thread(client.add_device, house.data_dir, "kiosk", "Front", "tcp://127.0.0.1:1")
    await asyncio.to_thread(client.run, house.data_dir, "revoke_device", device_id=added.device_id)
    times = house.one("SELECT max(enrolled_at, revoked_at) FROM devices WHERE device_id = ?", added.device_id)
    assert times < MONDAY_10 + DAY_MS
    assert server.clock.doubt is not None
    assert server.backup_scheduler.latest() is None
    await server.backup_scheduler.make_backup()
    assert server.backup_scheduler.latest() < MONDAY_10 + DAY_MS
