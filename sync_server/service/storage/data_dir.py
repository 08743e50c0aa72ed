"""The data directory of a store: the name of each file, and the lock that keeps a second server out."""

import contextlib
import fcntl
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from sync_server.command_line import command_line


class DataDirError(Exception):
    """The data directory cannot be used. The text names it, why, and what to do."""


@dataclass(frozen=True)
class DataDir:
    """A store's data directory. A copy of it, made while the server is stopped, is a copy of the store."""

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
    def control_socket(self) -> Path:
        """Where the running server listens for commands on this computer."""
        return self.path / "control.sock"

    @property
    def setup_code(self) -> Path:
        """The code of the one-time link, until the first manager has chosen a password."""
        return self.path / "first-run.key"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    def command(self, *words: object) -> str:
        """The `welkom` command with these words for this store, to be copied into a shell."""
        return command_line("welkom", *words, "--data", self.path)

    def make(self) -> None:
        """Makes the directory, for its owner alone. Raises OSError.

        One that is empty or a store's keeps others out from now on. One with other files is left as it is: it
        may be everybody's.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.settings.exists() or not any(self.path.iterdir()):
            self.path.chmod(0o700)

    def check(self) -> None:
        """Raises DataDirError unless this is a store's directory that can be read."""
        if not self.path.is_dir():
            raise DataDirError(f"{self.path}: no such folder; `{self._init}` makes it")
        try:
            if not self.settings.exists() or not self.server_key.exists():
                raise DataDirError(f"{self.path}: not a store's folder; `{self._init}` makes one")
            # Never by opening it: closing it would release the locks that SQLite holds in this process.
            readable = os.access(self.store, os.R_OK, effective_ids=True) or not self.store.exists()
        except PermissionError:  # the directory itself cannot be searched
            readable = False
        if not readable:
            owner = self.path.stat().st_uid
            raise DataDirError(f"{self.path}: cannot be read; it {_belongs_to(owner)}")

    @property
    def _init(self) -> str:
        return command_line("welkom", "init", self.path)

    def check_owner(self) -> None:
        """Raises DataDirError for root in another user's directory, who could not open what root writes.

        To be called before anything is written. (SQLite gives its own files to the owner by itself.)
        """
        try:
            owner = self.path.stat().st_uid
        except OSError:
            return  # it does not exist yet, and will belong to the user who makes it
        if os.geteuid() == 0 != owner:
            raise DataDirError(f"{self.path}: {_belongs_to(owner)}; it could not open what root leaves there")


def _belongs_to(owner: int) -> str:
    """Who owns the directory, and how to run a command as that user."""
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:  # a user of another computer, for example
        name = f"'#{owner}'"
    return f"belongs to {name}: begin the command with `sudo -u {name}`"


class DataDirInUse(DataDirError):
    """A server is running on this directory."""


class DataDirLock:
    """Locks the directory for one writing process, until closed or the process ends.

    Raises DataDirError, DataDirInUse where another process holds the lock.
    """

    def __init__(self, data_dir: DataDir) -> None:
        if running_server(data_dir) is None:
            data_dir.check_owner()
        try:
            self._file = _open_for_owner(data_dir.lock)
        except PermissionError as error:
            owner = data_dir.path.stat().st_uid
            raise DataDirError(f"{data_dir.path}: cannot be written; it {_belongs_to(owner)}") from error
        except OSError as error:
            raise DataDirError(
                f"{data_dir.lock}: cannot be written ({error.strerror});"
                " see that the disk has room and who owns the folder"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise DataDirInUse(
                f"{data_dir.path}: a server is running on this folder (process {holder}); stop it first"
            ) from None
        with contextlib.suppress(OSError):  # the number only helps a person; a full disk has no room for it
            self._file.truncate(0)
            os.write(self._file.fileno(), str(os.getpid()).encode())

    def __enter__(self) -> "DataDirLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _open_for_owner(path: Path) -> IO[str]:
    """The lock's file. Whoever can open it can lock it, and so keep the server out: no other user may.

    Raises OSError.
    """
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+")
    with contextlib.suppress(OSError):  # another user's, who may write here; doctor names it
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:  # made by an earlier version
            os.fchmod(file.fileno(), 0o600)
    return file


def running_server(data_dir: DataDir) -> int | None:
    """The process id of the server that runs on this directory (0 if unknown); None if none does."""
    try:
        with data_dir.lock.open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:  # locked by a server
                holder = file.read().strip()
                return int(holder) if holder.isdigit() else 0
    except OSError:
        pass  # no lock file: no server has ever run here; for other errors, taking the lock says why
    return None


def write_secret(path: Path, text: str) -> None:
    """Writes a new file that only its owner may read; it is on disk when this returns. Never overwrites."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()  # half a secret would prevent writing a whole one
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Waits until a file, or the list of names in a directory, is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
