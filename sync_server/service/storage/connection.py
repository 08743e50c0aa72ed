"""Opens connections to `store.db`, for writing or for reading, and transactions on them."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from sync_server.service.limits.numbers import READ_S

from .errors import StoreError, explain

BUSY_MS = 5000  # how long a writer waits for another one
STEPS = 10_000  # of SQLite's machine, a millisecond or less: how often a limit is looked at


def connect(path: Path, read_only: bool = False, create: bool = False) -> sqlite3.Connection:
    """A connection with the settings of this project. Raises StoreError, also where the file is missing.

    FULL makes every commit survive a power cut. With secure_delete, removed data is overwritten. Only
    `create` makes a new file: the caller makes a new store, or a file that is not a store.
    """
    uri = path.absolute().as_uri()
    mode = "ro" if read_only else "rwc" if create else "rw"
    uri += f"&mode={mode}" if "?" in uri else f"?mode={mode}"
    try:
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        db.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        db.execute("PRAGMA foreign_keys=ON")
        if not read_only:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA secure_delete=ON")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {explain(error)}") from error
    return db


@contextlib.contextmanager
def reading(path: Path, limit_s: float | None = READ_S) -> Iterator[sqlite3.Connection]:
    """A read-only connection for the length of a block. Raises StoreError.

    It never waits for the writer. But as long as it reads, nothing that was removed is overwritten, so after
    `limit_s` every statement fails; None is for work that the whole process waits for.
    """
    db = connect(path, read_only=True)
    if limit_s is not None:
        end = time.monotonic() + limit_s
        db.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        yield db
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
        with contextlib.suppress(sqlite3.Error):  # SQLite has rolled back already; the first error counts
            db.execute("ROLLBACK")
        raise


def empty_write_ahead_log(db: sqlite3.Connection) -> bool:
    """Empties the write-ahead log, where what was overwritten in the store's file may still be.

    False, at once, where that cannot be done yet: some program still reads an older state of the store.
    """
    db.execute("PRAGMA busy_timeout=0")  # ops must not wait for a reader
    try:
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return not busy
