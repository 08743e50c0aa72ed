"""The password of the mail server: in a file of its own beside the store, for its owner alone."""

import contextlib
import os
from pathlib import Path

from sync_server.service.storage.data_dir import DataDir, sync


def password_file(data_dir: DataDir) -> Path:
    """Where it is."""
    return data_dir.path / "mail.password"


def read_password(data_dir: DataDir) -> str:
    """The password; empty where there is none. Raises OSError where it cannot be read."""
    try:
        return password_file(data_dir).read_text("utf-8").rstrip("\n")
    except FileNotFoundError:
        return ""


def write_password(data_dir: DataDir, password: str) -> None:
    """Replaces the password; an empty one removes it. Raises OSError, and then the old one is there."""
    path = password_file(data_dir)
    if not password:
        path.unlink(missing_ok=True)
        return
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(password + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    sync(path.parent)
