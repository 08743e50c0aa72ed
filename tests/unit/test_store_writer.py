"""The one writer: groups what waits, reports in order, and drops what was built on a failure."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sync_server.service.store import Batch, Store, connect, migrate

GIVE_UP_S = 30


class Told:
    """What a store reported, in order."""

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
    migrate(tmp_path / "store.db")
    return tmp_path / "store.db"


def run(path: Path, test: Callable) -> list[str]:
    """Runs a test with a store; the ids of the ops on disk after it."""

    async def whole() -> None:
        told = Told()
        store = Store(path, asyncio.get_running_loop(), told)
        try:
            await asyncio.wait_for(test(store, told), GIVE_UP_S)
        finally:
            store.close()

    asyncio.run(whole())
    db = connect(path, read_only=True)
    ids = [row[0] for row in db.execute("SELECT op_id FROM ops ORDER BY rowid")]
    db.close()
    return ids


def held(store: Store) -> tuple[threading.Event, "asyncio.Future"]:
    """Keeps the writer busy until the event is set."""
    go = threading.Event()
    return go, store.call(lambda _db: go.wait(GIVE_UP_S))


def test_batches_that_wait_share_one_commit_and_are_reported_in_order(path):
    async def test(store, told):
        go, _ = held(store)
        for op_id in "abc":
            store.put(batch(op_id))
        go.set()
        await told.until(1)
        assert told.fates == [(["a", "b", "c"], True)]

    assert run(path, test) == ["a", "b", "c"]


def test_of_batches_that_share_a_commit_all_are_written_or_none(path):
    async def test(store, told):
        store.put(batch("a"))
        await told.until(1)
        go, _ = held(store)
        for op_id in "bac":  # a is there already
            store.put(batch(op_id))
        go.set()
        await told.until(2)
        assert told.fates[1] == (["b", "a", "c"], False)

    assert run(path, test) == ["a"]


def test_what_was_made_before_a_failure_was_known_is_dropped_and_what_comes_after_is_written(path):
    async def test(store, told):
        store.put(batch("a"))
        await told.until(1)
        store.put(batch("a"))
        await told.until(2)
        assert told.fates[1] == (["a"], False)
        store.put(batch("b"))  # made in the same epoch, on a floor on which the failed one had happened
        store.put(batch("c", epoch=1))
        await told.until(3)
        assert told.fates[2] == (["c"], True)

    assert run(path, test) == ["a", "c"]


def test_an_empty_batch_keeps_its_place_in_the_order(path):
    async def test(store, told):
        go, _ = held(store)
        store.put(batch("a"))
        store.put(Batch(0))
        go.set()
        await told.until(1)
        store.put(Batch(0))
        await told.until(2)
        assert told.fates == [(["a"], True), ([], True)]

    assert run(path, test) == ["a"]


def test_other_work_is_done_in_its_turn_and_its_failure_is_the_askers_alone(path):
    def fails(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM ops")
        raise ValueError("no")

    async def test(store, told):
        store.put(batch("a"))
        assert await store.call(lambda db: db.execute("SELECT count(*) FROM ops").fetchone()[0]) == 1
        with pytest.raises(ValueError, match="no"):
            await store.call(fails)
        store.put(batch("b"))
        await told.until(2)
        assert await store.tidy() is None

    assert run(path, test) == ["a", "b"]


def test_a_log_that_is_tidied_is_empty_unless_somebody_is_reading(path):
    wal = path.with_name("store.db-wal")

    async def test(store, told):
        store.put(batch("a"))
        await told.until(1)
        assert wal.stat().st_size > 0
        reader = connect(path, read_only=True)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM ops").fetchall()
        store.put(batch("b"))
        await told.until(2)
        await store.tidy()  # waits for nobody
        assert wal.stat().st_size > 0
        reader.close()
        await store.tidy()
        assert wal.stat().st_size == 0

    assert run(path, test) == ["a", "b"]


def test_what_is_queued_is_written_before_the_end(path):
    async def test(store, _told):
        go, _ = held(store)
        for number in range(50):
            store.put(batch(f"{number:03}"))
        go.set()

    assert run(path, test) == [f"{number:03}" for number in range(50)]


def test_a_file_of_a_version_that_left_traces_is_written_anew_once(path):
    db = connect(path)
    db.execute("PRAGMA secure_delete=OFF")  # as SQLite leaves some where it moves rows, even with it
    rows = [(number, "tom", "Rumpelstiltskin", 1) for number in range(400)]
    db.executemany("INSERT INTO presence_log VALUES (?,?,?,?)", rows)
    db.execute("UPDATE presence_log SET presence = ''")
    db.close()
    migrate(path)
    assert b"Rumpelstiltskin" in path.read_bytes()  # not each time: it takes a second for 100 MB
    db = connect(path)
    db.execute("PRAGMA user_version=0")  # what no version before ever set
    db.close()
    migrate(path)
    assert not [p for p in path.parent.iterdir() if b"Rumpelstiltskin" in p.read_bytes()]
