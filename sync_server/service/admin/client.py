"""Runs a command of the command line: through the running server, or on the store itself.

Only one process may write to `store.db`. While a server runs, commands go to it over a Unix socket in the
data directory. Otherwise the command takes the lock of the data directory and does the work itself.
"""

import socket
from typing import Any

import msgspec

from sync_server.protocol.device_file import DeviceFile
from sync_server.service.auth.errors import AccountError
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import (
    DataDir,
    DataDirError,
    DataDirInUse,
    DataDirLock,
    running_server,
)
from sync_server.service.storage.schema.migrate import migrate

from . import control_socket
from .commands import OVERWRITE, Command, CommandResult, ServerState, work_of

TIMEOUT_S = 10


def run(data_dir: DataDir, command: str, **arguments: str) -> Any:
    """Runs a command and returns its result. Raises AccountError, DataDirError or StoreError."""
    request = Command(command, arguments)
    try:
        with DataDirLock(data_dir):
            migrate(data_dir.store)
            db = connect(data_dir.store)
            try:
                work = work_of(data_dir, request)
                if command == OVERWRITE:
                    return work(db)
                with transaction(db):
                    return work(db)
            finally:
                db.close()
    except DataDirInUse:
        return _ask_server(data_dir, request)


def ask_running(data_dir: DataDir, command: str, **arguments: str) -> Any:
    """Runs a command that only a running server can do. Raises AccountError or DataDirError."""
    if running_server(data_dir) is None:
        raise DataDirError(
            f"{data_dir.path}: no server is running on this folder; start it with"
            f" `{data_dir.command('server')}`: devices are paired through it"
        )
    return _ask_server(data_dir, Command(command, arguments))


def add_device(data_dir: DataDir, kind: str, name: str, server: str) -> DeviceFile:
    """Enrols a device. Raises as `run` does."""
    return msgspec.convert(
        run(data_dir, "add_device", kind=kind, name=name, server=server), DeviceFile, from_attributes=True
    )


def describe_server(data_dir: DataDir) -> ServerState:
    """How the running server is. Raises AccountError or DataDirError."""
    return msgspec.convert(_ask_server(data_dir, Command("describe_server", {})), ServerState)


def _ask_server(data_dir: DataDir, request: Command) -> Any:
    try:
        answer = msgspec.json.decode(_exchange(data_dir, msgspec.json.encode(request)), type=CommandResult)
    except (OSError, msgspec.DecodeError) as error:  # it stops, or is one of another version
        raise DataDirError(
            f"{data_dir.path}: a server is running on this folder but does not answer ({error});"
            " start it again"
        ) from error
    if answer.error:
        raise AccountError(answer.error)
    return answer.result


def _exchange(data_dir: DataDir, request: bytes) -> bytes:
    """Sends a request and returns the whole answer."""
    with control_socket.connect(data_dir, TIMEOUT_S) as connected:
        connected.sendall(request)
        connected.shutdown(socket.SHUT_WR)
        with connected.makefile("rb") as answer:
            return answer.read()
