"""Forgetting somebody at once."""

from pathlib import Path

import click

from .common import DATA, DAY, change, plainly, store_of


@click.command()
@click.argument("ticket")
@click.option("--day", type=DAY, default=None, help="The day of the ticket. Default: today.")
@DATA
@plainly
def erase(ticket: str, day: str | None, data: Path | None) -> None:
    """Remove what was said about one shopper.

    At once; times and outcome stay.
    """
    from sync_server.service.clock import wall_clock
    from sync_server.service.settings import load_settings

    of = day or load_settings(store_of(data).settings).catalogue().day(wall_clock())
    ticket = ticket.upper()
    unreadable = change(data, "erase", day=of, ticket=ticket)
    click.echo(f"{ticket} of {of}: name, description, notes, comment and link are removed")
    if unreadable:
        raise click.ClickException(
            f"{', '.join(unreadable)}: what was put aside there cannot be read; remove it to be rid of all"
        )
