"""The writer groups commits, reports in order, and drops batches that depend on a failed one."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sync_server.service.storage.batch import Batch
from sync_server.service.storage.connection import connect
from sync_server.service.storage.schema.migrate import migrate
from sync_server.service.storage.writer import StoreWriter
from tests.store_rows import empty_store_file

GIVE_UP_S = 30


class Reports:
    """What a writer reported, in order."""

    def __init__(self) -> None:
        self.fates: list[tuple[list[str], bool]] = []
        self._changed = asyncio.Event()

    def __call__(self, batches: list[Batch], error: BaseException | None) -> None:
        self.fates.append(([batch.ops[0][0] for batch in batches if batch.ops], error is None))
        self._changed.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(GIVE_UP_S):
            while len(self.fates) < count:
                self._changed.clear()
                await self._changed.wait()


def batch(op_id: str, epoch: int = 0) -> Batch:
    return Batch(epoch, ops=[(op_id, b"digest", None, None, 1)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    empty_store_file(tmp_path / "store.db")
    return tmp_path / "store.db"


def run(path: Path, test: Callable) -> list[str]:
    """Runs a test with a writer. Returns the ids of the ops on disk after it."""

    async def whole() -> None:
        reports = Reports()
        store = StoreWriter(path, asyncio.get_running_loop(), reports)
        try:
            await asyncio.wait_for(test(store, reports), GIVE_UP_S)
        finally:
            store.close()

    asyncio.run(whole())
    db = connect(path, read_only=True)
    ids = [row[0] for row in db.execute("SELECT op_id FROM ops ORDER BY rowid")]
    db.close()
    return ids


def block(store: StoreWriter) -> tuple[threading.Event, "asyncio.Future"]:
    """Blocks the writer until the event is set."""
    go = threading.Event()
    return go, store.call(lambda _db: go.wait(GIVE_UP_S))


def test_batches_that_wait_share_one_commit_and_are_reported_in_order(path):
    async def test(store, reports):
        go, _ = block(store)
        for op_id in "abc":
            store.put(batch(op_id))
        go.set()
        await reports.until(1)
        assert reports.fates == [(["a", "b", "c"], True)]

    assert run(path, test) == ["a", "b", "c"]


def test_of_batches_that_share_a_commit_all_are_written_or_none(path):
    async def test(store, reports):
        store.put(batch("a"))
        await reports.until(1)
        go, _ = block(store)
        for op_id in "bac":  # a is there already
            store.put(batch(op_id))
        go.set()
        await reports.until(2)
        assert reports.fates[1] == (["b", "a", "c"], False)

    assert run(path, test) == ["a"]


def test_batches_made_before_a_failure_was_reported_are_dropped_and_later_ones_written(path):
    async def test(store, reports):
        store.put(batch("a"))
        await reports.until(1)
        store.put(batch("a"))
        await reports.until(2)
        assert reports.fates[1] == (["a"], False)
        store.put(batch("b"))  # of the same epoch: it depends on the failed one
        store.put(batch("c", epoch=1))
        await reports.until(3)
        assert reports.fates[2] == (["c"], True)

    assert run(path, test) == ["a", "c"]


def test_an_empty_batch_is_reported_in_order(path):
    async def test(store, reports):
        go, _ = block(store)
        store.put(batch("a"))
        store.put(Batch(0))
        go.set()
        await reports.until(1)
        store.put(Batch(0))
        await reports.until(2)
        assert reports.fates == [(["a"], True), ([], True)]

    assert run(path, test) == ["a"]


def test_other_work_is_done_in_its_turn_and_its_failure_is_the_askers_alone(path):
    def fails(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM ops")
        raise ValueError("no")

    async def test(store, reports):
        store.put(batch("a"))
        assert await store.call(lambda db: db.execute("SELECT count(*) FROM ops").fetchone()[0]) == 1
        with pytest.raises(ValueError, match="no"):
            await store.call(fails)
        store.put(batch("b"))
        await reports.until(2)
        assert await store.checkpoint() is True

    assert run(path, test) == ["a", "b"]


def test_a_checkpoint_empties_the_log_unless_somebody_reads(path):
    wal = path.with_name("store.db-wal")

    async def test(store, reports):
        store.put(batch("a"))
        await reports.until(1)
        assert wal.stat().st_size > 0
        reader = connect(path, read_only=True)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM ops").fetchall()
        store.put(batch("b"))
        await reports.until(2)
        assert await store.checkpoint() is False  # it does not wait for the reader, and says so
        assert wal.stat().st_size > 0
        reader.close()
        assert await store.checkpoint() is True
        assert wal.stat().st_size == 0

    assert run(path, test) == ["a", "b"]


def test_close_writes_everything_queued(path):
    async def test(store, _reports):
        go, _ = block(store)
        for number in range(50):
            store.put(batch(f"{number:03}"))
        go.set()

    assert run(path, test) == [f"{number:03}" for number in range(50)]


def test_run_raises_what_breaks_the_writer_itself(path, monkeypatch):
    async def test(store, _reports):
        running = asyncio.ensure_future(store.run())
        monkeypatch.setattr(store, "_next", lambda: 1 / 0)
        store.put(batch("a"))
        with pytest.raises(ZeroDivisionError):
            await running
        with pytest.raises(ZeroDivisionError):  # nobody waits for it forever
            await store.call(lambda _db: None)

    assert run(path, test) == []


def test_a_file_of_a_version_that_left_copies_is_rewritten_once(path):
    db = connect(path)
    db.execute("PRAGMA secure_delete=OFF")  # because SQLite leaves copies where it moves rows, even with it
    rows = [(number, "tom", "Rumpelstiltskin", 1) for number in range(400)]
    db.executemany("INSERT INTO presence_log VALUES (?,?,?,?)", rows)
    db.execute("UPDATE presence_log SET presence = ''")
    db.close()
    migrate(path)
    assert b"Rumpelstiltskin" in path.read_bytes()  # it is not done each time: it takes a second for 100 MB
    db = connect(path)
    db.execute("PRAGMA user_version=0")  # as earlier versions left it
    db.close()
    migrate(path)
    assert not [p for p in path.parent.iterdir() if b"Rumpelstiltskin" in p.read_bytes()]
