"""What every command shares: which folder it is about, and how its errors are told."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The store's folder. Default: this user's own data folder for Welkom.",
)


def folder_of(data: Path | None) -> Any:
    from platformdirs import user_data_path

    from sync_server.service.folder import Folder

    return Folder(data if data is not None else user_data_path("welkom", appauthor=False))


TRY_LATER = 75


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
            else:
                raise
            raise (TryLater if of_disk else click.ClickException)(said) from error

    return run
