"""Exceptions in the server's own code: nothing false is sent, and it recovers, or ends to be restarted."""

import asyncio

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.events import Accepted, Presence
from sync_server.domain.floor import commands
from sync_server.domain.refusal import Code
from sync_server.domain.visit import transitions
from sync_server.protocol import messages as msg
from sync_server.service.processing import recovery
from sync_server.service.storage.writer import StoreWriter
from sync_server.service.sync.publisher import UpdatePublisher
from sync_server.service.sync.sessions import Sessions

from .harness import come, do


@pytest.fixture(autouse=True)
def _quick_retry(monkeypatch):
    monkeypatch.setattr(recovery, "RETRY_S", 0.05)


@pytest.mark.fault(
    "The rules raise an exception in the middle of an op",
    "nothing is changed, the floor is read again, the server continues",
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
    before = house.server.processor.floor
    do(tom, ops.Accept, visit_id)
    await house.until(lambda: faults and not tom.outbox.pending())
    assert house.server.processor.floor is not before  # it was read from disk again
    await house.until(lambda: house.agrees(tom) and house.agrees(kiosk))
    assert tom.view.visits[visit_id].state == "accepted"
    assert house.one("SELECT count(*) FROM visit_events WHERE event = 'accepted'") == 1


@pytest.mark.fault(
    "The rules break one of their own invariants: an op makes a visit's rev skip a number",
    "the floor finds it in the same step; nothing of it is written, and the repeated op is done",
)
async def test_a_step_that_breaks_an_invariant_is_not_written_and_the_op_is_answered(
    house, monkeypatch, caplog
):
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and tom.view.visits[visit_id].offer_to)
    apply, faults = transitions.apply, []

    def faulty(visit, event, *when):
        after = apply(visit, event, *when)
        if faults or not isinstance(event, Accepted):
            return after
        faults.append(event)
        return replace(after, rev=after.rev + 1)

    monkeypatch.setattr(transitions, "apply", faulty)
    before = house.server.processor.floor
    do(tom, ops.Accept, visit_id)
    await house.until(lambda: faults and not tom.outbox.pending())
    assert house.server.processor.floor is not before  # it was read from disk again
    assert "(invariant 6)" in caplog.text
    await house.until(lambda: house.agrees(tom) and house.agrees(kiosk))
    assert tom.view.visits[visit_id].state == "accepted"
    assert house.one("SELECT group_concat(rev) FROM visit_events WHERE visit_id IS NOT NULL") == "1,2,3"


async def test_the_server_recovers_from_an_exception_in_a_tick(house, monkeypatch):
    kiosk, tom = await house.crew("tom")
    server = house.server
    faults = []

    def faulty(_now):
        faults.append(1)
        raise RuntimeError("a fault in the rules")

    monkeypatch.setattr(server.processor.floor, "tick", faulty)
    server.processor.tick()
    assert faults
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and house.agrees(tom))


@pytest.mark.fault(
    "One of several ops in one unit of work fails by an exception in the server",
    "none is acknowledged that is not on disk; all are done when repeated",
)
async def test_ops_of_a_unit_that_fails_are_not_acknowledged(house, monkeypatch):
    """One unit of work does them all; an exception in the last drops it, and all are done again."""
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
    await raw.receive(msg.WhoAreYou)  # the floor was read again: say Hello again
    await raw.hello()
    answers = [message for message in map(bytes, raw.seen) if b'"answer"' in message]
    assert len(answers) == house.one("SELECT count(*) FROM ops")  # whatever was answered is on disk
    for submit in (opening, leaving):
        await raw.send(submit)
    while len([m for m in raw.seen if b'"answer"' in m]) < len(answers) + 2:
        await raw.receive(msg.Answer)
    assert house.one("SELECT state FROM visits") == "cancelled"
    assert house.one("SELECT count(*) FROM visit_events") == 2


async def test_ops_dropped_during_recovery_are_done_before_later_ones(house, monkeypatch):
    kiosk, _ = await house.crew("tom")
    on_reload, opening = UpdatePublisher.on_reload, commands.COMMANDS[ops.OpenVisit]
    faults = []

    def faulty(*what):
        if faults:
            return opening(*what)
        faults.append(1)
        raise RuntimeError("a fault in the rules")

    def tapped_and_reload(*what):
        come(kiosk)  # it does not know yet that its first op was dropped
        on_reload(*what)

    monkeypatch.setitem(commands.COMMANDS, ops.OpenVisit, faulty)
    monkeypatch.setattr(UpdatePublisher, "on_reload", tapped_and_reload)
    come(kiosk)
    first = kiosk.outbox.pending()[0].op_id
    await house.until(lambda: faults and not kiosk.outbox.pending())
    assert house.done()[0] == first
    assert len(house.done()) == 2


@pytest.mark.fault(
    "The server's reading task fails for good",
    "the server ends, to be started again, and nothing is lost",
)
async def test_a_server_whose_reader_fails_ends(house, monkeypatch):
    kiosk, _ = await house.crew("tom")

    def faulty(*_what):
        raise RuntimeError("a fault in telling")

    monkeypatch.setattr(Sessions, "staff_update", faulty)
    kiosk.submit(ops.OpenVisit("a" * 32, "A-1", "ask", "en"))
    with pytest.raises(RuntimeError, match="a fault in telling"):
        await house.ended()
    monkeypatch.undo()
    house.forget_server()
    await house.open()  # as it would be restarted
    await house.until(lambda: house.agrees(kiosk))
    assert house.one("SELECT count(*) FROM visits") == 1


@pytest.mark.fault(
    "The server's writer fails for good", "the server ends and is started again, and nothing is lost"
)
async def test_a_server_whose_writer_fails_ends(house, monkeypatch, caplog):
    kiosk, _ = await house.crew("tom")
    monkeypatch.setattr(StoreWriter, "_next", lambda _self: 1 / 0)
    visit_id = come(kiosk)
    with pytest.raises(ZeroDivisionError):
        await house.ended()
    assert "the server ends, because the store's writer failed" in caplog.text
    monkeypatch.undo()
    house.forget_server()
    await house.open()
    await house.until(lambda: visit_id in kiosk.view.visits and not kiosk.outbox.pending())
    assert house.one("SELECT count(*) FROM visits") == 1


async def test_a_break_is_a_break_after_all_this(house):
    """The presence that colleagues see is read from disk like everything else."""
    kiosk, tom = await house.crew("tom")
    tom.submit(ops.SetPresence(Presence.ON_BREAK))
    await house.until(lambda: not tom.outbox.pending())
    house.server.processor.recovery.invalidate()
    come(kiosk)
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))
    assert tom.view.people["tom"].presence == "on_break"
    assert Code.MALFORMED not in {refusal.code for _, refusal in house.answered}


@pytest.mark.fault(
    "A browser leaves a page that waits until the floor is read again",
    "the floor is read all the same",
)
async def test_recovery_goes_on_when_a_waiting_caller_is_cancelled(house):
    kiosk, tom = await house.crew("tom")
    shop = house.server.processor
    shop.recovery.invalidate()
    op = ops.OpenVisit("a" * 32, "Z-1", "ask", "en")
    leaving = asyncio.ensure_future(shop.submit("1" * 32, op, ops.Actor(ops.ActorKind.API)))
    await asyncio.sleep(0)  # it waits for recovery
    leaving.cancel()
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and house.agrees(kiosk))
    assert "a" * 32 not in tom.view.visits
