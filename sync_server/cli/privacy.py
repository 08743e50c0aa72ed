"""`welkom erase`: removes the description of one shopper at once."""

import time
from pathlib import Path

import click

from .common import DATA, DAY, change, plainly, store_of

RETRY_S = 1.0


@click.command()
@click.argument("ticket")
@click.option("--day", type=DAY, default=None, help="The day of the ticket. Default: today.")
@DATA
@plainly
def erase(ticket: str, day: str | None, data: Path | None) -> None:
    """Remove what was said about one shopper.

    At once; times and outcome stay. While some program reads the store, it waits until nothing of it is left.
    """
    from sync_server.service.config.load import load_settings
    from sync_server.store_clock import wall_clock

    of = day or load_settings(store_of(data).settings).catalogue().day(wall_clock())
    ticket = ticket.upper()
    unreadable = change(data, "erase", day=of, ticket=ticket)
    _wait_until_overwritten(data, ticket, of)
    click.echo(f"{ticket} of {of}: name, description, notes, comment and link are removed")
    if unreadable:
        raise click.ClickException(
            f"{', '.join(unreadable)}: what was put aside there cannot be read; remove it to be rid of all"
        )


def _wait_until_overwritten(data: Path | None, ticket: str, day: str) -> None:
    """Tries again until nothing of the words is left in the store's files."""
    said = False
    while pending := change(data, "overwrite"):
        if not said:
            click.echo(
                f"{', '.join(pending)}: some program reads it, so the words about {ticket} of {day} are still"
                " in its files. They are overwritten as soon as it ends; waiting (close SQL tools). A running"
                " server goes on with that if you end this with Ctrl+C."
            )
            said = True
        time.sleep(RETRY_S)
