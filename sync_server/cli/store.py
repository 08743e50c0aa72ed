"""Making, checking, running and reading a store."""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import ADDRESS, DATA, DAY, folder_of, plainly, store_of

if TYPE_CHECKING:
    from sync_server.service.folder import Folder
    from sync_server.service.settings import Settings


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", default=None, help="The shop's name.")
@click.option("--password", default=None, help="The manager's password. Default: chosen in the browser.")
@click.option("--tls", "with_tls", is_flag=True, help="Make a certificate too, so that the pages use https.")
@plainly
def init(folder: Path, name: str | None, password: str | None, with_tls: bool) -> None:
    """Make a store in FOLDER: settings to edit, keys, an empty log."""
    from sync_server.service.folder import Folder
    from sync_server.service.setup import make_store

    if with_tls and Folder(folder).settings.exists():
        _make_certificate(Folder(folder))  # for a store that is there already
        return
    made = make_store(folder, name, password)
    click.echo(f"Made a store in {made.path}")
    if with_tls:
        _make_certificate(made)
    click.echo(f"Next: edit {made.settings}, then `welkom check --data {folder}`")
    click.echo(f"      give each employee a PIN: `welkom employee pin NAME --data {folder}`")
    click.echo(f"      start: `welkom server --data {folder}`")
    click.echo("      start each screen, `welkom kiosk` or `welkom staff`: it shows how to let it in")
    if password is None:
        click.echo("The manager chooses a password at the first visit; the server's start says where.")


def _make_certificate(folder: "Folder") -> None:
    from sync_server.service import tls
    from sync_server.service.enrol import own_address
    from sync_server.service.settings import load_settings

    settings = load_settings(folder.settings)
    names = tls.own_names(own_address())
    fingerprint = tls.make(folder, settings.store.name, names, datetime.now(UTC))
    click.echo(f"Made {folder.path / tls.CERTIFICATE}, for {', '.join(names)}")
    click.echo(f"Its SHA-256 fingerprint: {tls.in_pairs(fingerprint)}")
    click.echo("A browser warns at the first visit; compare the fingerprint, then go on.")
    lines = f'tls_cert = "{tls.CERTIFICATE}"\ntls_key = "{tls.KEY}"\nweb = "0.0.0.0:8350"\n'
    text = folder.settings.read_text("utf-8")
    if "[server]" not in text:
        folder.settings.write_text(f"{text.rstrip()}\n\n[server]\n{lines}", "utf-8")
        click.echo(f"{folder.settings} uses it: other computers reach the pages by https on port 8350")
    elif not settings.server.tls_cert:
        click.echo(f"Put these lines under [server] in {folder.settings}:\n{lines}")


@click.command()
@DATA
@plainly
def check(data: Path | None) -> None:
    """Check store.toml; name every wrong line."""
    from assets.icon import icon
    from sync_server.service.settings import load_settings

    folder = folder_of(data)
    settings = load_settings(folder.settings)
    open_needs = [need for need in settings.needs if settings.catalogue().need(need.code)]
    counted = ((open_needs, "need"), (settings.skills, "skill"), (settings.employees, "employee"))
    counts = ", ".join(f"{len(items)} {name}{'s' * (len(items) != 1)}" for items, name in counted)
    click.echo(f"{folder.settings}: all right. {settings.store.name}: {counts}")
    for place, name in _icons(settings):
        try:
            icon(name)
        except KeyError as error:
            click.echo(f"{place}: {error.args[0]} (screens show a dot)")
    if not settings.store.public_url:
        click.echo(
            "store.public_url is empty: tickets show no QR code."
            " Set it to the address phones reach this server at, such as http://192.168.1.10:8350"
        )


def _icons(settings: "Settings") -> Iterator[tuple[str, str]]:
    """Each icon that is asked for, and where."""
    for need in settings.needs:
        yield f'needs (code "{need.code}"), icon', need.icon
        if need.self_help is not None:
            yield f'needs (code "{need.code}"), self_help.icon', need.self_help.icon
    for place in settings.places:
        yield f'places (code "{place.code}"), icon', place.icon


@click.command()
@DATA
@click.option("--sync", type=ADDRESS, default=None, help="For devices, instead of store.toml's server.sync.")
@click.option("--web", "web_at", type=ADDRESS, default=None, help="For the pages, instead of server.web.")
@click.option(
    "--enrol",
    "enrol_at",
    type=ADDRESS,
    default=None,
    help="For new devices, instead of server.enrol; '' for none.",
)
@click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Log as text, or everything that happens as a line of JSON.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
@plainly
def server(
    data: Path | None, sync: str | None, web_at: str | None, enrol_at: str | None, log: str, verbose: bool
) -> None:
    """Run the store's server until interrupted."""
    from sync_server.service.enrol import from_elsewhere
    from sync_server.service.logs import set_up
    from sync_server.service.server import Server, serve
    from sync_server.service.tls import in_pairs
    from sync_server.web.app import make_app
    from sync_server.web.first_run import FIRST_RUN

    set_up(log == "json", verbose)

    def ready(running: Server) -> None:
        click.echo(f"Devices:  {from_elsewhere(running.sync_address.removeprefix('tcp://'))}")
        only = "" if running.elsewhere else "   (on this computer only; docs/running.md, Https)"
        click.echo(f"Manager:  {running.elsewhere or running.web_here}/manager{only}")
        if running.enrolment.address:
            click.echo(f"Pairing:  {running.enrolment.reached_at}")
        if running.tls is not None:
            click.echo(f"Its certificate's SHA-256 fingerprint: {in_pairs(running.tls.fingerprint)}")
        if (code := running.first_run_code()) is not None:
            click.echo(f"Nobody has a password yet. Choose one on this computer: {running.web_here}/manager")
            if running.elsewhere:
                click.echo(f"or on another one, by this link, once: {running.elsewhere}{FIRST_RUN}/{code}")
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
@click.option("--from", "from_day", type=DAY, default=None, help="First day. Default: today.")
@click.option("--to", "to_day", type=DAY, default=None, help="Last day, included. Default: the first day.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@plainly
def report(data: Path | None, from_day: str | None, to_day: str | None, as_json: bool) -> None:
    """Print the store's figures.

    docs/visit-log.md says what each one counts.
    """
    from msgspec import to_builtins

    from sync_server.domain.kpi import KPIS
    from sync_server.service.clock import wall_clock
    from sync_server.service.queries import report as figures_of
    from sync_server.service.settings import load_settings
    from sync_server.service.store import reading

    folder = store_of(data)
    catalogue = load_settings(folder.settings).catalogue()
    now = wall_clock()
    first = from_day or catalogue.day(now)
    last = to_day or first
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


def _figure(value: Any) -> str:
    if isinstance(value, dict):
        return f"median {value['median']}  p90 {value['p90']}  n {value['n']}"
    return "-" if value is None else str(value)
