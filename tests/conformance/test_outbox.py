"""The simulation's outbox in memory behaves like the one on disk: each test runs on both."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sync_server.device.storage.outbox import Outbox, ScreenState
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.device.sync.saved_rows import SavedState, SavedUpdate
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit.ticket import TicketCounter
from sync_server.protocol.messages import Submit
from sync_server.simulation.machines.device_machine import MemoryOutbox
from tests.sample_store import MONDAY_10, catalogue

ROOMY = 0xFFFFFFFE  # pages: SQLite's default


class Disk:
    """A device's disk. `start` opens its outbox as a new process would, after `kill` or `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outbox: Outbox

    def start(self) -> Outbox:
        raise NotImplementedError

    def kill(self) -> None:
        raise NotImplementedError

    def set_full(self, full: bool) -> None:
        raise NotImplementedError


class RealDisk(Disk):
    def start(self) -> Outbox:
        self.outbox = Outbox(self.path)
        return self.outbox

    def kill(self) -> None:
        self.outbox._db.close()  # what was not committed is rolled back by the next process

    def set_full(self, full: bool) -> None:
        (pages,) = self.outbox._db.execute("PRAGMA page_count").fetchone()
        self.outbox._db.execute(f"PRAGMA max_page_count = {pages if full else ROOMY}")


class MemoryDisk(Disk):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.deleted: list[str] = []
        self._machine = SimpleNamespace(
            name="front",
            disk=sqlite3.connect(":memory:", isolation_level=None),
            disk_full=False,
            reach=lambda _point: None,
            on_op_saved=lambda _submit: None,
            on_op_deleted=self.deleted.append,
        )

    def start(self) -> Outbox:
        self.outbox = MemoryOutbox(cast(Any, self._machine), self.path)
        return self.outbox

    def kill(self) -> None:
        """The database stays; the next process rolls back what was not committed."""

    def set_full(self, full: bool) -> None:
        self._machine.disk_full = full


@pytest.fixture(params=[RealDisk, MemoryDisk], ids=["disk", "memory"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    make: Callable[[Path], Disk] = request.param
    disk = make(tmp_path / "front.db")
    disk.start()
    yield disk
    disk.outbox.close()


def submit(number: int, alias: str | None = None) -> Submit:
    op = ops.OpenVisit(f"{number:032x}", f"A-{number + 1}", "ask", "en", alias)
    return Submit(f"{number + 1000:032x}", MONDAY_10, op)


def restarted(disk: Disk) -> Outbox:
    disk.outbox.close()
    return disk.start()


def test_ops_outlive_the_process_in_the_order_they_were_made(disk: Disk) -> None:
    made = [submit(number) for number in range(5)]
    for one in made:
        disk.outbox.put(one)
    assert restarted(disk).pending() == made


def test_answered_and_refused_ops_leave_the_pending_ones(disk: Disk) -> None:
    done, refused, left = (submit(number) for number in range(3))
    for one in (done, refused, left):
        disk.outbox.put(one)
    disk.outbox.settle(done.op_id)
    disk.outbox.refuse(refused.op_id, Refusal(Code.UNKNOWN_NEED, "x"), MONDAY_10)
    outbox = restarted(disk)
    assert outbox.pending() == [left]
    assert outbox.refused() == [(refused, Refusal(Code.UNKNOWN_NEED, "x"))]
    outbox.dismiss(refused.op_id)
    assert restarted(disk).refused() == []


def test_an_op_is_committed_with_everything_of_its_tap_or_with_nothing(disk: Disk) -> None:
    disk.outbox.put(submit(1), counter=TicketCounter("2026-03-02", 1), screen=ScreenState(b"one"))
    disk.set_full(True)
    with pytest.raises(OutboxError, match="database or disk is full; free some space on this device"):
        disk.outbox.put(
            submit(2, alias="x" * 40),
            counter=TicketCounter("2026-03-02", 2),
            screen=ScreenState(b"two" * 10_000),
        )
    disk.set_full(False)
    outbox = restarted(disk)
    assert outbox.pending() == [submit(1)]
    assert outbox.counter() == TicketCounter("2026-03-02", 1)
    assert outbox.screen() == b"one"


def test_a_process_that_is_killed_in_a_transaction_leaves_nothing_of_it(disk: Disk) -> None:
    disk.outbox.put(submit(1))
    disk.outbox._db.execute("BEGIN IMMEDIATE")
    disk.outbox._db.execute("DELETE FROM pending")
    disk.kill()
    assert disk.start().pending() == [submit(1)]


def test_the_same_op_cannot_be_there_twice(disk: Disk) -> None:
    disk.outbox.put(submit(1))
    with pytest.raises(OutboxError, match="UNIQUE"):
        disk.outbox.put(submit(1))
    assert disk.outbox.pending() == [submit(1)]


def test_what_the_server_sent_outlives_the_process(disk: Disk) -> None:
    disk.outbox.save_catalogue(catalogue(), "digest")
    disk.outbox.save_epoch("epoch")
    disk.outbox.save_retention_hours(12)
    disk.outbox.save_revoked_key("key")
    disk.outbox.save_update(SavedUpdate(SavedState(MONDAY_10, 7), {}, False))
    outbox = restarted(disk)
    assert outbox.catalogue() == (catalogue(), "digest")
    assert (outbox.epoch(), outbox.retention_hours(), outbox.revoked_key()) == ("epoch", 12, "key")
    assert outbox.saved_state() == SavedState(MONDAY_10, 7)


def test_text_is_gone_after_its_retention(disk: Disk) -> None:
    disk.outbox.put(submit(1, alias="Rumpelstiltskin"))
    disk.outbox.apply_retention(MONDAY_10, lambda _submit: 0, retention_ms=0, clear_traces=True)
    (left,) = restarted(disk).pending()
    assert getattr(left.op, "alias", None) is None
