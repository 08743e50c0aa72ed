"""What commands share: the data directory, how they change a store, and how errors are printed."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The store's folder. Default: this user's own data folder for Welkom.",
)

TRY_LATER = 75  # EX_TEMPFAIL


def data_dir_of(data: Path | None) -> Any:
    """The data directory that `--data` names, even if it is not a store's."""
    from platformdirs import user_data_path

    from sync_server.service.storage.data_dir import DataDir

    return DataDir(data if data is not None else user_data_path("welkom", appauthor=False))


def store_of(data: Path | None) -> Any:
    """The data directory of a store that `--data` names. Raises DataDirError or StoreError."""
    from sync_server.service.storage.store_file import require_store

    data_dir = data_dir_of(data)
    data_dir.check()
    require_store(data_dir.store)
    return data_dir


def change(data: Path | None, command: str, **arguments: str) -> Any:
    """Runs a command of `admin/commands.py`, by the running server or here. Returns its result."""
    from sync_server.service.admin import client

    return client.run(store_of(data), command, **arguments)


def ask_server(data: Path | None, command: str, **arguments: str) -> Any:
    """The same, for commands that only a running server can do."""
    from sync_server.service.admin import client

    return client.ask_running(store_of(data), command, **arguments)


@contextlib.contextmanager
def reading_store(data: Path | None) -> Iterator[Any]:
    """A read-only connection to the store's file."""
    from sync_server.service.storage.connection import reading

    with reading(store_of(data).store, limit_s=None) as db:
        yield db


class _Day(click.ParamType[str]):
    """A day, written as in the visit log."""

    name = "YYYY-MM-DD"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from sync_server.days import parse_day

        try:
            return parse_day(value).isoformat()
        except ValueError as error:
            self.fail(f"{error}; write it as 2026-11-21", param, ctx)


class _Address(click.ParamType[str]):
    """Where to listen; empty for not at all."""

    name = "host:port"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from sync_server.addresses import AddressError, parse_listen_address

        try:
            return str(parse_listen_address(value)) if value else ""
        except AddressError as error:
            self.fail(str(error), param, ctx)


DAY, ADDRESS = _Day(), _Address()


class TryLater(click.ClickException):
    """The disk is the cause (full, failing): the same command may succeed later."""

    exit_code = TRY_LATER


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turns errors that a person can solve into click's own, of which only the text is printed."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        from sync_server.service.auth.errors import AccountError
        from sync_server.service.config.load import SettingsError
        from sync_server.service.net.listen import PortError
        from sync_server.service.storage.data_dir import DataDirError
        from sync_server.service.storage.errors import StoreError, is_disk_error
        from sync_server.service.upkeep.backup import BackupError
        from sync_server.store_clock import StoreClockError

        ours = (
            AccountError,
            BackupError,
            DataDirError,
            PortError,
            SettingsError,
            StoreClockError,
            StoreError,
        )
        try:
            return command(*args, **kwargs)
        except (*ours, OSError) as error:
            of_disk = is_disk_error(error)
            if isinstance(error, ours):
                text = str(error)
            elif of_disk:
                text = f"{error.filename or 'the disk'}: {error.strerror}; free some space, then do it again"
            elif error.filename is not None:
                text = f"{error.filename}: {error.strerror}; check that it is there and who owns it"
            else:
                raise
            raise (TryLater if of_disk else click.ClickException)(text) from error

    return run
