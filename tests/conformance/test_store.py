"""The store of the simulation, in memory and without a thread, behaves like the one on disk."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sync_server.service.storage import mapping
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.connection import connect, reading
from sync_server.service.storage.executor import Executor, ThreadExecutor
from sync_server.service.storage.schema.migrate import create_store_file
from sync_server.service.storage.writer import StoreWriter
from sync_server.simulation.days.store_setup import MemoryPath
from sync_server.simulation.machines.server_machine import SimulatedDisk
from sync_server.simulation.virtual.virtual_loop import VirtualLoop

GIVE_UP_S = 30
MAX_PAGES = 0xFFFFFFFE  # SQLite's default
Report = tuple[list[str], str | None]  # op ids of a commit, and its error


class Store:
    """A store whose disk can be full. `run` runs a coroutine with its writer and returns the ops on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reports: list[Report] = []
        self.seen_at_reports: list[list[str]] = []  # by another connection
        self.writer: StoreWriter

    def set_full(self, full: bool) -> None:
        raise NotImplementedError

    def ops(self) -> list[str]:
        """What another connection sees now."""
        with reading(self.path) as db:
            return [row[0] for row in db.execute("SELECT op_id FROM ops ORDER BY rowid")]

    async def settled(self) -> None:
        """Until everything queued so far is done and reported."""
        with contextlib.suppress(sqlite3.Error):
            await self.writer.call(lambda _db: None)

    def run(self, test: Callable[["Store"], Coroutine[Any, Any, None]]) -> list[str]:
        raise NotImplementedError

    async def _run(self, test: Callable[["Store"], Coroutine[Any, Any, None]], executor: Executor) -> None:
        self.writer = StoreWriter(self.path, asyncio.get_running_loop(), self._on_written, executor)
        try:
            await asyncio.wait_for(test(self), GIVE_UP_S)
        finally:
            self.writer.close()

    def _on_written(self, batches: list[Batch], error: BaseException | None) -> None:
        self.reports.append(([batch.ops[0][0] for batch in batches], str(error) if error else None))
        self.seen_at_reports.append(self.ops())


class StoreOnDisk(Store):
    def run(self, test: Callable[[Store], Coroutine[Any, Any, None]]) -> list[str]:
        async def whole() -> None:
            await self._run(test, ThreadExecutor(asyncio.get_running_loop()))

        asyncio.run(whole())
        return self.ops()

    def set_full(self, full: bool) -> None:
        """Lets the file grow no further."""
        (pages,) = self.writer._db.execute("PRAGMA page_count").fetchone()
        self.writer._db.execute(f"PRAGMA max_page_count = {pages if full else MAX_PAGES}")


class StoreInMemory(Store):
    def run(self, test: Callable[[Store], Coroutine[Any, Any, None]]) -> list[str]:
        loop = VirtualLoop()
        self._machine = SimpleNamespace(
            disk_full=False,
            disk_delay=lambda: 0.001,
            reach=lambda _point: None,
            checker=SimpleNamespace(on_commit=lambda _batches: None),
        )
        try:
            loop.run_until_complete(self._run(test, SimulatedDisk(cast(Any, self._machine), loop)))
        finally:
            loop.discard()
        return self.ops()

    def set_full(self, full: bool) -> None:
        self._machine.disk_full = full


@pytest.fixture(params=["disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "disk":
        create_store_file(tmp_path / "store.db")
        yield StoreOnDisk(tmp_path / "store.db")
        return
    path = MemoryPath(tmp_path) / "store.db"
    with contextlib.closing(connect(path, create=True)):  # the database is there as long as this connection
        create_store_file(path)
        yield StoreInMemory(path)


def batch(op_id: str, epoch: int = 0, size: int = 16) -> Batch:
    return Batch(epoch, ops=[(op_id, b"x" * size, None, None, 1)])


def test_batches_are_written_and_reported_in_order(store: Store) -> None:
    async def test(store: Store) -> None:
        for number in range(20):
            store.writer.put(batch(f"op {number:02}"))
        await store.settled()

    written = store.run(test)
    assert written == [f"op {number:02}" for number in range(20)]
    assert [op_id for ids, _ in store.reports for op_id in ids] == written
    assert {error for _, error in store.reports} == {None}


def test_batches_that_wait_together_share_a_commit(store: Store) -> None:
    async def test(store: Store) -> None:
        commits: list[float] = []
        store.writer.on_commit = commits.append
        before = store.writer.call(lambda _db: None)
        for number in range(5):
            store.writer.put(batch(str(number)))
        await before
        await store.settled()
        assert 1 <= len(commits) <= 5
        assert len(store.reports) == len(commits)

    assert len(store.run(test)) == 5


def test_a_batch_is_on_disk_when_it_is_reported(store: Store) -> None:
    async def test(store: Store) -> None:
        store.writer.put(batch("a"))
        await store.settled()
        store.writer.put(batch("b"))
        await store.settled()

    store.run(test)
    assert store.seen_at_reports == [["a"], ["a", "b"]]


def test_a_call_that_fails_raises_and_leaves_nothing_behind(store: Store) -> None:
    async def test(store: Store) -> None:
        def work(db: sqlite3.Connection) -> None:
            db.execute(mapping.INSERT_OP, batch("half").ops[0])
            raise RuntimeError("in the middle")

        with pytest.raises(RuntimeError, match="in the middle"):
            await store.writer.call(work)
        store.writer.put(batch("after"))
        await store.settled()

    assert store.run(test) == ["after"]


def test_a_full_disk_fails_the_batches_of_that_epoch_and_no_others(store: Store) -> None:
    async def test(store: Store) -> None:
        store.set_full(True)
        store.writer.put(batch("first", epoch=0, size=500_000))
        await store.settled()
        store.set_full(False)
        store.writer.put(batch("same epoch", epoch=0))
        store.writer.put(batch("next epoch", epoch=1))
        await store.settled()
        assert store.reports == [
            (["first"], "database or disk is full"),
            (["next epoch"], None),
        ]

    assert store.run(test) == ["next epoch"]


def test_what_is_queued_when_the_writer_closes_is_written(store: Store) -> None:
    async def test(store: Store) -> None:
        store.writer.put(batch("a"))
        store.writer.put(batch("b"))

    assert store.run(test) == ["a", "b"]


def test_the_write_ahead_log_can_be_emptied(store: Store) -> None:
    async def test(store: Store) -> None:
        store.writer.put(batch("a"))
        assert await store.writer.checkpoint() is True

    assert store.run(test) == ["a"]
