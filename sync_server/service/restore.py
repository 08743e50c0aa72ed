"""Making a store of a backup again. What was there before is kept aside, never overwritten.

The new store is made ready beside the old one first: brought up to date, given a new epoch, and
verified. Only then the files change places; the server's key goes first and comes last, and without
it no server starts, so a restore that was interrupted can only be done again.
"""

import shutil
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from msgspec import Struct

from . import backup
from .aside import NAMED
from .backup import BackupError, Manifest
from .finding import Finding
from .folder import Folder, Lock, sync
from .keys import load_server_key
from .retention import forget
from .store import StoreError, connect, explain, migrate, reading, transaction
from .verify import verify_file


class Restored(Struct, frozen=True):
    """What came of it. `aside` is where the old store is now, None where there was none.

    `revoked` are the devices that were shut out since the backup and stay so; `unknown` the devices and
    accounts that were added since and have to be added anew. Both None where the old store could not be read.
    """

    manifest: Manifest
    aside: Path | None
    revoked: list[str] | None
    unknown: list[str] | None


def restore(folder: Folder, source: Path, replace: bool = False, now: int | None = None) -> Restored:
    """Makes `folder` the store of a backup, or of the latest one in a folder of backups.

    Raises BackupError, FolderError (InUse while a server runs) or StoreError; then nothing changed,
    but for a disk that failed while files were moved, which the text says.
    """
    at = time.time_ns() // 1_000_000 if now is None else now
    found = source if (source / backup.MANIFEST).exists() else next(iter(backup.backups(source)), source)
    manifest = backup.read_manifest(found)
    _sound(backup.check(found), found)
    there = folder.store.exists() or folder.server_key.exists() or folder.settings.exists()
    if there and not replace:
        raise BackupError(
            f"{folder.path}: is a store already; say --replace to put the backup in its place"
            " (the store that is there is kept beside it)"
        )
    moment = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        with Lock(folder):
            staged = folder.path / f".restore-{moment}"
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir(mode=0o700)
            try:
                revoked, unknown = _make_ready(staged, found, manifest, folder, at)
                aside = _swap(folder, staged, moment)
            finally:
                shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        raise BackupError(
            f"{folder.path}: could not be restored ({error.strerror or error}); free some space, check who"
            " owns the folder, and do it again"
        ) from error
    return Restored(manifest, aside, revoked, unknown)


def _sound(findings: list[Finding], what: Path) -> None:
    if findings:
        raise BackupError(f"{what}: this backup cannot be used: {findings[0].text}")


def _make_ready(
    staged: Path, found: Path, manifest: Manifest, folder: Folder, now: int
) -> tuple[list[str] | None, list[str] | None]:
    for name in manifest.files:
        shutil.copyfile(found / name, staged / name)
        (staged / name).chmod(0o600)
    store = staged / backup.STORE
    load_server_key(staged / "server.key")
    migrate(store)
    revoked, unknown = None, None
    db = connect(store)
    try:
        with transaction(db):
            forget(db, now)
            begin_epoch(db, now)
            if (there := _there(folder)) is not None:
                known = {row[0] for row in db.execute("SELECT public_key FROM devices")}
                revoked = [name for key, name, at in there.devices if at is not None and key in known]
                unknown = [name for key, name, at in there.devices if at is None and key not in known]
                if _key(folder.path) == _key(staged):
                    known = {row[0] for row in db.execute("SELECT name FROM accounts")}
                    unknown += [name for name, *_ in there.accounts if name not in known]
                    _keep_secrets(db, there)
                # Who was shut out since the backup was made must not come in again by it.
                db.executemany(
                    "UPDATE devices SET revoked_at = coalesce(revoked_at, ?) WHERE public_key = ?",
                    [(at, key) for key, _, at in there.devices],
                )
        db.execute("PRAGMA journal_mode=DELETE")  # one file, to be moved as one
    except sqlite3.Error as error:
        raise StoreError(f"{store}: {explain(error)}") from error
    finally:
        db.close()
    _sound(verify_file(store, None, now), found)
    for path in staged.iterdir():
        sync(path)
    return revoked, unknown


def begin_epoch(db: sqlite3.Connection, now: int) -> None:
    """From here on what devices knew of this store before is void."""
    seq = db.execute("SELECT coalesce(max(seq), 0) FROM visit_events").fetchone()[0]
    db.execute("INSERT INTO epochs (epoch, began_at, from_seq) VALUES (?,?,?)", (uuid4().hex, now, seq))


class _There(Struct, frozen=True):
    """Who may come in to the store that is there, and by what."""

    devices: list[tuple[str, str, int | None]]  # key, name, when revoked
    accounts: list[tuple[str, str, int, str]]  # name, password's hash, when set, role
    tokens: list[tuple[str]]  # their hashes
    pins: list[tuple[str, int, str]]  # hash, when set, employee


def _there(folder: Folder) -> _There | None:
    """None if it cannot be read."""
    if not folder.store.exists():
        return None
    try:
        with reading(folder.store) as db:
            return _There(
                db.execute("SELECT public_key, name, revoked_at FROM devices").fetchall(),
                db.execute("SELECT name, password_hash, set_at, role FROM accounts").fetchall(),
                db.execute("SELECT token_hash FROM tokens").fetchall(),
                db.execute("SELECT pin_hash, pin_set_at, id FROM employees WHERE pin_set_at > 0").fetchall(),
            )
    except StoreError:
        return None


def _key(folder: Path) -> bytes | None:
    path = folder / "server.key"
    return path.read_bytes() if path.exists() else None


def _keep_secrets(db: sqlite3.Connection, there: _There) -> None:
    """Accounts and tokens that were removed stay out, and new passwords and PINs stay.

    What was removed is only missed, so this is for the very store of the backup, not for a new one.
    """
    for table, column, rows in (("accounts", "name", there.accounts), ("tokens", "token_hash", there.tokens)):
        for (known,) in db.execute(f"SELECT {column} FROM {table}").fetchall():
            if known not in {row[0] for row in rows}:
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (known,))
    db.executemany(
        "UPDATE accounts SET password_hash = ?2, set_at = ?3, role = ?4 WHERE name = ?1 AND set_at < ?3",
        there.accounts,
    )
    db.executemany(
        "UPDATE employees SET pin_hash = ?1, pin_set_at = ?2 WHERE id = ?3 AND coalesce(pin_set_at, 0) < ?2",
        there.pins,
    )


def _swap(folder: Folder, staged: Path, moment: str) -> Path | None:
    """The old files go aside, the new ones come in. The server's key goes first and comes last."""
    old = [*backup.files_beside(folder.path), *folder.path.glob(f"{backup.STORE}*")]
    aside: Path | None = None
    if old:
        aside = backup.free_name(folder.path / f"{NAMED}{moment}")
        aside.mkdir(mode=0o700)
        for path in sorted(old, key=lambda path: path != folder.server_key):
            path.rename(aside / path.name)
        sync(folder.path)
    for path in sorted(staged.iterdir(), key=lambda path: path.name == folder.server_key.name):
        path.rename(folder.path / path.name)
    sync(folder.path)
    return aside
