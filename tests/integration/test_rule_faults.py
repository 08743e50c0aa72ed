"""Faults of our own: nothing is told that is not so, and the server lives on or ends to be started anew."""

import asyncio

import pytest

from sync_server.domain import commands, ops
from sync_server.domain.events import Presence
from sync_server.domain.refusal import Code
from sync_server.protocol import messages as msg
from sync_server.service import mending
from sync_server.service.audience import Audience

from .house import come, do


@pytest.fixture(autouse=True)
def _quick_retry(monkeypatch):
    monkeypatch.setattr(mending, "RETRY_S", 0.05)


@pytest.mark.fault(
    "The rules raise an exception in the middle of an op",
    "nothing is changed, the floor is read anew, the server lives on",
)
async def test_a_fault_in_the_rules_changes_nothing_and_the_server_lives_on(house, monkeypatch):
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and tom.view.visits[visit_id].offer_to)
    accept = commands.COMMANDS[ops.Accept]
    faults = []

    def faulty(floor, op, by, now):
        if faults:
            return accept(floor, op, by, now)
        faults.append(op)
        floor.people["tom"] = None  # half done, and then
        raise RuntimeError("a fault in the rules")

    monkeypatch.setitem(commands.COMMANDS, ops.Accept, faulty)
    before = house.server.shop.floor
    do(tom, ops.Accept, visit_id)
    await house.until(lambda: faults and not tom.outbox.pending())
    assert house.server.shop.floor is not before  # it was read anew from the disk
    await house.until(lambda: house.agrees(tom) and house.agrees(kiosk))
    assert tom.view.visits[visit_id].state == "accepted"
    assert house.one("SELECT count(*) FROM visit_events WHERE event = 'accepted'") == 1


async def test_a_fault_in_what_time_brings_about_is_survived_too(house, monkeypatch):
    kiosk, tom = await house.crew("tom")
    server = house.server
    faults = []

    def faulty(_now):
        faults.append(1)
        raise RuntimeError("a fault in the rules")

    monkeypatch.setattr(server.shop.floor, "tick", faulty)
    server.shop.tick()
    assert faults
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and house.agrees(tom))


@pytest.mark.fault(
    "One op of several in the same moment fails by a fault of the server's own",
    "none of them is told yes that is not on disk; all are done when repeated",
)
async def test_other_ops_of_the_same_moment_are_not_told_yes_when_one_fails(house, monkeypatch):
    """One turn does them all; a fault in the last drops those before it, and they are done again."""
    file = house.enrol("kiosk", "Front")
    await house.open()
    raw = house.raw(file)
    await raw.hello()
    cancel = commands.COMMANDS[ops.Cancel]
    faults = []

    def faulty(*what):
        if faults:
            return cancel(*what)
        faults.append(1)
        raise RuntimeError("a fault in the rules")

    monkeypatch.setitem(commands.COMMANDS, ops.Cancel, faulty)
    opening = msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en"))
    leaving = msg.Submit("2" * 32, 1, ops.Cancel("a" * 32))
    await raw.send(opening)
    await raw.send(leaving)
    await raw.hear(msg.WhoAreYou)  # the floor was read anew: begin again
    await raw.hello()
    told = [message for message in map(bytes, raw.seen) if b'"answer"' in message]
    assert len(told) == house.one("SELECT count(*) FROM ops")  # whatever was told is on disk
    for submit in (opening, leaving):
        await raw.send(submit)
    while len([m for m in raw.seen if b'"answer"' in m]) < len(told) + 2:
        await raw.hear(msg.Answer)
    assert house.one("SELECT state FROM visits") == "cancelled"
    assert house.one("SELECT count(*) FROM visit_events") == 2


async def test_what_was_not_heard_while_the_floor_was_read_anew_is_not_overtaken(house, monkeypatch):
    kiosk, _ = await house.crew("tom")
    start_over, opening = house.server.shop.start_over, commands.COMMANDS[ops.OpenVisit]
    faults = []

    def faulty(*what):
        if faults:
            return opening(*what)
        faults.append(1)
        raise RuntimeError("a fault in the rules")

    def tapped_and_start_over():
        come(kiosk)  # it does not know yet that its first op was not heard
        start_over()

    monkeypatch.setitem(commands.COMMANDS, ops.OpenVisit, faulty)
    monkeypatch.setattr(house.server.shop, "start_over", tapped_and_start_over)
    come(kiosk)
    first = kiosk.outbox.pending()[0].op_id
    await house.until(lambda: faults and not kiosk.outbox.pending())
    assert house.done()[0] == first
    assert len(house.done()) == 2


@pytest.mark.fault(
    "The server's reader fails for good", "the server ends, to be started anew, and nothing is lost"
)
async def test_a_server_that_can_no_longer_hear_ends_instead_of_standing_deaf(house, monkeypatch):
    kiosk, _ = await house.crew("tom")

    def faulty(*_what):
        raise RuntimeError("a fault in telling")

    monkeypatch.setattr(Audience, "updates", faulty)
    kiosk.submit(ops.OpenVisit("a" * 32, "A-1", "ask", "en"))
    with pytest.raises(RuntimeError, match="a fault in telling"):
        await house.ended()
    monkeypatch.undo()
    house.forget_server()
    await house.open()  # as it would be started anew
    await house.until(lambda: house.agrees(kiosk))
    assert house.one("SELECT count(*) FROM visits") == 1


async def test_a_break_is_a_break_after_all_this(house):
    """The presence that colleagues see is read back from the disk with everything else."""
    kiosk, tom = await house.crew("tom")
    tom.submit(ops.SetPresence(Presence.ON_BREAK))
    await house.until(lambda: not tom.outbox.pending())
    house.server.shop.mending.distrust()
    come(kiosk)
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))
    assert tom.view.people["tom"].presence == "on_break"
    assert Code.MALFORMED not in {refusal.code for _, refusal in house.answered}


@pytest.mark.fault(
    "Somebody leaves a page that waits for the floor to be read anew",
    "it is read anew all the same",
)
async def test_the_floor_is_read_anew_whoever_gives_up_waiting_for_it(house):
    kiosk, tom = await house.crew("tom")
    shop = house.server.shop
    shop.mending.distrust()
    op = ops.OpenVisit("a" * 32, "Z-1", "ask", "en")
    leaving = asyncio.ensure_future(shop.submit("1" * 32, op, ops.Actor(ops.ActorKind.API)))
    await asyncio.sleep(0)  # it has begun to wait
    leaving.cancel()
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and house.agrees(kiosk))
    assert "a" * 32 not in tom.view.visits
