"""Frees the disk of what a person can do without: old backups, and the stores of before a restore."""

import shutil
from pathlib import Path

from msgspec import Struct

from sync_server.service.config.model import Settings
from sync_server.service.privacy.replaced_stores import replaced_at, replaced_stores
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep import backup_set
from sync_server.service.upkeep.backup import BackupError
from sync_server.service.upkeep.backup_schedule import backup_dir

KEEP = 3  # of the latest backups, and the last ones of the latest 3 days
DAY_MS = 86_400_000


class OldBackups(Struct, frozen=True):
    """How many backups can be removed, and how many MB that frees."""

    count: int
    megabytes: int


def old_backups(data_dir: DataDir, settings: Settings, now: int) -> OldBackups:
    """What `free_old_backups` would remove. `now` in ms UTC."""
    into = backup_dir(data_dir, settings.backup)
    latest = backup_set.latest_of(into, data_dir, now)
    removable = backup_set.removable(into, KEEP, latest) if latest else []
    size = sum(size_of(backup.path) for backup in removable)
    return OldBackups(len(removable), size // 1_048_576)


def free_old_backups(data_dir: DataDir, settings: Settings, now: int) -> int:
    """Removes all but the latest backups. Returns how many. Raises BackupError; see `backup_set.rotate`."""
    into = backup_dir(data_dir, settings.backup)
    latest = backup_set.latest_of(into, data_dir, now)
    return backup_set.rotate(into, KEEP, latest.path) if latest else 0


def remove_replaced_stores(data_dir: DataDir, now: int) -> int:
    """Removes the stores of before a restore that are older than a day. Returns how many.

    Raises BackupError where one cannot be removed. `now` in ms UTC.
    """
    old = [path for path in replaced_stores(data_dir) if now - replaced_at(path) > DAY_MS]
    for path in old:
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise BackupError(f"{path}: cannot be removed ({error.strerror}); remove it by hand") from error
    return len(old)


def size_of(folder: Path) -> int:
    """The bytes of the files in a folder; what cannot be read counts as none."""
    try:
        return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    except OSError:
        return 0
