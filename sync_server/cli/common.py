"""What every command shares: which folder it is about, how it changes a store, how its errors are told."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The store's folder. Default: this user's own data folder for Welkom.",
)

TRY_LATER = 75


def folder_of(data: Path | None) -> Any:
    """The folder that `--data` names, whatever is in it."""
    from platformdirs import user_data_path

    from sync_server.service.folder import Folder

    return Folder(data if data is not None else user_data_path("welkom", appauthor=False))


def store_of(data: Path | None) -> Any:
    """The same, and it is a store's. Raises FolderError."""
    folder = folder_of(data)
    folder.check()
    return folder


def change(data: Path | None, command: str, **arguments: str) -> Any:
    """Has the store do one of its commands, wherever it must be done; its result."""
    from sync_server.service import control

    return control.run(store_of(data), command, **arguments)


def ask_server(data: Path | None, command: str, **arguments: str) -> Any:
    """The same, for what only a server that runs can do."""
    from sync_server.service import control

    return control.ask_running(store_of(data), command, **arguments)


@contextlib.contextmanager
def reading_store(data: Path | None) -> Iterator[Any]:
    """A connection that reads the store's file."""
    from sync_server.service.store import reading

    with reading(store_of(data).store) as db:
        yield db


class _Day(click.ParamType[str]):
    """A day, as it is written in the visit log."""

    name = "YYYY-MM-DD"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            self.fail(f'"{value}" is no day; write it as 2026-11-21', param, ctx)


class _Address(click.ParamType[str]):
    """Where to listen; empty for nowhere."""

    name = "host:port"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from sync_server.service.settings import wrong_address

        if value and (problem := wrong_address(value)):
            self.fail(problem, param, ctx)
        return value


DAY, ADDRESS = _Day(), _Address()


class TryLater(click.ClickException):
    """The disk is why (full, failing): the very same may succeed later."""

    exit_code = TRY_LATER


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turns the errors a person can mend into click's own, which prints their text alone."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        from sync_server.service.accounts import AccountError
        from sync_server.service.backup import BackupError
        from sync_server.service.folder import FolderError
        from sync_server.service.settings import SettingsError
        from sync_server.service.socket import PortError
        from sync_server.service.store import StoreError, is_of_disk

        ours = (AccountError, BackupError, FolderError, SettingsError, PortError, StoreError)
        try:
            return command(*args, **kwargs)
        except (*ours, OSError) as error:
            of_disk = is_of_disk(error)
            if isinstance(error, ours):
                said = str(error)
            elif of_disk:
                said = f"{error.filename or 'the disk'}: {error.strerror}; free some space, then do it again"
            elif error.filename is not None:
                said = f"{error.filename}: {error.strerror}; check that it is there and who owns it"
            else:
                raise
            raise (TryLater if of_disk else click.ClickException)(said) from error

    return run
