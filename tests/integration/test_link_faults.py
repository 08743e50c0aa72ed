"""After any fault of a link, each op is done once and every screen shows the floor again."""

import asyncio
import random
from typing import Any

import pytest

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit import ticket
from sync_server.service import server as server_module
from sync_server.service.sync.router import RouterSocket
from tests.fake_clock import FakeClock
from tests.sample_store import ms

from .harness import come, do

STEPS = (ops.Accept, ops.Start, ops.AddNote, ops.Hold, ops.Resume, ops.HandOver, ops.Claim, ops.Complete)
MORE: dict[Any, dict[str, Any]] = {
    ops.AddNote: {"note": "n"},
    ops.Complete: {"resolution": Resolution.SOLVED},
}


async def healed(house) -> None:
    for device in house.devices:
        await house.until(lambda device=device: house.agrees(device))


def lose(monkeypatch, wanted) -> list[bytes]:
    """Loses the messages of the server that `wanted` selects. Returns the list of them."""
    lost: list[bytes] = []
    send = RouterSocket.send

    def lossy(self, peer, message):
        if wanted(message):
            lost.append(message)
            return True
        return send(self, peer, message)

    monkeypatch.setattr(RouterSocket, "send", lossy)
    return lost


@pytest.mark.fault(
    "An update is lost in the network",
    "the next update shows the gap; the device takes a snapshot",
)
async def test_a_missed_update_is_noticed_by_the_next_one_and_a_snapshot_heals_it(house, monkeypatch):
    kiosk, tom = await house.crew("tom")
    lost: list[bytes] = lose(monkeypatch, lambda m: b'"people"' in m and b'"update"' in m and len(lost) < 1)
    come(kiosk)
    come(kiosk)
    await house.until(lambda: lost)
    await healed(house)
    assert len(tom.view.visits) == 2


@pytest.mark.fault(
    "The last update is lost in the network",
    "the next heartbeat shows the gap; the device takes a snapshot",
)
async def test_a_last_update_that_got_lost_is_noticed_by_the_beat(house, monkeypatch):
    kiosk, _ = await house.crew("tom")
    lost: list[bytes] = lose(monkeypatch, lambda m: m.startswith(b'{"type":"update"') and len(lost) < 2)
    come(kiosk)
    await house.until(lambda: len(lost) == 2)
    await healed(house)


@pytest.mark.fault(
    "An answer is lost in the network",
    "the device repeats the op; it is done once",
)
async def test_a_lost_answer_is_asked_for_again_and_the_op_done_once(house, monkeypatch):
    kiosk, _ = await house.crew("tom")
    lost: list[bytes] = lose(monkeypatch, lambda m: m.startswith(b'{"type":"answer"') and len(lost) < 2)
    visit_id = come(kiosk)
    await house.until(lambda: len(lost) == 2 and not kiosk.outbox.pending())
    await healed(house)
    assert house.one("SELECT count(*) FROM visit_events WHERE event = 'opened'") == 1
    assert visit_id in kiosk.view.visits


@pytest.mark.fault(
    "There is no server",
    "devices continue to work; everything is done when the server is there",
)
async def test_devices_work_on_without_a_server_and_everything_is_done_once_it_is_there(house):
    kiosk, tom = await house.crew("tom")
    first = come(kiosk)
    await house.until(lambda: first in tom.view.visits and tom.view.visits[first].offer_to == "tom")
    do(tom, ops.Accept, first)
    await house.until(lambda: not tom.outbox.pending())
    await house.close_server()
    do(tom, ops.Start, first)
    do(tom, ops.AddNote, first, note="while nobody listened")
    do(tom, ops.Complete, first, resolution=Resolution.SOLVED)
    others = [come(kiosk) for _ in range(5)]
    assert all(visit_id in kiosk.view.visits for visit_id in others)
    await house.until(lambda: not kiosk.live and not tom.live)
    assert kiosk.view.unsent == set(others)
    await house.open()
    await healed(house)
    assert house.answered == []
    assert house.one("SELECT count(*) FROM visits") == 6
    with house.store() as db:
        events = [row[0] for row in db.execute(
            "SELECT event FROM visit_events WHERE visit_id = ? ORDER BY seq", (first,)
        )]  # fmt: skip
    assert events == ["opened", "offered", "accepted", "started", "noted", "completed"]


@pytest.mark.fault(
    "A device is stopped before it can send",
    "it sends its ops after its start",
)
async def test_a_restarted_device_sends_its_pending_ops(house):
    file = house.enrol("kiosk", "Front")
    visits = []
    for _ in range(2):  # twice before the first contact with the server
        kiosk = house.device(file)
        visits += [come(kiosk) for _ in range(3)]
        house.stop(kiosk)
    await house.open()
    kiosk = house.device(file)
    await healed(house)
    assert house.answered == []
    assert sorted(kiosk.view.visits) == sorted(visits)
    tickets = {row.ticket for row in kiosk.view.visits.values()}
    assert tickets == {f"A-{n}" for n in range(1, 7)}
    assert kiosk.next_ticket() == "A-7"


@pytest.mark.fault(
    "A link is cut, or stops carrying data",
    "the device notices it and continues to work; after the repair all agree",
)
@pytest.mark.parametrize("how", ["cut", "stall"])
async def test_a_link_that_breaks_in_the_middle_heals(house, how):
    kiosk_file, tablet_file = house.enrol("kiosk", "Front"), house.enrol("staff", "Tablet")
    await house.open()
    cable = await house.cable()
    kiosk, tom = house.device(kiosk_file), house.device(tablet_file, cable)
    await house.sign_in(tom, "tom")
    await house.until(lambda: kiosk.live)
    first = come(kiosk)
    await house.until(lambda: first in tom.view.visits and tom.view.visits[first].offer_to == "tom")
    getattr(cable, how)()
    do(tom, ops.Accept, first)
    come(kiosk)
    await house.until(lambda: not tom.live)  # it has noticed the lost link by itself
    assert tom.outbox.pending()
    cable.repair()
    await healed(house)
    assert tom.view.visits[first].state == "accepted"
    assert house.answered == []


@pytest.mark.fault(
    "The server's address answers nothing",
    "the device tries until it answers",
)
async def test_a_server_whose_address_answers_nothing_is_tried_until_it_does(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    cable = await house.cable()
    cable.stall()
    kiosk = house.device(file, cable)
    visit_id = come(kiosk)
    assert not kiosk.live
    cable.repair()
    await healed(house)
    assert visit_id in kiosk.view.visits


@pytest.mark.fault(
    "Links, devices and server fail at random, for a whole day of work",
    "every op is done once and all agree",
)
@pytest.mark.parametrize("seed", range(4))
async def test_whatever_breaks_and_whenever_every_op_is_done_once_and_all_agree(house, seed):
    """Invariants 2, 10, 13: random taps over faulty cables, with restarts of the server."""
    chance = random.Random(seed)
    files = [house.enrol("kiosk", "Front"), house.enrol("kiosk", "Back")]
    files += [house.enrol("staff", name) for name in ("maya", "tom")]
    await house.open()
    cables = [await house.cable() for _ in files]
    devices = [house.device(file, cable) for file, cable in zip(files, cables, strict=True)]
    for device, name in zip(devices[2:], ("maya", "tom"), strict=True):
        await house.sign_in(device, name)
    submitted: list[str] = []
    for turn in range(120):
        device = chance.choice(devices)
        submitted += tap(device, chance)
        match chance.randrange(30):
            case 0:
                chance.choice(cables).cut()
            case 1:
                chance.choice(cables).stall()
            case 2 | 3 | 4:
                chance.choice(cables).repair()
            case 5 if turn % 2:
                await house.close_server()
                await house.open()
        if chance.random() < 0.5:
            house.changed.clear()
            await asyncio.wait({asyncio.ensure_future(house.changed.wait())}, timeout=0.05)
    for cable in cables:
        cable.repair()
    await healed(house)
    with house.store() as db:
        known = [row[0] for row in db.execute("SELECT op_id FROM ops")]
    assert sorted(known) == sorted(submitted)
    refused = {op_id for op_id, _ in house.answered}
    assert len(house.answered) == len(refused)
    opened = house.one("SELECT count(*) FROM visit_events WHERE event = 'opened'")
    assert opened == house.one("SELECT count(*) FROM visits")


def tap(device, chance) -> list[str]:
    """A random op on a visit that this device shows."""
    rows = list(device.view.visits.values())
    if device.file.kind == "kiosk":
        waiting = [row for row in rows if row.state in ("waiting", "offered")]
        if waiting and chance.random() < 0.3:
            return [device.submit(ops.Cancel(chance.choice(waiting).visit_id))]
        visit_id = device.new_id()
        code = device.next_ticket()
        return [device.submit(ops.OpenVisit(visit_id, code, chance.choice(("ask", "repair", "buy")), "en"))]
    if not rows or chance.random() < 0.1:
        presence = chance.choice((Presence.AVAILABLE, Presence.AVAILABLE, Presence.ON_BREAK))
        return [device.submit(ops.SetPresence(presence))]
    step = chance.choice(STEPS)
    row = chance.choice(rows)
    return [device.submit(step(visit_id=row.visit_id, expected_rev=row.rev, **MORE.get(step, {})))]


# --- over midnight ---------------------------------------------------------------------------------


async def test_ticket_numbers_start_again_on_a_new_day_while_connected(house, monkeypatch):
    clock = FakeClock(ms(2026, 3, 2, 22, 59, 59))  # a second before midnight in Amsterdam
    monkeypatch.setattr(server_module, "wall_clock", clock)
    file = house.enrol("kiosk", "Front")
    await house.open()
    kiosk = house.device(file)
    await house.until(lambda: kiosk.live)
    first = come(kiosk)
    await house.until(lambda: not kiosk.outbox.pending())
    clock.after(2)
    await house.until(lambda: kiosk._counter.day == "2026-03-03")
    second = come(kiosk)
    await house.until(lambda: not kiosk.outbox.pending())
    with house.store() as db:
        rows = dict(db.execute("SELECT visit_id, day || ' ' || ticket FROM visits"))
    assert rows == {first: "2026-03-02 A-1", second: "2026-03-03 A-1"}


@pytest.mark.fault(
    "A kiosk without connection gives tickets before and after midnight",
    "each number is used once",
)
async def test_tickets_given_out_without_a_connection_over_midnight_are_given_out_once(house, monkeypatch):
    """Invariant 12: they belong to the day on which they reach the server."""
    clock = FakeClock(ms(2026, 3, 2, 22, 59))
    monkeypatch.setattr(server_module, "wall_clock", clock)
    file = house.enrol("kiosk", "Front")
    await house.open()
    kiosk = house.device(file)
    await house.until(lambda: kiosk.live)
    await house.close_server()
    for _ in range(3):
        come(kiosk)
    clock.after(600)
    await house.open()
    await house.until(lambda: kiosk.live and not kiosk.outbox.pending())
    for _ in range(4):
        come(kiosk)
    await house.until(lambda: not kiosk.outbox.pending())
    assert house.answered == []
    with house.store() as db:
        given = [ticket.number(row[0]) for row in db.execute("SELECT ticket FROM visits")]
    assert sorted(given) == [1, 2, 3, 4, 5, 6, 7]
