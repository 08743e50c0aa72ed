"""Puts damaged files aside, so that the device can begin afresh and nothing is thrown away unread.

A database may hold words about shoppers: what was put aside is deleted when they are due.
"""

import contextlib
import os
from pathlib import Path

MAX_ASIDE = 3  # of one file; a device whose files are damaged again and again needs another disk
_COMPANIONS = ("-wal", "-shm", "-journal")  # SQLite's own files beside a database


def put_aside(path: Path, now: int) -> Path:
    """Renames the file, and what SQLite has beside it. Returns its new path. Raises OSError.

    `now` is this device's clock, ms UTC: `delete_put_aside` counts from then.
    """
    aside = next((name for name in _names(path) if not name.exists()), _names(path)[-1])
    for companion in _COMPANIONS:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{companion}").replace(f"{aside}{companion}")
    path.replace(aside)
    os.utime(aside, ns=(now * 1_000_000, now * 1_000_000))
    return aside


def delete_put_aside(path: Path, now: int, keep_ms: int) -> None:
    """Deletes what was put aside longer ago. `now` is this device's clock, ms UTC. Raises OSError."""
    for aside in _names(path):
        with contextlib.suppress(FileNotFoundError):
            # The clock may have been set back since: what seems to be from the future goes too.
            if abs(now - aside.stat().st_mtime_ns // 1_000_000) >= keep_ms:
                for name in (aside, *(Path(f"{aside}{companion}") for companion in _COMPANIONS)):
                    name.unlink(missing_ok=True)


def _names(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}.damaged{number or ''}") for number in ("", *range(2, MAX_ASIDE + 1))]
