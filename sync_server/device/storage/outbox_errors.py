"""Why the device's database cannot be used."""

import sqlite3
from enum import StrEnum
from pathlib import Path

_PRIMARY = 0xFF  # SQLite's result codes have details in their higher bytes


class Cause(StrEnum):
    """Why the database cannot be used. `storage.*` in the texts says it to people."""

    FULL = "full"
    NOT_WRITABLE = "not_writable"
    IN_USE = "in_use"
    OTHER_VERSION = "other_version"
    OTHER = "other"


class OutboxError(Exception):
    """The device's database cannot be used. The text names the file, the reason and what to do."""

    def __init__(self, text: str, cause: Cause = Cause.OTHER) -> None:
        super().__init__(text)
        self.cause = cause


class OutboxDamaged(OutboxError):
    """The file is no database of a device, or a part of it cannot be read any more."""


_CAUSES = {
    sqlite3.SQLITE_FULL: Cause.FULL,
    sqlite3.SQLITE_READONLY: Cause.NOT_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: Cause.NOT_WRITABLE,
    sqlite3.SQLITE_PERM: Cause.NOT_WRITABLE,
    sqlite3.SQLITE_BUSY: Cause.IN_USE,
    sqlite3.SQLITE_LOCKED: Cause.IN_USE,
}
# The last one: a table or column is missing, since our statements have no mistakes.
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


def outbox_error(path: Path, error: sqlite3.Error, advice: str) -> OutboxError:
    """What SQLite reported, for the file at `path`."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code in _DAMAGE:
        return OutboxDamaged(f"{path}: {error}; the file is damaged, start this app again to begin afresh")
    return OutboxError(f"{path}: {error}; {advice}", _CAUSES.get(code, Cause.OTHER))
