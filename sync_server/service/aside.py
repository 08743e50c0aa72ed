"""Stores that a restore has put aside: what is due or asked for goes from them too, while they are kept."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from . import retention
from .accounts import AccountError
from .folder import Folder
from .retention import DESCRIPTION_MS
from .store import connect, explain, is_of_disk, migrate, transaction

NAMED = "before-restore-"

log = logging.getLogger(__name__)


def aside(folder: Folder) -> list[Path]:
    """The folders of such stores, the oldest first."""
    return sorted(path for path in folder.path.glob(f"{NAMED}*") if path.is_dir())


def put_aside_at(path: Path) -> int:
    """When a restore did, ms UTC, by the folder's name; long ago where it is not one of ours.

    The folder's own time says nothing: each look for what is due moves it.
    """
    try:
        moment = datetime.strptime(path.name.removeprefix(NAMED).partition("-")[0], "%Y%m%dT%H%M%S%z")
    except ValueError:
        return 0
    return int(moment.timestamp() * 1000)


class Asides:
    """Forgets in them what is due. One that cannot be read is told of once, and by `welkom doctor`."""

    def __init__(self, folder: Folder, keep_ms: int = DESCRIPTION_MS) -> None:
        self._folder = folder
        self._keep_ms = keep_ms
        self._unreadable: set[Path] = set()

    def forget(self, now: int) -> None:
        """`now` in ms UTC."""
        for path in aside(self._folder):
            if path in self._unreadable:
                continue
            try:
                if (path / "store.db").exists():
                    _forget(path / "store.db", now, self._keep_ms)
            except Exception as error:
                if is_of_disk(error):
                    log.warning("%s: what is due cannot be removed yet: %s", path, explain(error))
                    continue
                self._unreadable.add(path)
                log.warning("%s: what is due cannot be removed (%s); remove the folder", path, error)


def erase(folder: Folder, day: str, ticket: str) -> tuple[bool, list[str]]:
    """Removes all words about a shopper from these stores too, at once.

    Whether any of them knew the ticket, and the folders of those that cannot be read. Raises AccountError
    where the disk does not take it.
    """
    found, unreadable = False, []
    for path in aside(folder):
        try:
            if (path / "store.db").exists():
                with _written_anew(path / "store.db") as db:
                    retention.erase(db, day, ticket)
                found = True
        except AccountError:
            continue  # it does not know the ticket
        except Exception as error:
            if is_of_disk(error):
                raise AccountError(f"{path}: {explain(error)}; then erase again") from error
            unreadable.append(str(path))
    return found, unreadable


def _forget(store: Path, now: int, keep_ms: int) -> None:
    with _written_anew(store) as db:
        retention.forget(db, now, keep_ms)
        retention.forget_answers(db, now, keep_ms)


@contextlib.contextmanager
def _written_anew(store: Path) -> Iterator[sqlite3.Connection]:
    """One transaction, of which nothing is left beside the file. Raises StoreError."""
    migrate(store)  # it may be of an older version, which kept words elsewhere
    db = connect(store)
    try:
        with transaction(db):
            yield db
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()
