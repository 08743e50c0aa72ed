"""Restores a store from a backup. The store that was there before is moved aside, never overwritten.

The new store is prepared beside the old one first: migrated, given a new epoch, and verified. Only then
the files change places. The server's key is moved first and comes back last: no server starts without
it, so a restore that was interrupted can only be done again.
"""

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from sync_server.service.auth.server_key import load_server_key
from sync_server.service.privacy.replaced_stores import PREFIX
from sync_server.service.privacy.retention import forget
from sync_server.service.storage.connection import connect, reading, transaction
from sync_server.service.storage.data_dir import DataDir, DataDirLock, sync
from sync_server.service.storage.epochs import add_undone, begin_epoch
from sync_server.service.storage.errors import StoreError, explain
from sync_server.service.storage.schema.migrate import migrate
from sync_server.store_clock import wall_clock

from . import backup, backup_set
from .backup import BackupError, Manifest
from .finding import Finding
from .verify import verify_file


class Restored(Struct, frozen=True):
    """The result. `replaced` is the directory of the old store; None where there was none.

    `revoked` are the devices that were revoked since the backup, and stay revoked. `unknown` are the
    devices and accounts that were added since, and have to be added again. Both are None where the old
    store could not be read.
    """

    manifest: Manifest
    replaced: Path | None
    revoked: list[str] | None
    unknown: list[str] | None


def restore(data_dir: DataDir, source: Path, replace: bool = False, now: int | None = None) -> Restored:
    """Makes `data_dir` the store of a backup, or of the latest one in a directory of backups.

    `now` in ms UTC. Raises BackupError, DataDirError (DataDirInUse while a server runs) or StoreError.
    Then nothing has changed, except when the disk failed while files were moved, which the text says.
    """
    at = wall_clock() if now is None else now
    is_backup = (source / backup.MANIFEST).exists()
    found = source if is_backup else backup_set.choose(source, data_dir, at) or source
    manifest = backup.read_manifest(found)
    _require_sound(backup.check(found), found)
    exists = data_dir.store.exists() or data_dir.server_key.exists() or data_dir.settings.exists()
    if exists and not replace:
        raise BackupError(
            f"{data_dir.path}: is a store already; say --replace to put the backup in its place"
            " (the store that is there is kept beside it)"
        )
    moment = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        data_dir.make()
        with DataDirLock(data_dir):
            staged = data_dir.path / f".restore-{moment}"
            shutil.rmtree(staged, ignore_errors=True)  # of a restore that was interrupted
            staged.mkdir(mode=0o700)
            try:
                revoked, unknown = _prepare(staged, found, manifest, data_dir, at)
                replaced = _swap(data_dir, staged, moment)
            finally:
                shutil.rmtree(staged, ignore_errors=True)  # the error that is raised says what is wrong
    except OSError as error:
        raise BackupError(
            f"{data_dir.path}: could not be restored ({error.strerror or error}); free some space, check who"
            " owns the folder, and do it again"
        ) from error
    return Restored(manifest, replaced, revoked, unknown)


def _require_sound(findings: list[Finding], what: Path) -> None:
    if findings:
        raise BackupError(f"{what}: this backup cannot be used: {findings[0].text}")


def _prepare(
    staged: Path, found: Path, manifest: Manifest, data_dir: DataDir, now: int
) -> tuple[list[str] | None, list[str] | None]:
    """Makes the new store in `staged`. Returns `revoked` and `unknown` of Restored."""
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
            add_undone(db, _undone(found, data_dir), now)
            begin_epoch(db, now)
            if (old := _read_access(data_dir)) is not None:
                in_backup = {row[0] for row in db.execute("SELECT public_key FROM devices")}
                revoked = [name for key, name, at in old.devices if at is not None and key in in_backup]
                unknown = [name for key, name, at in old.devices if at is None and key not in in_backup]
                if _server_key_bytes(data_dir.path) == _server_key_bytes(staged):
                    in_backup = {row[0] for row in db.execute("SELECT name FROM accounts")}
                    unknown += [name for name, *_ in old.accounts if name not in in_backup]
                    _keep_secrets(db, old)
                # A device that was revoked since the backup must not be let in again by restoring it.
                db.executemany(
                    "UPDATE devices SET revoked_at = coalesce(revoked_at, ?) WHERE public_key = ?",
                    [(at, key) for key, _, at in old.devices],
                )
        db.execute("PRAGMA journal_mode=DELETE")  # one file, which can be moved at once
    except sqlite3.Error as error:
        raise StoreError(f"{store}: {explain(error)}") from error
    finally:
        db.close()
    _require_sound(verify_file(store, None, now), found)
    for path in staged.iterdir():
        sync(path)
    return revoked, unknown


def _undone(found: Path, data_dir: DataDir) -> list[str]:
    """The epochs of the store that is replaced, and of the backups beside it, where they can be read."""
    source = backup_set.read_backup(found)
    related: list[backup_set.Backup | backup_set.Owner] = [
        other for other in backup_set.find_backups(found.parent) if backup_set.is_of(other, source)
    ]
    old = backup_set.owner_of(data_dir)
    if backup_set.is_of(source, old):
        related.append(old)
    return [epoch for each in related for epoch in each.epochs]


# Of these tables the store keeps what it has: a restore neither takes a second factor away nor gives one back
# that was removed, and it changes nothing of what the audit log says. Each has its columns.
KEPT_TABLES = {
    "second_factors": ("account", "secret", "since", "last_step"),
    "recovery_codes": ("account", "code_hash"),
    "invitations": ("code_hash", "name", "role", "made_by", "made_at", "until"),
    "calendars": ("n", "name", "token_hash", "language", "made_at"),
    "webhook_secrets": ("target", "secret", "made_at"),
    "audit_log": ("at", "who", "action", "about", "address", "device"),
}


class _Access(Struct, frozen=True):
    """Who may take part in a store, and with which secrets."""

    devices: list[tuple[str, str, int | None]]  # key, name, when revoked
    accounts: list[tuple[str, str, int, str]]  # name, password's hash, when set, role
    tokens: list[tuple[str]]  # their hashes
    walls: list[tuple[str]]  # the hashes of their tokens
    pins: list[tuple[str, int, str]]  # hash, when set, employee
    others: dict[str, list[tuple[object, ...]]]  # the rows of KEPT_TABLES


def _read_access(data_dir: DataDir) -> _Access | None:
    """Of the old store; None where there is none, or it cannot be read. Restored says so."""
    if not data_dir.store.exists():
        return None
    try:
        with reading(data_dir.store) as db:
            return _Access(
                db.execute("SELECT public_key, name, revoked_at FROM devices").fetchall(),
                db.execute("SELECT name, password_hash, set_at, role FROM accounts").fetchall(),
                db.execute("SELECT token_hash FROM tokens").fetchall(),
                db.execute("SELECT token_hash FROM walls").fetchall(),
                db.execute("SELECT pin_hash, pin_set_at, id FROM employees WHERE pin_set_at > 0").fetchall(),
                _read_kept(db),
            )
    except StoreError:  # it may be damaged, which may be why it is restored
        return None


def _read_kept(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """The rows of those of KEPT_TABLES that the old store has: one of an earlier version lacks some."""
    there = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {
        table: db.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY rowid").fetchall()
        for table, columns in KEPT_TABLES.items()
        if table in there
    }


def _server_key_bytes(path: Path) -> bytes | None:
    key = path / "server.key"
    return key.read_bytes() if key.exists() else None


def _keep_secrets(db: sqlite3.Connection, old: _Access) -> None:
    """Accounts, tokens and wall displays that were removed since the backup stay removed.

    Newer passwords and PINs stay, and so do second factors and the audit log. What
    was removed is known only by its absence, so this is for the store of
    the backup, not for another one.
    """
    for table, column, rows in (
        ("accounts", "name", old.accounts),
        ("tokens", "token_hash", old.tokens),
        ("walls", "token_hash", old.walls),
    ):
        for (value,) in db.execute(f"SELECT {column} FROM {table}").fetchall():
            if value not in {row[0] for row in rows}:
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (value,))
    for table, rows_kept in old.others.items():
        columns = KEPT_TABLES[table]
        db.execute(f"DELETE FROM {table}")
        marks = ", ".join("?" * len(columns))
        db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows_kept)
    db.executemany(
        "UPDATE accounts SET password_hash = ?2, set_at = ?3, role = ?4 WHERE name = ?1 AND set_at < ?3",
        old.accounts,
    )
    db.executemany(
        "UPDATE employees SET pin_hash = ?1, pin_set_at = ?2 WHERE id = ?3 AND coalesce(pin_set_at, 0) < ?2",
        old.pins,
    )


def _swap(data_dir: DataDir, staged: Path, moment: str) -> Path | None:
    """Moves the old files to a directory of their own, and the new ones in. Returns that directory."""
    old = [*backup.files_beside(data_dir.path), *data_dir.path.glob(f"{backup.STORE}*")]
    replaced: Path | None = None
    if old:
        replaced = backup.free_name(data_dir.path / f"{PREFIX}{moment}")
        replaced.mkdir(mode=0o700)
        for path in sorted(old, key=lambda path: path != data_dir.server_key):  # the server's key first
            path.rename(replaced / path.name)
        sync(data_dir.path)
    for path in sorted(staged.iterdir(), key=lambda path: path.name == data_dir.server_key.name):  # and last
        path.rename(data_dir.path / path.name)
    sync(data_dir.path)
    return replaced
