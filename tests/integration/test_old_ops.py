"""An op whose result was removed is never done a second time; it is refused."""

import pytest

from sync_server.device.environment import Environment
from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.refusal import Code
from sync_server.domain.visit.ticket import uuid7
from sync_server.protocol import messages as msg
from sync_server.service import server as server_module
from sync_server.service.privacy.retention import ANSWERS_KEPT_MS
from tests.fake_clock import FakeClock
from tests.sample_store import MONDAY_10

from .harness import PIN, come


@pytest.fixture
def clock(monkeypatch) -> FakeClock:
    clock = FakeClock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    return clock


async def sign_in(raw) -> None:
    await raw.send(msg.Hello(msg.PROTOCOL, lenient=True))
    await raw.receive(msg.Snapshot)
    await raw.send(msg.SignIn("5" * 32, "tom", PIN))
    assert (await raw.receive(msg.SignedIn)).refusal is None


@pytest.mark.fault(
    "A tablet misses an answer, is away for three months, and sends the op again",
    "the server cannot know any more whether it was done: it refuses the op, so that it is not done twice",
)
async def test_an_op_older_than_all_stored_results_is_refused(house, clock):
    file = house.enrol("staff", "Toms")
    server = await house.open()
    raw = house.raw(file)
    await sign_in(raw)
    pause = msg.Submit(uuid7(clock.now, bytes(10)), clock.now, ops.SetPresence(Presence.ON_BREAK))
    for _ in range(2):
        await raw.send(pause)
        assert (await raw.receive(msg.Answer)).refusal is None
    clock.after(ANSWERS_KEPT_MS / 1000 + 1)
    server.processor.tick()
    await server.processor.apply_retention()
    assert house.one("SELECT count(*) FROM ops") == 0
    await sign_in(raw)
    before = house.one("SELECT count(*) FROM visit_events")
    for _ in range(2):
        await raw.send(pause)
        assert (await raw.receive(msg.Answer)).refusal.code is Code.OP_ID_REUSED
    assert house.one("SELECT count(*) FROM visit_events") == before
    assert server.processor.floor.people["tom"].presence == "available"


async def test_a_device_whose_clock_is_years_slow_is_served(house, clock):
    file = house.enrol("kiosk", "Front")
    await house.open()
    kiosk = house.device(file, around=Environment(wall_clock=lambda: 1_000_000))
    await house.until(lambda: kiosk.live)
    visit_id = come(kiosk)
    await house.until(lambda: not kiosk.outbox.pending())
    assert house.answered == []
    assert visit_id > uuid7(clock.now - ANSWERS_KEPT_MS, bytes(10))
    assert house.one("SELECT visit_id FROM visits") == visit_id
