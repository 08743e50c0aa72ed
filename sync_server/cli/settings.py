"""`welkom settings`: the history of `store.toml`, and taking a change back."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import click

from .common import DATA, plainly, store_of

SHOWN = 20


@click.group()
def settings() -> None:
    """The history of store.toml, and taking a change back."""


@settings.command()
@DATA
@plainly
def history(data: Path | None) -> None:
    """List the latest changes of store.toml: number, when, by whom, and what."""
    from sync_server.service.settings import settings_history
    from sync_server.service.storage.connection import reading

    with reading(store_of(data).store) as db:
        found = settings_history.versions(db, SHOWN + 1)
    for new, old in pairwise(found):
        at = f"{datetime.fromtimestamp(new.at / 1000, UTC).astimezone():%Y-%m-%d %H:%M}"
        keys = settings_history.changed_keys(old.text, new.text)
        click.echo(f"{new.n}  {at}  {new.by or 'in the file'}: {', '.join(keys) or 'only comments'}")
    if len(found) < 2:
        click.echo("Nothing has been changed yet.")


@settings.command()
@click.argument("number", type=click.IntRange(min=1))
@DATA
@plainly
def undo(number: int, data: Path | None) -> None:
    """Take the change with this NUMBER back; later ones stay.

    A running server follows within two seconds.
    """
    from sync_server.service.settings import settings_history
    from sync_server.service.settings.settings_file import NotSaved, SettingsFile
    from sync_server.service.storage.connection import reading

    data_dir = store_of(data)
    with reading(data_dir.store) as db:
        change = settings_history.change(db, number)
    if change is None:
        raise click.ClickException(
            f"there is no change {number}; `{data_dir.command('settings', 'history')}`"
        )
    file = SettingsFile(data_dir)
    before, after = change
    try:
        text = settings_history.taken_back(before.text, after.text, file.current.text)
        file.replace(text, file.current.version, "", 0)
    except settings_history.BuiltUpon as error:
        raise click.ClickException(
            f"nothing was taken back: later changes are about the same ({error}); take those back first"
        ) from error
    except NotSaved as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"Change {number} is taken back: {', '.join(settings_history.changed_keys(after.text, before.text))}"
    )
