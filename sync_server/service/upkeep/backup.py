"""Backups: a folder with all that is needed to be this store again, and nothing about any shopper.

What describes a shopper (how they are called and spotted, their ticket's link, notes and comments)
is left out: it must be gone a day after the visit, and a backup is kept for longer. A restored
visit still has its ticket, need, times and outcome, which is all that the floor goes by. So nothing
ever has to be removed from a backup afterwards.
"""

import contextlib
import hashlib
import itertools
import os
import shutil
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from .finding import Finding
from .folder import Folder, sync
from .retention import remove_all
from .store import explain, reading
from .verify import verify_file

FIRST = "welkom-"  # every backup's name begins with it; then the moment, so that names sort by time
MANIFEST = "backup.json"
STORE = "store.db"
BESIDE = (".key", ".pem", ".crt")  # what stands beside the settings and belongs to the store
STALE_S = 3600  # an unfinished backup of this age is of a process that died


class BackupError(Exception):
    """A backup could not be made or used. The text names the place, why, and what to do."""


class Manifest(Struct, frozen=True):
    """What a backup says of itself. `made_at` in ms UTC; `files` gives each file's SHA-256."""

    made_at: int
    store: str
    seq: int
    files: dict[str, str]


def back_up(folder: Folder, into: Path, now: int | None = None) -> Path:
    """Makes a backup of a store, running or stopped, in a new folder below `into`; that folder.

    It appears there whole and verified, or not at all. Raises BackupError, FolderError or StoreError.
    """
    folder.check_owner()  # who could not remove it when it is old
    at = time.time_ns() // 1_000_000 if now is None else now
    moment = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        into.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(into)
        part = into / f".{FIRST}{moment}.{os.getpid()}.part"
        part.mkdir(mode=0o700)
        try:
            _fill(part, folder, at)
            if findings := check(part):
                raise BackupError(
                    f"{folder.path}: the backup is not sound, so it was not kept ({findings[0].text});"
                    " run `welkom verify` on the store"
                )
            whole = free_name(into / f"{FIRST}{moment}")
            part.rename(whole)
            sync(into)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except OSError as error:
        why = "the disk is full" if error.errno == 28 else error.strerror or str(error)
        raise BackupError(
            f"{into}: no backup could be made ({why}); free some space, or name another place"
        ) from error
    return whole


def check(backup: Path) -> list[Finding]:
    """What is wrong with a backup; nothing if a store can be made of it."""
    try:
        manifest = read_manifest(backup)
    except BackupError as error:
        return [Finding("backup", str(error))]
    for name, digest in manifest.files.items():
        path = backup / name
        if not path.is_file() or _digest(path) != digest:
            what = "is missing or differs from what was written"
            return [Finding("backup", f"{path}: {what}; use another backup")]
    # One of an older version is looked at in full when it is restored, once it is up to date; answers that
    # have grown old in it are removed then too.
    return [f for f in verify_file(backup / STORE) if f.about not in ("older", "answers")]


def read_manifest(backup: Path) -> Manifest:
    """Raises BackupError where this is no backup."""
    try:
        manifest = msgspec.json.decode((backup / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        why = f"{MANIFEST}: {error.strerror}" if isinstance(error, OSError) else error
        raise BackupError(
            f"{backup}: is no backup ({why}); name a folder that `welkom backup` has made"
        ) from error
    if not {STORE, "store.toml", "server.key"} <= manifest.files.keys() or any(
        Path(name).name != name for name in manifest.files
    ):
        raise BackupError(f"{backup}: is no whole backup; use another one")
    return manifest


def backups(into: Path) -> list[Path]:
    """The backups in a folder, the latest first."""
    try:
        found = [
            path for path in into.iterdir() if path.name.startswith(FIRST) and (path / MANIFEST).is_file()
        ]
    except OSError:
        return []
    return sorted(found, reverse=True)


def rotate(into: Path, keep: int) -> int:
    """Removes all but the latest `keep` backups of a folder; how many it removed. Raises BackupError."""
    old = backups(into)[max(1, keep) :]
    for path in old:
        try:
            (path / MANIFEST).unlink()  # from here on it is no backup, should the rest be interrupted
            shutil.rmtree(path)
        except OSError as error:
            raise BackupError(f"{path}: cannot be removed ({error.strerror}); remove it by hand") from error
    return len(old)


def files_beside(folder: Path) -> list[Path]:
    """The settings, keys and certificates of a store. Devices' own files are never among them."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and (path.name == "store.toml" or path.suffix in BESIDE)
    )


def _fill(part: Path, folder: Folder, at: int) -> None:
    _copy_store(folder.store, part / STORE)
    for path in files_beside(folder.path):
        shutil.copyfile(path, part / path.name)
    with reading(part / STORE) as db:
        seq = db.execute("SELECT coalesce(max(seq), 0) FROM visit_events").fetchone()[0]
    files = {path.name: _digest(path) for path in sorted(part.iterdir())}
    manifest = Manifest(at, str(folder.path.absolute()), seq, files)
    (part / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    for path in part.iterdir():
        path.chmod(0o600)
        sync(path)
    sync(part)


def _copy_store(path: Path, to: Path) -> None:
    """One moment of the store, without what it says about shoppers.

    The whole copy lives in a nameless file that is gone with this process; only what may be kept
    gets a name.
    """
    try:
        with contextlib.closing(sqlite3.connect("", isolation_level=None)) as scratch:
            with reading(path) as db:
                db.backup(scratch)
            remove_all(scratch)
            scratch.execute("VACUUM INTO ?", (str(to),))
    except sqlite3.Error as error:
        raise BackupError(f"{to.parent.parent}: no backup could be made ({explain(error)})") from error


def _sweep(into: Path) -> None:
    """Removes what a process that died has left unfinished."""
    for path in into.glob(f".{FIRST}*.part"):
        if time.time() - path.stat().st_mtime > STALE_S:
            shutil.rmtree(path, ignore_errors=True)


def free_name(path: Path) -> Path:
    """This path, or the first of `path-2`, `path-3`, … that is not taken."""
    more = (path.with_name(f"{path.name}-{n}") for n in itertools.count(2))
    return next(found for found in itertools.chain([path], more) if not found.exists())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
