"""Forgetting somebody at once."""

from datetime import date
from pathlib import Path

import click

from .common import DATA, folder_of, plainly


@click.command()
@click.argument("ticket")
@click.option("--day", default=None, help="The day of the ticket, YYYY-MM-DD. Default: today.")
@DATA
@plainly
def erase(ticket: str, day: str | None, data: Path | None) -> None:
    """Remove at once what was said about one shopper; times and outcome stay."""
    from sync_server.service import control
    from sync_server.service.clock import wall_clock
    from sync_server.service.settings import load_settings

    folder = folder_of(data)
    folder.check()
    try:
        of = date.fromisoformat(day).isoformat() if day else None
    except ValueError:
        raise click.UsageError(f'"{day}" is no day; write it as 2026-11-21') from None
    of = of or load_settings(folder.settings).catalogue().day(wall_clock())
    ticket = ticket.upper()
    control.run(folder, "erase", day=of, ticket=ticket)
    click.echo(f"{ticket} of {of}: name, description, notes, comment and link are removed")
