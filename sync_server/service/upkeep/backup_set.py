"""The backups in a directory: whose they are, which is the latest, and which may be removed.

Backups of several stores may be in one directory. A store is recognised by its epochs: it keeps the first one
for ever, and each restore adds one. Its key tells too, for a store that cannot be read, or was lost.

Times do not tell which backup is the latest, because a computer's clock may have been wrong. The log tells:
a backup *continues* another one that holds an earlier part of the same log, or a part that a restore has
undone. Only a backup that a new one continues may be removed (18).
"""

import logging
import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cmp_to_key
from pathlib import Path

from msgspec import Struct

from sync_server.service.storage import epochs
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.errors import StoreError
from sync_server.store_clock import wall_clock

from .backup import MANIFEST, PREFIX, STORE, BackupError, Manifest, digest_of, read_manifest

SERVER_KEY = "server.key"
SPARED = 3  # backups that stay where the disk is nearly full

log = logging.getLogger(__name__)


class Backup(Struct, frozen=True):
    """A backup, and what tells whose it is: the store's epochs, the oldest first, and its key's digest."""

    path: Path
    manifest: Manifest
    epochs: tuple[str, ...]

    @property
    def made_at(self) -> int:
        """When it was made, by the computer's clock of that time, ms UTC."""
        return self.manifest.made_at

    @property
    def key(self) -> str:
        """The digest of the store's key."""
        return self.manifest.files[SERVER_KEY]


class Owner(Struct, frozen=True):
    """The store in a data directory, as far as it can be read."""

    epochs: tuple[str, ...]
    key: str | None


def backups(into: Path) -> list[Path]:
    """The backups in a directory by their names, the latest first; none where it cannot be listed."""
    try:
        found = [
            path for path in into.iterdir() if path.name.startswith(PREFIX) and (path / MANIFEST).is_file()
        ]
    except OSError as error:
        log.debug("%s: no backups can be listed: %s", into, error)
        return []
    return sorted(found, reverse=True)


def read_backup(path: Path) -> Backup:
    """Raises BackupError where this is no backup."""
    manifest = read_manifest(path)
    return Backup(path, manifest, manifest.epochs or _epochs_of(path / STORE))


def find_backups(into: Path) -> list[Backup]:
    """Those that can be read and are known to be of some store."""
    found = []
    for path in backups(into):
        try:
            backup = read_backup(path)
        except BackupError as error:
            log.debug("not counted as a backup: %s", error)
            continue
        if backup.epochs:
            found.append(backup)
    return found


def owner_of(data_dir: DataDir) -> Owner:
    """The store in this directory. What cannot be read of it is left out."""
    try:
        key = digest_of(data_dir.server_key)
    except OSError:
        key = None
    return Owner(_epochs_of(data_dir.store), key)


def backups_of(into: Path, data_dir: DataDir, now: int | None = None) -> list[Backup]:
    """The backups of this store, the latest first. `now` in ms UTC."""
    owner = owner_of(data_dir)
    return _latest_first([found for found in find_backups(into) if is_of(found, owner)], now)


def latest_of(into: Path, data_dir: DataDir, now: int | None = None) -> Backup | None:
    """The latest backup of this store; None if there is none."""
    return next(iter(backups_of(into, data_dir, now)), None)


def choose(into: Path, data_dir: DataDir, now: int) -> Path | None:
    """The backup to restore in this directory; None if there are none.

    Raises BackupError where there are backups of several stores and none is of the store that was there.
    """
    found = find_backups(into)
    owner = owner_of(data_dir)
    own = [backup for backup in found if is_of(backup, owner)]
    by_store: dict[str, list[Backup]] = {}
    for backup in own or found:
        by_store.setdefault(backup.epochs[0], []).append(backup)
    latest = [_latest_first(of_one, now)[0] for of_one in by_store.values()]
    if len(latest) > 1 and not own:
        names = ", ".join(sorted(f"{backup.path.name} ({describe(backup)})" for backup in latest))
        raise BackupError(f"{into}: has backups of several stores: {names}; name one of them")
    return _latest_first(latest, now)[0].path if latest else None


def is_of(backup: Backup, owner: Owner | Backup) -> bool:
    """Whether this is a backup of that store, or of one that was in its place."""
    return backup.epochs[:1] == owner.epochs[:1] or backup.key == owner.key


def continues(new: Backup | Owner, old: Backup, seq: int) -> bool:
    """Whether all that `old` holds is in a store with these epochs and `seq`, or was undone by a restore."""
    last = old.epochs[-1]
    return last in new.epochs and (last != new.epochs[-1] or old.manifest.seq <= seq)


def rotate(into: Path, keep: int, made: Path) -> int:
    """Removes older backups of the store of which `made` is the newest. Returns how many.

    The latest `keep` stay, and the last one of each of the latest `keep` days. Raises BackupError, also
    where `made` lacks what an older one has: then something was lost, and nothing is removed.
    """
    newest = read_backup(made)
    own = _of_store(into, newest)
    if (richer := next((old for old in own if not _continues(newest, old)), None)) is not None:
        raise BackupError(
            f"{made.name}: lacks what {richer.path} has ({richer.manifest.seq} lines of the log, this one"
            f" has {newest.manifest.seq}); if something was lost, put that backup back with `welkom restore`;"
            " no older backup is removed meanwhile. If nothing was lost, move that one elsewhere"
        )
    old = [backup.path for backup in removable(into, keep, newest)]
    for path in old:
        remove(path)
    return len(old)


def removable(into: Path, keep: int, newest: Backup) -> list[Backup]:
    """The backups that `rotate` removes where none has more than `newest`."""
    own = _of_store(into, newest)
    kept = {backup.path for backup in own[: max(1, keep)]} | _last_of_days(own, keep)
    return [backup for backup in own if backup.path not in kept]


def _of_store(into: Path, newest: Backup) -> list[Backup]:
    return _latest_first([found for found in find_backups(into) if is_of(found, newest)])


def spare_backups(into: Path, data_dir: DataDir, keep: int = SPARED) -> list[Backup]:
    """The backups that a store can do without, the latest first, if they are on its own disk.

    The latest `keep` stay, and each one that has something which the latest lacks.
    """
    try:
        on_its_disk = into.stat().st_dev == data_dir.path.stat().st_dev
    except OSError:
        return []
    own = backups_of(into, data_dir) if on_its_disk else []
    return [backup for backup in own[keep:] if _continues(own[0], backup)]


def size_of(backup: Backup) -> int:
    """How many bytes it takes."""
    return sum(file.stat().st_size for file in backup.path.rglob("*") if file.is_file())


def remove(path: Path) -> None:
    """Removes a backup. Raises BackupError."""
    try:
        (path / MANIFEST).unlink()  # first: without it this is no backup, if the rest is interrupted
        shutil.rmtree(path)
    except OSError as error:
        raise BackupError(f"{path}: cannot be removed ({error.strerror}); remove it by hand") from error


def describe(backup: Backup) -> str:
    """`Corner Shop, 2026-11-22 02:30`"""
    made = datetime.fromtimestamp(backup.made_at / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
    return f"{backup.manifest.name or backup.manifest.store}, {made}"


def _continues(new: Backup, old: Backup) -> bool:
    return continues(new, old, new.manifest.seq)


def _latest_first(found: Iterable[Backup], now: int | None = None) -> list[Backup]:
    """A backup that continues another one is later. Times decide between those of one state."""
    at = wall_clock() if now is None else now

    def compare(a: Backup, b: Backup) -> int:
        if (later := _continues(a, b)) != _continues(b, a):
            return 1 if later else -1
        first, second = ((x.made_at <= at, x.made_at, x.path.name) for x in (a, b))
        return (first > second) - (first < second)

    key: Callable[[Backup], object] = cmp_to_key(compare)
    return sorted(found, key=key, reverse=True)  # type: ignore[arg-type]


def _last_of_days(latest_first: Sequence[Backup], days: int) -> set[Path]:
    """The last backup of each of the latest days on which there are any."""
    last: dict[str, Path] = {}
    for backup in latest_first:
        day = datetime.fromtimestamp(backup.made_at / 1000, UTC).date().isoformat()
        last.setdefault(day, backup.path)
    return set(list(last.values())[: max(1, days)])


def _epochs_of(store: Path) -> tuple[str, ...]:
    """The epochs in a store's file; none where it cannot be read."""
    try:
        with reading(store) as db:
            return epochs.all_epochs(db)
    except StoreError as error:
        log.debug("%s: its epochs cannot be read: %s", store, error)
        return ()
