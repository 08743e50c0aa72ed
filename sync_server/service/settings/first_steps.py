"""Which steps of setting up a new shop are left. A file in the store's folder has them until all are done.

A store that is made with a password, or by a version without these steps, has no such file: there the
assistant shows no notice, and can still be opened.
"""

import contextlib
import logging

from sync_server.service.storage.data_dir import DataDir

STEPS = ("shop", "hours", "people", "devices")
_FILE = "first-steps"

log = logging.getLogger(__name__)


def begin(data_dir: DataDir) -> None:
    """A new store has all steps before it. Raises OSError."""
    _write(data_dir, STEPS)


def remaining(data_dir: DataDir) -> tuple[str, ...]:
    """The steps that are left, in their order; none where the file is not there or cannot be read."""
    try:
        lines = (data_dir.path / _FILE).read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        return ()
    return tuple(step for step in STEPS if step in lines)


def finish(data_dir: DataDir, *steps: str) -> None:
    """These steps are done. A disk that cannot be written is logged: the step is then offered again."""
    try:
        left = tuple(step for step in remaining(data_dir) if step not in steps)
        if left:
            _write(data_dir, left)
        else:
            (data_dir.path / _FILE).unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s: cannot be written: %s", data_dir.path / _FILE, error.strerror)


def _write(data_dir: DataDir, steps: tuple[str, ...]) -> None:
    path = data_dir.path / _FILE
    fresh = path.with_suffix(".fresh")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    fresh.write_text("\n".join(steps) + "\n", "utf-8")
    fresh.replace(path)
