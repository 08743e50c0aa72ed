"""Makes and checks backups: directories with all that a store needs, and nothing that describes a shopper.

Descriptions of shoppers (name, looks, the ticket's link, notes and comments) are left out: they must be
removed a day after the visit, and a backup is kept for longer. A restored visit still has its ticket,
need, times and outcome, which is all that the floor uses. So nothing has to be removed from a backup
later.
"""

import contextlib
import hashlib
import itertools
import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from sync_server.service.config.load import SettingsError, load_settings
from sync_server.service.privacy.retention import remove_all
from sync_server.service.storage import epochs
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir, sync
from sync_server.service.storage.errors import explain
from sync_server.service.storage.store_file import require_store
from sync_server.store_clock import wall_clock

from .finding import Finding
from .verify import verify_file

PREFIX = "welkom-"  # of a backup's name; its time follows, so that names sort by time
MANIFEST = "backup.json"
STORE = "store.db"
KEY_SUFFIXES = (".key", ".pem", ".crt")  # of files beside the settings that belong to the store
STALE_S = 3600  # an unfinished backup of this age was made by a process that died


class BackupError(Exception):
    """A backup could not be made or used. The text names the directory, why, and what to do."""


class Manifest(Struct, frozen=True):
    """The description of a backup. `made_at` in ms UTC; `files` has the SHA-256 of each file.

    `store` is the data directory, `name` the shop's name. `epochs` are the store's, the oldest first. Earlier
    versions wrote neither name nor epochs.
    """

    made_at: int
    store: str
    seq: int
    files: dict[str, str]
    name: str = ""
    epochs: tuple[str, ...] = ()


def back_up(data_dir: DataDir, into: Path, now: int | None = None) -> Path:
    """Makes a backup of a store, running or stopped, in a new directory below `into`, and returns that.

    It is there whole and verified, or not at all. `now` in ms UTC. Raises BackupError, DataDirError or
    StoreError.
    """
    data_dir.check_owner()  # the owner could not remove root's files when the backup is old
    require_store(data_dir.store)
    at = wall_clock() if now is None else now
    moment = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        into.mkdir(parents=True, exist_ok=True, mode=0o700)
        _remove_stale(into)
        part = into / f".{PREFIX}{moment}.{os.getpid()}.part"
        part.mkdir(mode=0o700)
        try:
            _fill(part, data_dir, at)
            if findings := check(part):
                raise BackupError(
                    f"{data_dir.path}: the backup is not sound, so it was not kept ({findings[0].text});"
                    " run `welkom verify` on the store"
                )
            whole = free_name(into / f"{PREFIX}{moment}")
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
    """What is wrong with a backup; nothing if it can be restored."""
    try:
        manifest = read_manifest(backup)
    except BackupError as error:
        return [Finding("backup", str(error))]
    for name, digest in manifest.files.items():
        path = backup / name
        if not path.is_file() or digest_of(path) != digest:
            what = "is missing or differs from what was written"
            return [Finding("backup", f"{path}: {what}; use another backup")]
    # A backup of an older version is verified in full when it is restored, after its migration. Results of
    # ops that are too old by then are removed then, too.
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


def files_beside(path: Path) -> list[Path]:
    """The settings, keys and certificates in a data directory. Files of devices are not among them."""
    return sorted(
        file
        for file in path.iterdir()
        if file.is_file() and (file.name == "store.toml" or file.suffix in KEY_SUFFIXES)
    )


def _fill(part: Path, data_dir: DataDir, at: int) -> None:
    _copy_store(data_dir.store, part / STORE)
    for path in files_beside(data_dir.path):
        shutil.copyfile(path, part / path.name)
    with reading(part / STORE) as db:
        seq = db.execute("SELECT coalesce(max(seq), 0) FROM visit_events").fetchone()[0]
        history = epochs.all_epochs(db)
    files = {path.name: digest_of(path) for path in sorted(part.iterdir())}
    store = str(data_dir.path.absolute())
    manifest = Manifest(at, store, seq, files, _shop_name(part / "store.toml"), history)
    (part / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    for path in part.iterdir():
        path.chmod(0o600)
        sync(path)
    sync(part)


def _shop_name(settings: Path) -> str:
    """The shop's name; empty where `store.toml` cannot be used, which must not prevent a backup."""
    try:
        return load_settings(settings).store.name
    except SettingsError:
        return ""


def _copy_store(path: Path, to: Path) -> None:
    """Copies one snapshot of the store, without descriptions of shoppers.

    The whole snapshot is in a temporary file without a name that ends with this process. Only what may
    be kept is written to a file with a name.
    """
    try:
        with contextlib.closing(sqlite3.connect("", isolation_level=None)) as scratch:
            with reading(path, limit_s=None) as db:
                db.backup(scratch)
            remove_all(scratch)
            scratch.execute("VACUUM INTO ?", (str(to),))
    except sqlite3.Error as error:
        raise BackupError(f"{to.parent.parent}: no backup could be made ({explain(error)})") from error


def _remove_stale(into: Path) -> None:
    """Removes unfinished backups of processes that died."""
    for path in into.glob(f".{PREFIX}*.part"):
        if wall_clock() / 1000 - path.stat().st_mtime > STALE_S:
            shutil.rmtree(path, ignore_errors=True)


def free_name(path: Path) -> Path:
    """This path, or the first of `path-2`, `path-3`, … that does not exist."""
    more = (path.with_name(f"{path.name}-{n}") for n in itertools.count(2))
    return next(found for found in itertools.chain([path], more) if not found.exists())


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
