"""Making, checking, running and reading a store."""

import asyncio
import json
import logging
import secrets
import signal
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from .common import DATA, folder_of, plainly


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", default=None, help="The shop's name.")
@click.option("--password", default=None, help="The manager's password. Default: one is made and shown once.")
@plainly
def init(folder: Path, name: str | None, password: str | None) -> None:
    """Make a store in FOLDER: settings to edit, keys, an empty log."""
    from sync_server.service.setup import make_store

    password = password or secrets.token_urlsafe(9)
    made = make_store(folder, name, password)
    click.echo(f"Made a store in {made.path}")
    click.echo(f"Manager's password: {password}   (shown only now; `welkom manager password` sets another)")
    click.echo(f"Next: edit {made.settings}, then `welkom check --data {folder}`")
    click.echo(f"      give each employee a PIN: `welkom employee pin NAME --data {folder}`")
    click.echo(f'      add each screen: `welkom device add kiosk --name "Front door" --data {folder}`')
    click.echo(f"      start: `welkom server --data {folder}`")


@click.command()
@DATA
@plainly
def check(data: Path | None) -> None:
    """Check store.toml; name every wrong line."""
    from sync_server.service.settings import load_settings

    folder = folder_of(data)
    settings = load_settings(folder.settings)
    open_needs = [need for need in settings.needs if settings.catalogue().need(need.code)]
    click.echo(
        f"{folder.settings}: all right. {settings.store.name}: {len(open_needs)} needs,"
        f" {len(settings.skills)} skills, {len(settings.employees)} employees"
    )
    if not settings.store.public_url:
        click.echo(
            "store.public_url is empty: tickets show no QR code."
            " Set it to the address phones reach this server at, such as http://192.168.1.10:8350"
        )


@click.command()
@DATA
@click.option("--sync", default=None, help="host:port for devices, instead of store.toml's server.sync.")
@click.option("--web", "web_at", default=None, help="host:port for the pages, instead of server.web.")
@click.option(
    "--enrol",
    "enrol_at",
    default=None,
    help="host:port for new devices, instead of server.enrol; '' for none.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
@plainly
def server(
    data: Path | None, sync: str | None, web_at: str | None, enrol_at: str | None, verbose: bool
) -> None:
    """Run the store's server until interrupted."""
    from sync_server.service.server import Server, serve
    from sync_server.web.app import make_app

    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )

    def ready(running: Server) -> None:
        click.echo(f"Devices:  {running.sync_address}")
        click.echo(f"Manager:  http://{running.web_address}/manager")
        if running.enrolment.address:
            click.echo(f"Pairing:  {running.enrolment.reached_at}")
        click.echo(f"Store:    {running.folder.path}")
        click.echo("Ready. Ctrl+C ends.")
        sys.stdout.flush()

    async def until_interrupted() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve(folder_of(data), make_app, sync, web_at, ready, stop, enrol_at)

    # The writer's thread must not wait 5 ms for the loop's: a shopper is waiting for both.
    sys.setswitchinterval(0.0005)
    asyncio.run(until_interrupted())


@click.command()
@DATA
@click.option("--from", "from_day", default=None, help="First day, YYYY-MM-DD. Default: today.")
@click.option("--to", "to_day", default=None, help="Last day, included. Default: the first day.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@plainly
def report(data: Path | None, from_day: str | None, to_day: str | None, as_json: bool) -> None:
    """Print the store's figures. docs/visit-log.md says what each one counts."""
    from msgspec import to_builtins

    from sync_server.domain.kpi import KPIS
    from sync_server.service.queries import report as figures_of
    from sync_server.service.server import wall_clock
    from sync_server.service.settings import load_settings
    from sync_server.service.store import reading

    folder = folder_of(data)
    folder.check()
    catalogue = load_settings(folder.settings).catalogue()
    now = wall_clock()
    first = _day(from_day) or catalogue.day(now)
    last = _day(to_day) or first
    if last < first:
        raise click.UsageError(f"--to {last} is before --from {first}")
    with reading(folder.store) as db:
        figures = to_builtins(figures_of(db, catalogue, first, last, now))
    if as_json:
        click.echo(json.dumps({"from": first, "to": last, **figures}, indent=2))
        return
    click.echo(f"{catalogue.store.name}, {first} to {last}")
    for name, meaning in KPIS.items():
        click.echo(f"{name:26} {_figure(figures[name]):>24}   {meaning}")


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise click.UsageError(f'"{text}" is no day; write it as 2026-11-21') from None


def _figure(value: Any) -> str:
    if isinstance(value, dict):
        return f"median {value['median']}  p90 {value['p90']}  n {value['n']}"
    return "-" if value is None else str(value)
