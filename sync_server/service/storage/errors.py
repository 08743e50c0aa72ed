"""Says why the store's file cannot be used, and what to do about it."""

import errno
import sqlite3
from enum import StrEnum
from typing import NamedTuple


class StoreError(Exception):
    """The store cannot be read or written. The text says which file, why, and what to do."""


class StoreMissing(StoreError):
    """The file is not there, or is not the one that it was, or there is no store in it."""


def is_disk_error(error: BaseException | None) -> bool:
    """Whether the disk is the cause: full, over a quota, or failing. The same may succeed later."""
    while error is not None:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return True
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
            return True
        error = error.__cause__
    return False


class FaultCause(StrEnum):
    """Why the store's file cannot be used. The manager's pages have a text for each code."""

    FULL = "full"
    DISK = "disk"
    NOT_WRITABLE = "not_writable"
    DAMAGED = "damaged"
    NOT_OPENED = "not_opened"
    MISSING = "missing"
    LOCKED = "locked"
    OTHER = "other"


class StoreFault(NamedTuple):
    """The cause, and a text in English for logs: what it means for the shop, and what to do."""

    cause: FaultCause
    text: str


def explain(error: BaseException) -> str:
    """What this error means and what to do, as a text."""
    return fault_of(error).text


def fault_of(error: BaseException) -> StoreFault:
    """What this error means."""
    text = str(error)
    if isinstance(error, StoreMissing):
        return StoreFault(FaultCause.MISSING, text)
    code = getattr(error, "sqlite_errorcode", 0)
    # On a full disk SQLite may not be able to make its shared-memory file; it calls that an I/O error.
    if "full" in text or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        remedy = "free some space, everything waiting is then saved by itself"
        return StoreFault(FaultCause.FULL, f"the disk is full; {remedy}")
    if is_disk_error(error):
        remedy = "free some space, or replace the disk"
        return StoreFault(FaultCause.DISK, f"the disk is over its quota or failing ({text}); {remedy}")
    if "readonly" in text or "read-only" in text:
        return StoreFault(FaultCause.NOT_WRITABLE, "the file cannot be written; check who owns the folder")
    if "not a database" in text or "malformed" in text:
        remedy = "put back your latest copy of it"
        return StoreFault(FaultCause.DAMAGED, f"this is not a sound store file ({text}); {remedy}")
    if "unable to open" in text:
        remedy = "check that the folder exists and who owns it"
        return StoreFault(FaultCause.NOT_OPENED, f"the file cannot be opened; {remedy}")
    if code == sqlite3.SQLITE_INTERRUPT:
        return StoreFault(FaultCause.OTHER, "reading took too long and was ended; ask for fewer days at once")
    if "locked" in text:
        return StoreFault(FaultCause.LOCKED, "another program is writing to the file; close it")
    return StoreFault(FaultCause.OTHER, text)
