"""`welkom init`, `check`, `server` and `report`: makes a store, checks it, runs it, and reads its figures."""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import ADDRESS, DATA, DAY, data_dir_of, plainly, store_of

if TYPE_CHECKING:
    from sync_server.service.config.model import Settings
    from sync_server.service.storage.data_dir import DataDir


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", default=None, help="The shop's name.")
@click.option(
    "--trade", default=None, help="What to begin with; an unknown name lists all. Default: electronics."
)
@click.option("--password", default=None, help="The manager's password. Default: chosen in the browser.")
@click.option("--tls", "with_tls", is_flag=True, help="Make a certificate too, so that the pages use https.")
@plainly
def init(folder: Path, name: str | None, trade: str | None, password: str | None, with_tls: bool) -> None:
    """Make a store in FOLDER: settings to edit, keys, an empty log."""
    from sync_server.command_line import command_line
    from sync_server.service.config.trades import TRADES, trade_file
    from sync_server.service.storage.data_dir import DataDir
    from sync_server.service.upkeep.create_store import make_store

    if with_tls and DataDir(folder).settings.exists():
        _make_certificate(DataDir(folder))  # for a store that is there already
        return
    if trade is not None and trade not in TRADES:
        raise click.UsageError(f'there is no trade "{trade}"; there are {", ".join(TRADES)}')
    made = make_store(folder, name, password, trade_file(trade) if trade else None)
    click.echo(f"Made a store in {made.path}")
    if made.path.stat().st_mode & 0o077:
        closes = command_line("chmod", "700", made.path)
        click.echo(
            f"It has other files too, so others on this computer can still open it; `{closes}` closes it"
        )
    if with_tls:
        _make_certificate(made)
    where = "its pages set up" if password else "the link that it prints leads through"
    click.echo(f"Next: `{made.command('server')}`; {where} the rest")
    click.echo("      then start each screen, `welkom kiosk` or `welkom staff`: it shows how to let it in")
    click.echo(f"By hand instead: edit {made.settings}, then `{made.command('check')}`;")
    click.echo(f"      a PIN for each employee: `{made.command('employee', 'pin', 'NAME')}`")


def _make_certificate(data_dir: "DataDir") -> None:
    from sync_server.network_addresses import shop_addresses
    from sync_server.service.config.load import load_settings
    from sync_server.service.net import tls
    from sync_server.text_files import read_text

    settings = load_settings(data_dir.settings)
    names = tls.certificate_names(shop_addresses())
    fingerprint = tls.make_certificate(data_dir, settings.store.name, names, datetime.now(UTC))
    click.echo(f"Made {data_dir.path / tls.CERTIFICATE}, for {', '.join(names)}")
    click.echo(f"Its SHA-256 fingerprint: {tls.format_fingerprint(fingerprint)}")
    click.echo("A browser warns at the first visit; compare the fingerprint, then go on.")
    lines = f'tls_cert = "{tls.CERTIFICATE}"\ntls_key = "{tls.KEY}"\nweb = "0.0.0.0:8350"\n'
    text = read_text(data_dir.settings)
    if "[server]" not in text:
        data_dir.settings.write_text(f"{text.rstrip()}\n\n[server]\n{lines}", "utf-8")
        click.echo(f"{data_dir.settings} uses it: other computers reach the pages by https on port 8350")
    elif not settings.server.tls_cert:
        click.echo(f"Put these lines under [server] in {data_dir.settings}:\n{lines}")


@click.command()
@DATA
@plainly
def check(data: Path | None) -> None:
    """Check store.toml; name every wrong line."""
    from assets.theme.drawing import undrawable
    from assets.ui.icons import icon
    from sync_server.service.config.load import load_settings
    from sync_server.service.net.listen import check_listen_address

    data_dir = data_dir_of(data)
    settings = load_settings(data_dir.settings)
    for key in ("sync", "web", "enrol"):
        if address := getattr(settings.server, key):
            check_listen_address(f"server.{key}", address)
    open_needs = [need for need in settings.needs if settings.catalogue().need(need.code)]
    counted = ((open_needs, "need"), (settings.skills, "skill"), (settings.employees, "employee"))
    counts = ", ".join(f"{len(items)} {name}{'s' * (len(items) != 1)}" for items, name in counted)
    click.echo(f"{data_dir.settings}: all right. {settings.store.name}: {counts}")
    for place, name in _icons(settings):
        try:
            icon(name)
        except KeyError as error:
            click.echo(f"{place}: {error.args[0]} (screens show a dot)")
    for place, text, shown in _undrawable(settings):
        missing = undrawable(text)
        click.echo(f'{place}: kiosk and tablet have no letters for "{missing}" and show "{shown}"')
    if not settings.store.public_url:
        click.echo(
            "store.public_url is empty: tickets show no QR code."
            " Set it to the address phones reach this server at, such as http://192.168.1.10:8350"
        )


def _undrawable(settings: "Settings") -> Iterator[tuple[str, str, str]]:
    """Each text with characters that the screens cannot draw: where it is, and what they show instead."""
    from msgspec import to_builtins

    from assets.theme.shown_catalogue import ShownCatalogue

    given = settings.catalogue()
    shown = ShownCatalogue().of(given)
    assert shown is not None
    yield from _differences("store.name", given.store.name, shown.store.name)
    for table in ("employees", "needs", "skills", "places", "tips", "gifts"):
        for one, other in zip(getattr(given, table), getattr(shown, table), strict=True):
            name = one.id if table == "employees" else one.code
            yield from _differences(f'{table} "{name}"', to_builtins(one), to_builtins(other))


def _differences(where: str, one: Any, other: Any) -> Iterator[tuple[str, str, str]]:
    """Each text below `one` that is another one in `other`, or has characters without a picture."""
    from assets.theme.drawing import undrawable

    if isinstance(one, dict):
        for key, value in one.items():
            deeper = f"{where}, {key}" if where.endswith('"') else f"{where}.{key}"
            yield from _differences(deeper, value, other.get(key))
    elif isinstance(one, str) and undrawable(one):
        yield where, one, other


def _icons(settings: "Settings") -> Iterator[tuple[str, str]]:
    """Each icon that store.toml names, and where."""
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
    from sync_server.network_addresses import network_addresses
    from sync_server.service.garbage import collect_rarely
    from sync_server.service.net.tls import format_fingerprint
    from sync_server.service.observe.logs import configure_logging
    from sync_server.service.server import Server, serve
    from sync_server.store_clock import store_clock
    from sync_server.web.app import make_app
    from sync_server.web.manager.access import FIRST_RUN

    configure_logging(log == "json", verbose)

    def ready(running: Server) -> None:
        local, elsewhere = running.pages.local, running.pages.manager_elsewhere
        devices_at = network_addresses(running.sync_address.removeprefix("tcp://"))
        click.echo(f"Devices:  {', '.join(devices_at)}")
        only = "" if elsewhere else "   (on this computer only; docs/shop/running.md, Https)"
        click.echo(f"Manager:  {elsewhere or local}/manager{only}")
        if running.enrol.address:
            click.echo(f"Pairing:  {', '.join(running.enrol.network_addresses)}")
        if running.tls is not None:
            fingerprint = format_fingerprint(running.tls.fingerprint)
            click.echo(f"Its certificate's SHA-256 fingerprint: {fingerprint}")
        if (code := running.setup_code()) is not None:
            click.echo("The manager's pages have no password yet. Choose one by this link, which works once.")
            click.echo(f"  On this computer: {local}{FIRST_RUN}/{code}")
            if elsewhere:
                click.echo(f"  On another one:   {elsewhere}{FIRST_RUN}/{code}")
        click.echo(f"Store:    {running.data_dir.path}")
        collect_rarely()
        click.echo("Ready. Ctrl+C ends.")
        sys.stdout.flush()

    async def until_interrupted() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve(data_dir_of(data), make_app, sync, web_at, ready, stop, enrol_at, store_clock())

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

    docs/reference/figures.md says what each one counts.
    """
    from sync_server.domain.kpi import KPIS
    from sync_server.service.config.load import load_settings
    from sync_server.service.reports.kpi_report import json_figures, kpi_report
    from sync_server.service.storage.connection import reading
    from sync_server.store_clock import wall_clock

    data_dir = store_of(data)
    catalogue = load_settings(data_dir.settings).catalogue()
    now = wall_clock()
    first = from_day or catalogue.day(now)
    last = to_day or first
    if last < first:
        raise click.UsageError(f"--to {last} is before --from {first}")
    with reading(data_dir.store, limit_s=None) as db:
        figures = kpi_report(db, catalogue, first, last, now)
    if as_json:
        click.echo(json.dumps({"from": first, "to": last, **json_figures(figures)}, indent=2))
        return
    click.echo(f"{catalogue.store.name}, {first} to {last}")
    for name, meaning in KPIS.items():
        click.echo(f"{name:26} {_figure(getattr(figures, name)):>38}   {meaning}")


def _figure(value: Any) -> str:
    from sync_server.domain.kpi import Distribution
    from sync_server.domain.share import Share

    if isinstance(value, Distribution):
        return f"median {value.median}  p90 {value.p90}  n {value.n}"
    if not isinstance(value, Share):
        return "-" if value is None else str(value)
    if (between := value.interval) is None:
        return "-"
    if not value.is_enough:
        return f"too few to say ({value.part} of {value.whole})"
    return f"{value.value} ({between.low}-{between.high}, {value.part} of {value.whole})"
