"""The store's one writer: a thread that owns the writing connection to `store.db`.

Batches that wait while the disk is busy are written in one transaction (group commit). A batch is
reported done only when it is on disk. After a failed commit every batch made before the failure
was reported is dropped as well, because it was worked out on top of what did not happen.
"""

import contextlib
import errno
import os
import queue
import sqlite3
import threading
import time
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlite_utils import Database

from . import tables
from .migrations import migrations
from .tables import Row

T = TypeVar("T")

# Versions before left copies of what was removed, where SQLite moved rows. Such a file is written anew once.
NO_TRACES = 1


class StoreError(Exception):
    """The store cannot be read or written. The text says which file, why, and what to do."""


@dataclass
class Batch:
    """What one turn of the loop wants on disk. `epoch` counts the failures seen when it was made."""

    epoch: int
    events: list[Row] = field(default_factory=list)
    visits: dict[str, Row] = field(default_factory=dict)
    presence: list[Row] = field(default_factory=list)
    feedback: list[Row] = field(default_factory=list)
    ops: list[Row] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.events or self.ops)


@dataclass
class _Call:
    """Something else for the writing connection to do, as a rule in a transaction of its own."""

    work: Callable[[sqlite3.Connection], Any]
    future: "Future[Any]"
    in_transaction: bool = True


Item = Batch | _Call
Done = Callable[[list[Batch], BaseException | None], None]


def connect(path: Path, read_only: bool = False) -> sqlite3.Connection:
    """A connection set up as this project needs it. Raises StoreError.

    FULL makes every commit survive a power cut; with secure_delete what is removed is overwritten.
    """
    uri = path.absolute().as_uri()
    if read_only:
        uri += "&mode=ro" if "?" in uri else "?mode=ro"
    try:
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA busy_timeout=5000")
        db.execute("PRAGMA foreign_keys=ON")
        if not read_only:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA secure_delete=ON")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {explain(error)}") from error
    return db


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection for the length of a block. Raises StoreError."""
    db = connect(path, read_only=True)
    try:
        yield db
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {explain(error)}") from error
    finally:
        db.close()


def migrate(path: Path) -> None:
    """Brings the schema up to date, making the file if need be. Raises StoreError."""
    if not path.exists():
        with contextlib.suppress(OSError):  # connecting says why
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))  # it will hold what shoppers said
    db = connect(path)
    try:
        steps = Database(db)
        with steps.atomic():  # its table and its index are two statements
            migrations.ensure_migrations_table(steps)
        migrations.apply(steps)
        if db.execute("PRAGMA user_version").fetchone()[0] < NO_TRACES:
            db.execute("VACUUM")
            db.execute(f"PRAGMA user_version={NO_TRACES}")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {explain(error)}") from error
    finally:
        db.close()


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """BEGIN IMMEDIATE … COMMIT; rolled back on any error."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def is_of_disk(error: BaseException | None) -> bool:
    """Whether the disk is why: full, over a quota, failing. What was tried may succeed later, unchanged."""
    while error is not None:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return True
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
            return True
        error = error.__cause__
    return False


class Cause(StrEnum):
    """Why the store's file cannot be used. The manager's pages say it in their language, by this code."""

    FULL = "full"
    DISK = "disk"
    NOT_WRITABLE = "not_writable"
    DAMAGED = "damaged"
    NOT_OPENED = "not_opened"
    LOCKED = "locked"
    OTHER = "other"


class Trouble(NamedTuple):
    """The cause, and what it means to somebody who keeps a shop, with the way out: in English, for logs."""

    cause: Cause
    text: str


def explain(error: BaseException) -> str:
    """What a failed write means, in words."""
    return trouble_of(error).text


def trouble_of(error: BaseException) -> Trouble:
    """What a failed write means."""
    text = str(error)
    code = getattr(error, "sqlite_errorcode", 0)
    # Where not even the small file beside the log can be made, SQLite calls it an error of the disk.
    if "full" in text or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        way_out = "free some space, everything waiting is then saved by itself"
        return Trouble(Cause.FULL, f"the disk is full; {way_out}")
    if is_of_disk(error):
        way_out = "free some space, or replace the disk"
        return Trouble(Cause.DISK, f"the disk is over its quota or failing ({text}); {way_out}")
    if "readonly" in text or "read-only" in text:
        return Trouble(Cause.NOT_WRITABLE, "the file cannot be written; check who owns the folder")
    if "not a database" in text or "malformed" in text:
        way_out = "put back your latest copy of it"
        return Trouble(Cause.DAMAGED, f"this is not a sound store file ({text}); {way_out}")
    if "unable to open" in text:
        way_out = "check that the folder exists and who owns it"
        return Trouble(Cause.NOT_OPENED, f"the file cannot be opened; {way_out}")
    if "locked" in text:
        return Trouble(Cause.LOCKED, "another program is writing to the file; close it")
    return Trouble(Cause.OTHER, text)


class Store:
    """The writer. `done(batches, error)` is called in the event loop, in the order they were put."""

    def __init__(
        self,
        path: Path,
        loop: AbstractEventLoop,
        done: Done,
    ) -> None:
        self.path = path
        self._loop = loop
        self._done = done
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._failed_epoch = -1
        self.on_commit: Callable[[float], object] = lambda _seconds: None  # called by the writer's thread
        self._db = connect(path)
        self._start()

    def put(self, batch: Batch) -> None:
        """Queues a batch; its fate is told to `done`."""
        self._hand_over(batch)

    def call(self, work: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Runs `work(connection)` in a transaction on the writer's thread."""
        future: Future[T] = self._loop.create_future()
        self._hand_over(_Call(work, future))
        return future

    def tidy(self) -> "Future[None]":
        """Empties the write-ahead log, where what was overwritten in `store.db` may still stand."""
        future: Future[None] = self._loop.create_future()
        self._hand_over(_Call(_empty_log, future, in_transaction=False))
        return future

    def close(self) -> None:
        """Writes what is queued and ends the thread."""
        self._queue.put(None)
        self._thread.join()
        self._db.close()

    # --- the thread, and what passes between it and the loop ---------------------------------------

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def _hand_over(self, item: Item) -> None:
        self._queue.put(item)

    def _tell(self, what: Callable[[], Any]) -> None:
        # The loop may be gone when the server is stopping; what is written stays written.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what)

    def _run(self) -> None:
        stop = False
        while not stop:
            items = [self._queue.get()]
            with contextlib.suppress(queue.Empty):
                while True:
                    items.append(self._queue.get_nowait())
            stop = None in items
            self._work([item for item in items if item is not None])

    # --- on the connection -------------------------------------------------------------------------

    def _work(self, items: list[Item]) -> None:
        """Writes what is at hand: batches together, each call after the batches queued before it."""
        batches: list[Batch] = []
        for item in items:
            if isinstance(item, Batch):
                batches.append(item)
                continue
            self._write(batches)
            batches = []
            self._do(item)
        self._write(batches)

    def _write(self, batches: list[Batch]) -> None:
        batches = [b for b in batches if b.epoch > self._failed_epoch]
        if not batches:
            return
        error: BaseException | None = None
        try:
            if any(not b.empty for b in batches):
                began = time.perf_counter()
                self._commit(batches)
                self.on_commit(time.perf_counter() - began)
        except Exception as caught:  # whatever it is: a writer that ended would leave all devices waiting
            error = caught
            self._failed_epoch = batches[-1].epoch
        self._tell(lambda: self._done(batches, error))

    def _commit(self, batches: list[Batch]) -> None:
        with transaction(self._db):
            _insert(self._db, batches)

    def _do(self, call: _Call) -> None:
        try:
            with transaction(self._db) if call.in_transaction else contextlib.nullcontext():
                result = call.work(self._db)
        except Exception as error:
            self._tell(partial(_resolve, call.future, None, error))
        else:
            self._tell(partial(_resolve, call.future, result, None))


def _resolve(future: "Future[Any]", result: Any, error: Exception | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _empty_log(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA busy_timeout=0")  # nobody's op waits for a reader; the next time will do
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.execute("PRAGMA busy_timeout=5000")


def _insert(db: sqlite3.Connection, batches: list[Batch]) -> None:
    visits: dict[str, Row] = {}
    for batch in batches:
        visits.update(batch.visits)
    for sql, rows in (
        (tables.INSERT_EVENT, [row for b in batches for row in b.events]),
        (tables.UPSERT_VISIT, list(visits.values())),
        (tables.INSERT_PRESENCE, [row for b in batches for row in b.presence]),
        (tables.INSERT_FEEDBACK, [row for b in batches for row in b.feedback]),
        (tables.INSERT_OP, [row for b in batches for row in b.ops]),
    ):
        if rows:
            db.executemany(sql, rows)
