"""After anything that can happen to a link, the op is done once and every screen shows the floor again."""

import asyncio
import random

import pytest

from sync_server.domain import ops, ticket
from sync_server.domain.events import Presence, Resolution
from sync_server.service import server as server_module
from sync_server.service.socket import Socket
from tests.shop import Clock, ms

from .house import come, do

STEPS = (ops.Accept, ops.Start, ops.AddNote, ops.Hold, ops.Resume, ops.HandOver, ops.Claim, ops.Complete)
MORE = {ops.AddNote: {"note": "n"}, ops.Complete: {"resolution": Resolution.SOLVED}}


async def healed(house) -> None:
    for device in house.devices:
        await house.until(lambda device=device: house.agrees(device))


def lose(monkeypatch, wanted) -> list[bytes]:
    """The server's messages that `wanted` picks get lost on the way. What was lost."""
    lost: list[bytes] = []
    send = Socket.send

    def lossy(self, peer, message):
        if wanted(message):
            lost.append(message)
            return True
        return send(self, peer, message)

    monkeypatch.setattr(Socket, "send", lossy)
    return lost


@pytest.mark.fault("An update is lost on the way", "noticed by the next one; a snapshot heals it")
async def test_a_missed_update_is_noticed_by_the_next_one_and_a_snapshot_heals_it(house, monkeypatch):
    kiosk, tom = await house.crew("tom")
    lost = lose(monkeypatch, lambda m: b'"people"' in m and b'"update"' in m and len(lost) < 1)
    come(kiosk)
    come(kiosk)
    await house.until(lambda: lost)
    await healed(house)
    assert len(tom.view.visits) == 2


@pytest.mark.fault("The last update is lost on the way", "noticed by the next beat; a snapshot heals it")
async def test_a_last_update_that_got_lost_is_noticed_by_the_beat(house, monkeypatch):
    kiosk, _ = await house.crew("tom")
    lost = lose(monkeypatch, lambda m: m.startswith(b'{"type":"update"') and len(lost) < 2)
    come(kiosk)
    await house.until(lambda: len(lost) == 2)
    await healed(house)


@pytest.mark.fault("An answer is lost on the way", "asked for again; the op is done once")
async def test_a_lost_answer_is_asked_for_again_and_the_op_done_once(house, monkeypatch):
    kiosk, _ = await house.crew("tom")
    lost = lose(monkeypatch, lambda m: m.startswith(b'{"type":"answer"') and len(lost) < 2)
    visit_id = come(kiosk)
    await house.until(lambda: len(lost) == 2 and not kiosk.outbox.pending())
    await healed(house)
    assert house.one("SELECT count(*) FROM visit_events WHERE event = 'opened'") == 1
    assert visit_id in kiosk.view.visits


@pytest.mark.fault("There is no server", "devices work on; everything is done once it is there")
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


@pytest.mark.fault("A device is stopped before it could send", "it sends it after its start")
async def test_a_device_that_is_started_again_sends_what_it_had_not_sent(house):
    file = house.enrol("kiosk", "Front")
    visits = []
    for _ in range(2):  # twice without ever having met the server
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
    "A link is cut, or nothing comes through it any more",
    "the device notices and works on; mended, all agree",
)
@pytest.mark.parametrize("how", ["cut", "pinch"])
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
    await house.until(lambda: not tom.live)  # it has noticed by itself
    assert tom.outbox.pending()
    cable.mend()
    await healed(house)
    assert tom.view.visits[first].state == "accepted"
    assert house.answered == []


@pytest.mark.fault("The server's address answers nothing", "it is tried until it does")
async def test_a_server_whose_address_answers_nothing_is_tried_until_it_does(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    cable = await house.cable()
    cable.pinch()
    kiosk = house.device(file, cable)
    visit_id = come(kiosk)
    assert not kiosk.live
    cable.mend()
    await healed(house)
    assert visit_id in kiosk.view.visits


@pytest.mark.fault(
    "Links, devices and server break by chance, for a whole day of work",
    "every op is done once and all agree",
)
@pytest.mark.parametrize("seed", range(4))
async def test_whatever_breaks_and_whenever_every_op_is_done_once_and_all_agree(house, seed):
    """2, 10, 13: random taps over random cables, with the server stopped and started among them."""
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
                chance.choice(cables).pinch()
            case 2 | 3 | 4:
                chance.choice(cables).mend()
            case 5 if turn % 2:
                await house.close_server()
                await house.open()
        if chance.random() < 0.5:
            house.changed.clear()
            await asyncio.wait({asyncio.ensure_future(house.changed.wait())}, timeout=0.05)
    for cable in cables:
        cable.mend()
    await healed(house)
    with house.store() as db:
        known = [row[0] for row in db.execute("SELECT op_id FROM ops")]
    assert sorted(known) == sorted(submitted)
    refused = {op_id for op_id, _ in house.answered}
    assert len(house.answered) == len(refused)
    opened = house.one("SELECT count(*) FROM visit_events WHERE event = 'opened'")
    assert opened == house.one("SELECT count(*) FROM visits")


def tap(device, chance) -> list[str]:
    """Something that somebody may tap on what this device shows."""
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


async def test_tickets_begin_anew_with_the_day_though_the_kiosk_stays_connected(house, monkeypatch):
    clock = Clock(ms(2026, 3, 2, 22, 59, 59))  # a second before midnight in Amsterdam
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


@pytest.mark.fault("A kiosk without connection gives out tickets over midnight", "each is given out once")
async def test_tickets_given_out_without_a_connection_over_midnight_are_given_out_once(house, monkeypatch):
    """12: they are of the day on which the server hears of them."""
    clock = Clock(ms(2026, 3, 2, 22, 59))
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
