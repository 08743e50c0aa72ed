"""Applies retention and erasure to the stores that a restore has replaced, as long as they are there."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sync_server.service.auth.errors import AccountError
from sync_server.service.storage.connection import connect, empty_write_ahead_log, transaction
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.errors import StoreError, explain, is_disk_error
from sync_server.service.storage.schema.migrate import migrate

from . import retention
from .retention import DESCRIPTION_MS

PREFIX = "before-restore-"  # of the directory's name; the moment of the restore follows

log = logging.getLogger(__name__)


def replaced_stores(data_dir: DataDir) -> list[Path]:
    """The directories of such stores, the oldest first. Raises OSError."""
    return sorted(path for path in data_dir.path.glob(f"{PREFIX}*") if path.is_dir())


def replaced_at(path: Path) -> int:
    """When a restore replaced it, ms UTC, by the directory's name; 0 for a name that is not ours.

    The directory's own time does not tell: retention changes it.
    """
    try:
        moment = datetime.strptime(path.name.removeprefix(PREFIX).partition("-")[0], "%Y%m%dT%H%M%S%z")
    except ValueError:  # not a name of ours
        return 0
    return int(moment.timestamp() * 1000)


class ReplacedStores:
    """Removes what is kept no longer. A store that cannot be read is logged once, and left alone then.

    `keep_ms` may be changed.
    """

    def __init__(self, data_dir: DataDir, keep_ms: int = DESCRIPTION_MS) -> None:
        self._data_dir = data_dir
        self.keep_ms = keep_ms
        self._unreadable: set[Path] = set()

    def apply_retention(self, now: int) -> None:
        """`now` in ms UTC. Raises OSError where the data directory cannot be listed."""
        for path in replaced_stores(self._data_dir):
            if path in self._unreadable:
                continue
            try:
                if (path / "store.db").exists():
                    _apply_retention(path / "store.db", now, self.keep_ms)
            except Exception as error:
                if is_disk_error(error):
                    log.warning("%s: what is due cannot be removed yet: %s", path, explain(error))
                    continue
                self._unreadable.add(path)
                log.warning("%s: what is due cannot be removed (%s); remove the folder", path, error)


def erase(data_dir: DataDir, day: str, ticket: str) -> tuple[bool, list[str]]:
    """Removes all words about a shopper from these stores, at once.

    Returns whether any of them has the ticket, and the directories that cannot be read. Raises
    AccountError where the disk fails.
    """
    found, unreadable = False, []
    for path in replaced_stores(data_dir):
        try:
            if (path / "store.db").exists():
                with _writing(path / "store.db") as db:
                    retention.erase(db, day, ticket)
                found = True
        except AccountError:
            continue  # this store does not have the ticket
        except Exception as error:
            if is_disk_error(error):
                raise AccountError(f"{path}: {explain(error)}; then erase again") from error
            log.warning("%s: cannot be read: %s", path, error)
            unreadable.append(str(path))
    return found, unreadable


def overwrite(data_dir: DataDir) -> list[str]:
    """Overwrites what was removed from these stores. Returns the files where some program prevents that."""
    pending = []
    for path in replaced_stores(data_dir):
        store = path / "store.db"
        with contextlib.suppress(StoreError), contextlib.closing(connect(store)) as db:
            if not empty_write_ahead_log(db):
                pending.append(str(store))
    return pending


def _apply_retention(store: Path, now: int, keep_ms: int) -> None:
    with _writing(store) as db:
        retention.forget(db, now, keep_ms)
        retention.forget_answers(db, now, keep_ms)


@contextlib.contextmanager
def _writing(store: Path) -> Iterator[sqlite3.Connection]:
    """One transaction. Afterwards nothing of it is left in the write-ahead log. Raises StoreError."""
    migrate(store)  # an older version may have kept words in other places
    db = connect(store)
    try:
        with transaction(db):
            yield db
        if not empty_write_ahead_log(db):
            log.warning("%s: what was removed is not overwritten yet: some program reads it", store)
    finally:
        db.close()
