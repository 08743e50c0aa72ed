"""Makes sure that `store.db` is there, and holds a store, before anything is read from it or written to it.

Only `welkom init` and `welkom restore` make a store. A file that is missing or empty is never replaced by a
new one: the shop would work with an empty log, and nobody would notice that the old one is gone.
"""

import contextlib
import sqlite3
from pathlib import Path

from .connection import connect
from .errors import StoreError, StoreMissing, explain

WAY_OUT = "put it back, or a backup with `welkom restore`; nothing else makes a store"
_TABLES = ("visit_events", "visits", "devices")  # that a store of every version has


def require_store(path: Path) -> None:
    """Raises StoreMissing unless the file holds a store, StoreError where it cannot be read."""
    # SQLite is asked, not the file system: a simulation keeps its databases in memory.
    try:
        db = connect(path, read_only=True)
    except StoreError:
        if path.exists():
            raise
        raise StoreMissing(f"{path}: is not there; {WAY_OUT}") from None
    with contextlib.closing(db):
        try:
            found = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {explain(error)}") from error
    if not found.issuperset(_TABLES):
        what = "is of another program" if found else "is empty"
        raise StoreMissing(f"{path}: {what}; {WAY_OUT}")


class OpenedFile:
    """The file that was at `path` when this was made. Whoever opens it later can make sure that it still is.

    SQLite goes on writing to a file that was removed or renamed, and all of that is lost with the process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = self._look()

    def require_unchanged(self) -> None:
        """Raises StoreMissing where the file was removed, moved away or replaced."""
        if self._look() != self._identity:
            raise StoreMissing(f"{self._path}: is not there any more, or is another file; {WAY_OUT}")

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:  # not there; or a database in memory, which never is
            return None
        return found.st_dev, found.st_ino
