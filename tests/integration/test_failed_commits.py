"""A full disk or a failed commit: nothing false is sent, and everything is done later."""

import asyncio
import contextlib
import sqlite3
import threading

import pytest

from sync_server.device.sync import engine
from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.service.processing import processor, recovery
from sync_server.service.processing.processor import Unavailable
from sync_server.service.storage import event_log, mapping
from sync_server.service.storage.errors import FaultCause, StoreError
from sync_server.service.storage.executor import ThreadExecutor

from .harness import GIVE_UP_S, come, do


@pytest.fixture(autouse=True)
def _quick_retry(monkeypatch):
    monkeypatch.setattr(recovery, "RETRY_S", 0.05)


async def fill_disk(house) -> None:
    """From now on SQLite reports a full disk when the file would have to grow."""

    def fill(db):
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")

    await house.server.processor.writer.call(fill)


async def tap_until_full(house, kiosk) -> set[str]:
    """Opens visits until the kiosk is told that nothing can be saved: a few still fit into the file."""
    came = set()
    while kiosk.problem is None:
        came.add(come(kiosk, alias="x" * 40))
        await house.until(lambda: kiosk.problem or not kiosk.outbox.pending())
    return came


async def kiosk_and_bystander(house) -> tuple:
    """A kiosk, and a raw client of another kiosk with the letter of its tickets."""
    bystander = house.enrol("kiosk", "Back")
    kiosk, _ = await house.crew("tom")
    raw = house.raw(bystander)
    await raw.hello()
    return kiosk, raw, bystander.letter


async def free_disk(house) -> None:
    await house.server.processor.writer.call(
        lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall()
    )


@pytest.mark.fault(
    "The server's disk is full",
    "nothing is acknowledged and the screens say why; with space again everything is done once",
)
async def test_on_a_full_disk_nothing_is_acknowledged_and_later_everything_is_done(house):
    kiosk, tom = await house.crew("tom")
    await fill_disk(house)
    known = await tap_until_full(house, kiosk)
    more = {come(kiosk, alias="x" * 40) for _ in range(20)}
    assert "the disk is full; free some space" in kiosk.problem
    assert house.server.processor.recovery.write_error == (FaultCause.FULL, kiosk.problem)
    waiting = {submit.op_id for submit in kiosk.outbox.pending()}
    with house.store() as db:
        done = {row[0] for row in db.execute("SELECT op_id FROM ops")}
    assert waiting
    assert not waiting & done  # no op is both refused and on disk
    assert len(kiosk.view.visits) == len(known | more)  # and the kiosk shows all its shoppers
    assert all(visit_id not in tom.view.visits or house.one(
        "SELECT count(*) FROM visits WHERE visit_id = ?", visit_id) for visit_id in known | more)  # fmt: skip
    await free_disk(house)
    await house.until(lambda: not kiosk.outbox.pending())
    await house.until(lambda: kiosk.problem is None)
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))
    assert house.one("SELECT count(*) FROM visits") == len(known | more)
    assert house.server.processor.recovery.write_error is None
    assert house.answered == []


@pytest.mark.fault(
    "Devices keep tapping while the disk is full",
    "they wait before they repeat",
)
async def test_a_server_that_cannot_write_is_not_asked_again_before_a_while(house, monkeypatch):
    monkeypatch.setattr(engine, "NOT_NOW_MS", 10**9)
    kiosk, raw, _ = await kiosk_and_bystander(house)
    await fill_disk(house)
    failures = []
    lost = processor.OpProcessor._commit_failed
    monkeypatch.setattr(
        processor.OpProcessor, "_commit_failed", lambda self, error: failures.append(1) or lost(self, error)
    )
    await tap_until_full(house, kiosk)
    assert failures
    failures.clear()
    for _ in range(20):
        come(kiosk)  # they wait in the outbox
    for _ in range(50):  # a while, counted in messages and not in seconds
        await raw.send(msg.Ping())
        await raw.receive(msg.Beat)
    assert failures == []
    await free_disk(house)
    await house.until(lambda: house.server.processor.recovery.backing_off is None)
    house.stop(kiosk)
    kiosk = house.device(kiosk.file)  # a new session has no op to wait for
    await house.until(lambda: not kiosk.outbox.pending())


@pytest.mark.fault(
    "Many devices tap while the disk is full",
    "the server tries to write for one of them a second; the others are put off at once",
)
async def test_a_disk_that_was_full_is_not_tried_for_each_device(house, monkeypatch):
    monkeypatch.setattr(recovery, "BACK_OFF_S", 10**9)
    monkeypatch.setattr(recovery, "RETRY_S", 10**9)
    kiosk, raw, letter = await kiosk_and_bystander(house)
    await fill_disk(house)
    await tap_until_full(house, kiosk)
    assert house.server.processor.recovery.backing_off is not None
    await free_disk(house)  # the server does not know yet
    op = msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, f"{letter}-1", "ask", "en"))
    await raw.send(op)
    put_off = await raw.receive(msg.NotNow)
    assert put_off.op_id == op.op_id
    assert "the disk is full; free some space" in put_off.reason
    monkeypatch.setattr(recovery.Recovery, "backing_off", None)
    await raw.send(op)
    await raw.receive(msg.Answer)
    assert house.server.processor.recovery.write_error is None


@pytest.mark.fault(
    "An offer lapses while the disk is full",
    "it lapses when there is space again",
)
async def test_an_offer_that_times_out_on_a_full_disk_times_out_when_there_is_space(house):
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and not kiosk.outbox.pending())
    await fill_disk(house)
    with contextlib.suppress(Unavailable):
        for number in range(200):
            op = ops.OpenVisit(f"{number:032x}", f"Z-{number}", "ask", "en", alias="x" * 40)
            await house.server.processor.submit(f"{number:032x}", op, ops.Actor(ops.ActorKind.API))
    assert house.server.processor.recovery.write_error
    await free_disk(house)
    do(tom, ops.Decline, visit_id)
    await house.until(lambda: not tom.outbox.pending())
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))


@pytest.mark.fault(
    "A form is sent from a page while the disk is full",
    "the page says that it could not be saved",
)
async def test_an_op_over_the_web_that_cannot_be_saved_raises_unavailable(house):
    server = await house.open()
    await fill_disk(house)
    by = ops.Actor(ops.ActorKind.API)
    for number in range(200):
        refused = f"{number:032x}"
        op = ops.OpenVisit(refused, f"Z-{number}", "ask", "en", alias="x" * 40)
        try:
            await server.processor.submit(refused, op, by)
        except Unavailable as unwell:
            assert "the disk is full" in str(unwell)  # noqa: PT017
            break
    else:
        pytest.fail("the disk never became full")
    assert house.one("SELECT count(*) FROM ops WHERE op_id = ?", refused) == 0
    await free_disk(house)
    assert await server.processor.submit(refused, op, by) is None
    assert await server.processor.submit(refused, op, by) is None
    assert house.one("SELECT count(*) FROM visits WHERE ticket = ?", op.ticket) == 1


@pytest.mark.fault(
    "A value that SQLite cannot take",
    "that unit of work is dropped and done again; the writer continues",
)
async def test_the_writer_goes_on_after_any_exception(house, monkeypatch):
    """Not only SQLite's own errors: if the writer ended, every device would wait forever."""
    kiosk, _ = await house.crew("tom")
    real = mapping.event_row
    wrong = []

    def too_large(record):
        if not wrong:
            wrong.append(record)
            return (*real(record)[:-1], 1 << 80)  # too large for SQLite
        return real(record)

    monkeypatch.setattr(mapping, "event_row", too_large)
    come(kiosk)
    await house.until(lambda: kiosk.problem)
    assert wrong
    await house.until(lambda: not kiosk.outbox.pending())
    assert house.one("SELECT count(*) FROM visits") == 1


@pytest.mark.fault(
    "A write fails while a device continues to send ops",
    "later ops wait for the lost ones: all are done in the order of the taps",
)
async def test_after_a_failed_write_ops_are_done_in_the_order_of_the_taps(house, monkeypatch):
    kiosk, _ = await house.crew("tom")
    event_row, lost = mapping.event_row, processor.OpProcessor._commit_failed
    wrong = []

    def too_large(record):
        if len(wrong) < 2:
            wrong.append(record)
            return (*event_row(record)[:-1], 1 << 80)  # too large for SQLite
        return event_row(record)

    def lost_and_tapped(self, error):
        lost(self, error)
        come(kiosk)  # before the device is told to wait

    monkeypatch.setattr(mapping, "event_row", too_large)
    monkeypatch.setattr(processor.OpProcessor, "_commit_failed", lost_and_tapped)
    come(kiosk)
    come(kiosk)
    tapped = [submit.op_id for submit in kiosk.outbox.pending()]
    await house.until(lambda: wrong and not kiosk.outbox.pending())
    assert house.done()[:2] == tapped
    assert len(house.done()) > 2


@pytest.mark.fault(
    "After a failed write the store cannot be read either",
    "the server tries until it can be read; then all waiting ops are done",
)
async def test_a_store_that_cannot_be_read_after_a_failed_write_is_read_later(house, monkeypatch):
    kiosk, tom = await house.crew("tom")
    await fill_disk(house)
    records = event_log.records
    failed = []

    def unreadable(*what):
        if len(failed) < 2:
            failed.append(1)
            raise StoreError("the file cannot be opened")
        return records(*what)

    monkeypatch.setattr(event_log, "records", unreadable)
    for _ in range(60):
        come(kiosk, alias="x" * 40)
    await house.until(lambda: len(failed) == 2)
    await free_disk(house)
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))
    assert house.one("SELECT count(*) FROM visits") == 60


async def test_a_repeated_op_that_was_answered_meanwhile_blocks_no_other_op(house, monkeypatch):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    raw = house.raw(file)
    await raw.hello()
    transaction, commits, go = ThreadExecutor.transaction, [], threading.Event()

    def commits_once_then_fails(self, db, work, batches):
        if not batches:  # not about ops: what the server writes by itself
            return transaction(self, db, work, batches)
        commits.append(batches)
        if len(commits) == 1:
            go.wait(GIVE_UP_S)
        if len(commits) == 2:
            raise sqlite3.OperationalError("database or disk is full")
        return transaction(self, db, work, batches)

    monkeypatch.setattr(ThreadExecutor, "transaction", commits_once_then_fails)
    monkeypatch.setattr(recovery, "BACK_OFF_S", 0)
    first = msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en"))
    second = msg.Submit("2" * 32, 1, ops.OpenVisit("b" * 32, "A-2", "ask", "en"))
    await raw.send(first)
    while not commits:
        await asyncio.sleep(0)
    await raw.send(first)  # its answer takes long
    await raw.send(second)
    while server.processor.ops_waiting < 2:
        await asyncio.sleep(0)
    go.set()
    assert (await raw.receive(msg.Answer)).op_id == first.op_id
    await raw.receive(msg.NotNow)
    await raw.receive(msg.Snapshot)
    await raw.send(second)  # the first was answered, and is not sent again
    answer = await raw.receive()
    while not isinstance(answer, msg.Answer):
        assert not isinstance(answer, msg.NotNow)
        answer = await raw.receive()
    assert (answer.op_id, answer.refusal) == (second.op_id, None)
