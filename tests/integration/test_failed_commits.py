"""A disk that is full, a write that fails: nothing is told that is not so, and all is done once it can be."""

import asyncio
import contextlib
import sqlite3
import threading

import pytest

from sync_server.device import engine
from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.service import mending, queries, shop, tables
from sync_server.service.shop import Unwell
from sync_server.service.store import Cause, Store, StoreError

from .house import GIVE_UP_S, come, do


@pytest.fixture(autouse=True)
def _quick_retry(monkeypatch):
    monkeypatch.setattr(mending, "RETRY_S", 0.05)


async def fill_disk(house) -> None:
    """From now on SQLite says that the disk is full, as soon as the file would have to grow."""

    def fill(db):
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")

    await house.server.shop.store.call(fill)


async def tap_until_full(house, kiosk) -> set[str]:
    """Shoppers come until the kiosk hears that nothing can be saved: a little fits into what is there."""
    came = set()
    while kiosk.problem is None:
        came.add(come(kiosk, alias="x" * 40))
        await house.until(lambda: kiosk.problem or not kiosk.outbox.pending())
    return came


async def kiosk_and_bystander(house) -> tuple:
    """A kiosk, and one beside it that says what it is told to, with the letter of its tickets."""
    bystander = house.enrol("kiosk", "Back")
    kiosk, _ = await house.crew("tom")
    raw = house.raw(bystander)
    await raw.hello()
    return kiosk, raw, bystander.letter


async def free_disk(house) -> None:
    await house.server.shop.store.call(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall())


@pytest.mark.fault(
    "The server's disk is full",
    "nothing is acknowledged and the screens say why; with room again everything is done, once",
)
async def test_on_a_full_disk_nothing_is_acknowledged_and_when_there_is_room_everything_is_done(house):
    kiosk, tom = await house.crew("tom")
    await fill_disk(house)
    known = await tap_until_full(house, kiosk)
    more = {come(kiosk, alias="x" * 40) for _ in range(20)}
    assert "the disk is full; free some space" in kiosk.problem
    assert house.server.shop.mending.unwell == (Cause.FULL, kiosk.problem)
    waiting = {submit.op_id for submit in kiosk.outbox.pending()}
    with house.store() as db:
        done = {row[0] for row in db.execute("SELECT op_id FROM ops")}
    assert waiting
    assert not waiting & done  # nothing is both told no and on disk
    assert len(kiosk.view.visits) == len(known | more)  # and the kiosk shows all its shoppers
    assert all(visit_id not in tom.view.visits or house.one(
        "SELECT count(*) FROM visits WHERE visit_id = ?", visit_id) for visit_id in known | more)  # fmt: skip
    await free_disk(house)
    await house.until(lambda: not kiosk.outbox.pending())
    await house.until(lambda: kiosk.problem is None)
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))
    assert house.one("SELECT count(*) FROM visits") == len(known | more)
    assert house.server.shop.mending.unwell is None
    assert house.answered == []


@pytest.mark.fault("Devices keep tapping while the disk is full", "they wait before they ask again")
async def test_a_server_that_cannot_write_is_not_asked_again_before_a_while(house, monkeypatch):
    monkeypatch.setattr(engine, "NOT_NOW_MS", 10**9)
    kiosk, raw, _ = await kiosk_and_bystander(house)
    await fill_disk(house)
    failures = []
    lost = shop.Shop._lost
    monkeypatch.setattr(shop.Shop, "_lost", lambda self, error: failures.append(1) or lost(self, error))
    await tap_until_full(house, kiosk)
    assert failures
    failures.clear()
    for _ in range(20):
        come(kiosk)  # they wait their turn
    for _ in range(50):  # a while, in turns of the server and not in seconds
        await raw.send(msg.Ping())
        await raw.hear(msg.Beat)
    assert failures == []
    await free_disk(house)
    await house.until(lambda: house.server.shop.mending.resting is None)
    house.stop(kiosk)
    kiosk = house.device(kiosk.file)  # begins anew, and so waits for nothing
    await house.until(lambda: not kiosk.outbox.pending())


@pytest.mark.fault(
    "Many devices tap while the disk is full",
    "it is tried for one of them a second; the others are put off at once",
)
async def test_a_disk_that_was_full_is_not_tried_for_each_device(house, monkeypatch):
    monkeypatch.setattr(mending, "REST_S", 10**9)
    monkeypatch.setattr(mending, "RETRY_S", 10**9)
    kiosk, raw, letter = await kiosk_and_bystander(house)
    await fill_disk(house)
    await tap_until_full(house, kiosk)
    assert house.server.shop.mending.resting is not None
    await free_disk(house)  # nobody has noticed yet
    op = msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, f"{letter}-1", "ask", "en"))
    await raw.send(op)
    put_off = await raw.hear(msg.NotNow)
    assert put_off.op_id == op.op_id
    assert "the disk is full; free some space" in put_off.reason
    monkeypatch.setattr(mending.Mending, "resting", None)
    await raw.send(op)
    await raw.hear(msg.Answer)
    assert house.server.shop.mending.unwell is None


@pytest.mark.fault("An offer lapses while the disk is full", "it is made up for when there is room")
async def test_what_time_brings_about_is_made_up_for_when_there_is_room_again(house):
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and not kiosk.outbox.pending())
    await fill_disk(house)
    with contextlib.suppress(Unwell):
        for number in range(200):
            op = ops.OpenVisit(f"{number:032x}", f"Z-{number}", "ask", "en", alias="x" * 40)
            await house.server.shop.submit(f"{number:032x}", op, ops.Actor(ops.ActorKind.API))
    assert house.server.shop.mending.unwell
    await free_disk(house)
    do(tom, ops.Decline, visit_id)
    await house.until(lambda: not tom.outbox.pending())
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))


@pytest.mark.fault(
    "Something is asked on a page while the disk is full", "the page says that it could not be saved"
)
async def test_an_op_over_the_web_is_told_that_it_could_not_be_saved(house):
    server = await house.open()
    await fill_disk(house)
    by = ops.Actor(ops.ActorKind.API)
    for number in range(200):
        refused = f"{number:032x}"
        op = ops.OpenVisit(refused, f"Z-{number}", "ask", "en", alias="x" * 40)
        try:
            await server.shop.submit(refused, op, by)
        except Unwell as unwell:
            assert "the disk is full" in str(unwell)  # noqa: PT017
            break
    else:
        pytest.fail("the disk never became full")
    assert house.one("SELECT count(*) FROM ops WHERE op_id = ?", refused) == 0
    await free_disk(house)
    assert await server.shop.submit(refused, op, by) is None
    assert await server.shop.submit(refused, op, by) is None
    assert house.one("SELECT count(*) FROM visits WHERE ticket = ?", op.ticket) == 1


@pytest.mark.fault(
    "A value that SQLite cannot take", "that turn is dropped and done again; the writer goes on"
)
async def test_whatever_the_writer_stumbles_over_it_writes_on(house, monkeypatch):
    """Not only SQLite's own errors: a writer that ended would leave every device waiting for good."""
    kiosk, _ = await house.crew("tom")
    real = tables.event_row
    wrong = []

    def too_large(record):
        if not wrong:
            wrong.append(record)
            return (*real(record)[:-1], 1 << 80)  # no number for SQLite
        return real(record)

    monkeypatch.setattr(tables, "event_row", too_large)
    come(kiosk)
    await house.until(lambda: kiosk.problem)
    assert wrong
    await house.until(lambda: not kiosk.outbox.pending())
    assert house.one("SELECT count(*) FROM visits") == 1


@pytest.mark.fault(
    "A write fails while a device goes on tapping",
    "what was tapped later waits for what was lost: all is done in the order of the taps",
)
async def test_after_a_failed_write_nothing_overtakes_what_was_lost(house, monkeypatch):
    kiosk, _ = await house.crew("tom")
    event_row, lost = tables.event_row, shop.Shop._lost
    wrong = []

    def too_large(record):
        if len(wrong) < 2:
            wrong.append(record)
            return (*event_row(record)[:-1], 1 << 80)  # no number for SQLite
        return event_row(record)

    def lost_and_tapped(self, error):
        lost(self, error)
        come(kiosk)  # before the device has heard that it must wait

    monkeypatch.setattr(tables, "event_row", too_large)
    monkeypatch.setattr(shop.Shop, "_lost", lost_and_tapped)
    come(kiosk)
    come(kiosk)
    tapped = [submit.op_id for submit in kiosk.outbox.pending()]
    await house.until(lambda: wrong and not kiosk.outbox.pending())
    assert house.done()[:2] == tapped
    assert len(house.done()) > 2


@pytest.mark.fault(
    "After a failed write the store cannot be read either",
    "it is tried until it can; then everything waiting is done",
)
async def test_a_store_that_cannot_be_read_after_a_failed_write_is_read_later(house, monkeypatch):
    kiosk, tom = await house.crew("tom")
    await fill_disk(house)
    records = queries.records
    failed = []

    def unreadable(*what):
        if len(failed) < 2:
            failed.append(1)
            raise StoreError("the file cannot be opened")
        return records(*what)

    monkeypatch.setattr(queries, "records", unreadable)
    for _ in range(60):
        come(kiosk, alias="x" * 40)
    await house.until(lambda: len(failed) == 2)
    await free_disk(house)
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))
    assert house.one("SELECT count(*) FROM visits") == 60


async def test_nobody_waits_for_an_op_that_was_asked_for_again_and_answered_meanwhile(house, monkeypatch):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    raw = house.raw(file)
    await raw.hello()
    commit, commits, go = Store._commit, [], threading.Event()

    def commits_once_then_fails(self, batches):
        commits.append(batches)
        if len(commits) == 1:
            go.wait(GIVE_UP_S)
        if len(commits) == 2:
            raise sqlite3.OperationalError("database or disk is full")
        commit(self, batches)

    monkeypatch.setattr(Store, "_commit", commits_once_then_fails)
    monkeypatch.setattr(mending, "REST_S", 0)
    first = msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en"))
    second = msg.Submit("2" * 32, 1, ops.OpenVisit("b" * 32, "A-2", "ask", "en"))
    await raw.send(first)
    while not commits:
        await asyncio.sleep(0)
    await raw.send(first)  # its answer takes long
    await raw.send(second)
    while server.shop.waiting < 2:
        await asyncio.sleep(0)
    go.set()
    assert (await raw.hear(msg.Answer)).op_id == first.op_id
    await raw.hear(msg.NotNow)
    await raw.hear(msg.Snapshot)
    await raw.send(second)  # the first has its answer, and is not sent any more
    answer = await raw.hear()
    while not isinstance(answer, msg.Answer):
        assert not isinstance(answer, msg.NotNow)
        answer = await raw.hear()
    assert (answer.op_id, answer.refusal) == (second.op_id, None)
