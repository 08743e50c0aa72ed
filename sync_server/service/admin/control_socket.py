"""The Unix socket through which commands on this computer reach the running server.

It is in the data directory, which only its owner may enter. Both sides also ask the system who is at the
other end: the server does nothing for another user, and a command sends nothing to one.
"""

import contextlib
import os
import pwd
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from sync_server.service.storage.data_dir import DataDir, DataDirError

_CREDENTIALS = struct.Struct("iii")  # process, user, group


@contextlib.contextmanager
def _short_path(path: Path) -> Iterator[str]:
    """A name of the same file that is short enough for a socket: the system allows 107 bytes."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)


def listen(data_dir: DataDir) -> socket.socket:
    """The server's end. To be called with the lock of the directory. Raises OSError."""
    path = data_dir.control_socket
    path.unlink(missing_ok=True)  # of a server that was killed
    listening = socket.socket(socket.AF_UNIX)
    try:
        with _short_path(path) as name:
            listening.bind(name)
        path.chmod(0o600)
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def connect(data_dir: DataDir, timeout_s: float) -> socket.socket:
    """A command's end. Raises OSError, or DataDirError where another user's process listens."""
    connected = socket.socket(socket.AF_UNIX)
    try:
        connected.settimeout(timeout_s)
        with _short_path(data_dir.control_socket) as name:
            connected.connect(name)
        owner, user = data_dir.path.stat().st_uid, user_of(connected)
        if user not in (0, os.geteuid(), owner):
            raise DataDirError(
                f"{data_dir.control_socket}: belongs to a program of {_name_of(user)}, not to this store's"
                " server; nothing was sent to it. Remove the file and start the server again"
            )
    except BaseException:
        connected.close()
        raise
    return connected


def may_command(user: int) -> bool:
    """Whether the server does what this user asks: the one it runs as, or root."""
    return user in (0, os.geteuid())


def user_of(connected: socket.socket) -> int:
    """The id of the user whose process has the other end."""
    found = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(found)[1])


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
