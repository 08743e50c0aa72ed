"""A store whose time goes thirty times as fast as life, as in the demo, with real sockets."""

from sync_server.device.environment import Environment
from sync_server.service import server as server_module
from sync_server.store_clock import DemoClock, StoreClock, wall_clock
from tests.fake_clock import FakeClock
from tests.sample_store import MONDAY_10

from .harness import StoreHarness, come

PACE = 30
HOUR = 3_600_000


def demo_clock() -> DemoClock:
    """It shows Monday at ten now."""
    return DemoClock(wall_clock(), MONDAY_10, PACE, 8 * HOUR, 10 * HOUR, 14 * HOUR)


async def test_devices_follow_the_stores_time_and_offers_lapse_by_it(house: StoreHarness) -> None:
    clock = demo_clock()
    files = house.enrol("kiosk", "Front"), house.enrol("staff", "Toms")
    await house.open(store_clock=StoreClock(clock.now, PACE))
    kiosk, tom = (house.device(file, around=Environment(clock.now, pace=PACE)) for file in files)
    await house.sign_in(tom, "tom")
    await house.until(lambda: kiosk.live)
    shown = clock.now()
    visit_id = come(kiosk)
    await house.until(lambda: tom.view.holder(tom.file.device_id).presence == "not_responding")
    asked, lapsed = (
        house.one("SELECT at_server FROM visit_events WHERE event = ? AND visit_id = ?", event, visit_id)
        for event in ("offered", "timed_out")
    )
    # 15 s of the store's time are half a second. A timer of 15 s of life would take 450 s of it.
    assert 15_000 <= lapsed - asked < 400_000
    assert MONDAY_10 <= asked < MONDAY_10 + HOUR
    for device in (kiosk, tom):
        assert shown < device.server_time()
        assert abs(device.server_time() - clock.now()) < 60_000  # two seconds of a person's time


async def test_a_step_of_the_servers_clock_disconnects_nobody(house: StoreHarness, monkeypatch) -> None:
    """Silence is measured by a clock that never jumps."""
    clock = FakeClock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    kiosk, tom = await house.crew("tom")
    handler = house.server.device_handler
    before = handler._sessions.by_peer.copy()
    clock.after(600)
    handler._heartbeat_timer.cancel()
    handler._on_heartbeat()
    assert handler._sessions.by_peer == before
    await house.served(kiosk)
    assert tom.live
