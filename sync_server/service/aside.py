"""Stores that a restore has put aside: what is due is removed from them too, as long as they are kept."""

import logging
import sqlite3
from pathlib import Path

from .folder import Folder
from .retention import DESCRIPTION_MS, forget, forget_answers
from .store import StoreError, connect, explain, is_of_disk, migrate, transaction

NAMED = "before-restore-"

log = logging.getLogger(__name__)


def aside(folder: Folder) -> list[Path]:
    """The folders of such stores, the oldest first."""
    return sorted(path for path in folder.path.glob(f"{NAMED}*") if path.is_dir())


class Asides:
    """Forgets in them what is due. One that cannot be read is told of once, and by `welkom doctor`."""

    def __init__(self, folder: Folder, keep_ms: int = DESCRIPTION_MS) -> None:
        self._folder = folder
        self._keep_ms = keep_ms
        self._unreadable: set[Path] = set()

    def forget(self, now: int) -> None:
        """`now` in ms UTC."""
        for path in aside(self._folder):
            store = path / "store.db"
            if store.exists() and path not in self._unreadable:
                try:
                    _forget(store, now, self._keep_ms)
                except (StoreError, sqlite3.Error) as error:
                    if is_of_disk(error):
                        log.warning("%s: what is due cannot be removed yet: %s", path, explain(error))
                        continue
                    self._unreadable.add(path)
                    log.warning("%s: what is due cannot be removed (%s); remove the folder", path, error)


def _forget(store: Path, now: int, keep_ms: int) -> None:
    migrate(store)  # it may be of an older version, which kept words elsewhere
    db = connect(store)
    try:
        with transaction(db):
            forget(db, now, keep_ms)
            forget_answers(db, now, keep_ms)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()
