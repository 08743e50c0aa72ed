"""The data directory: which file is what, and the lock that keeps a second server out."""

import contextlib
import fcntl
import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType


class FolderError(Exception):
    """The data directory cannot be used. The text names it, why, and what to do."""


@dataclass(frozen=True)
class Folder:
    """A store's data directory. Copied whole while the server is stopped, it is a whole copy of the store."""

    path: Path

    @property
    def settings(self) -> Path:
        return self.path / "store.toml"

    @property
    def store(self) -> Path:
        return self.path / "store.db"

    @property
    def server_key(self) -> Path:
        return self.path / "server.key"

    @property
    def control_key(self) -> Path:
        """The secret by which commands on this computer prove themselves to the running server."""
        return self.path / "control.key"

    @property
    def control_address(self) -> Path:
        """Where the running server listens for those commands."""
        return self.path / "control.address"

    @property
    def first_run(self) -> Path:
        """The code of the one-time link, until the first manager has chosen a password."""
        return self.path / "first-run.key"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    def check(self) -> None:
        """Raises FolderError unless this is a store's folder."""
        if not self.path.is_dir():
            raise FolderError(f"{self.path}: no such folder; `welkom init {self.path}` makes it")
        try:
            if not self.settings.exists() or not self.server_key.exists():
                raise FolderError(f"{self.path}: not a store's folder; `welkom init {self.path}` makes one")
            # Never by opening it: closing it would end the locks that SQLite holds in this process.
            readable = os.access(self.store, os.R_OK, effective_ids=True) or not self.store.exists()
        except PermissionError:
            readable = False
        if not readable:
            owner = self.path.stat().st_uid
            raise FolderError(f"{self.path}: cannot be read; it {_belongs_to(owner)}")

    def check_owner(self) -> None:
        """Raises FolderError for root in somebody else's folder: what root leaves there they cannot open.

        To be asked before anything is written. (SQLite gives its own files to the owner by itself.)
        """
        try:
            owner = self.path.stat().st_uid
        except OSError:
            return  # not there yet: it will belong to whoever makes it
        if os.geteuid() == 0 != owner:
            raise FolderError(f"{self.path}: {_belongs_to(owner)}; it could not open what root leaves there")


def _belongs_to(owner: int) -> str:
    """Whose folder it is, and how to do a command as that person."""
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:  # of another computer, say
        name = f"'#{owner}'"
    return f"belongs to {name}: begin the command with `sudo -u {name}`"


class InUse(FolderError):
    """A server is running on this folder."""


class Lock:
    """Holds the folder for one writing process, until closed or the process ends. Raises FolderError."""

    def __init__(self, folder: Folder) -> None:
        if running_server(folder) is None:
            folder.check_owner()
        try:
            self._file = folder.lock.open("a+")
        except PermissionError as error:
            owner = folder.path.stat().st_uid
            raise FolderError(f"{folder.path}: cannot be written; it {_belongs_to(owner)}") from error
        except OSError as error:
            raise FolderError(
                f"{folder.lock}: cannot be written ({error.strerror});"
                " see that the disk has room and who owns the folder"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise InUse(
                f"{folder.path}: a server is running on this folder (process {holder}); stop it first"
            ) from None
        with contextlib.suppress(OSError):  # the number only helps a person; a full disk has no room for it
            self._file.truncate(0)
            os.write(self._file.fileno(), str(os.getpid()).encode())

    def __enter__(self) -> "Lock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def running_server(folder: Folder) -> int | None:
    """The process id of the server that runs on this folder; None if none does. It changes nothing."""
    try:
        with folder.lock.open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                holder = file.read().strip()
                return int(holder) if holder.isdigit() else 0
    except OSError:
        pass  # no lock yet: none ever ran
    return None


def write_secret(path: Path, text: str) -> None:
    """Writes a file that only its owner may read; it is on the disk when this returns. Never overwrites."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()  # half a secret would stand in the way of a whole one
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
