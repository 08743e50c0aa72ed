"""The `welkom` command. Every failure a person can mend ends in one sentence, never in a traceback."""

import asyncio
import contextlib
import functools
import json
import logging
import runpy
import secrets
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from .cli_demo import demo, demo_window

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The store's folder. Default: this user's own data folder for Welkom.",
)


def _folder(data: Path | None) -> Any:
    from platformdirs import user_data_path

    from sync_server.service.folder import Folder

    return Folder(data if data is not None else user_data_path("welkom", appauthor=False))


def _plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turns the errors a person can mend into click's own, which prints their text alone."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        from sync_server.service.accounts import AccountError
        from sync_server.service.folder import FolderError
        from sync_server.service.settings import SettingsError
        from sync_server.service.socket import PortError
        from sync_server.service.store import StoreError

        try:
            return command(*args, **kwargs)
        except (AccountError, FolderError, SettingsError, PortError, StoreError) as error:
            raise click.ClickException(str(error)) from error

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="welkom")
def main() -> None:
    """Welkom: shoppers are greeted, the right colleague comes, and the store sees how it went."""


# --- the store -----------------------------------------------------------------------------------


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", default=None, help="The shop's name.")
@click.option("--password", default=None, help="The manager's password. Default: one is made and shown once.")
@_plainly
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


@main.command()
@DATA
@_plainly
def check(data: Path | None) -> None:
    """Check store.toml; name every wrong line."""
    from sync_server.service.settings import load_settings

    folder = _folder(data)
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


@main.command()
@DATA
@click.option("--sync", default=None, help="host:port for devices, instead of store.toml's server.sync.")
@click.option("--web", "web_at", default=None, help="host:port for the pages, instead of server.web.")
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
@_plainly
def server(data: Path | None, sync: str | None, web_at: str | None, verbose: bool) -> None:
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
        click.echo(f"Store:    {running.folder.path}")
        click.echo("Ready. Ctrl+C ends.")
        sys.stdout.flush()

    async def until_interrupted() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve(_folder(data), make_app, sync, web_at, ready, stop)

    # The writer's thread must not wait 5 ms for the loop's: a shopper is waiting for both.
    sys.setswitchinterval(0.0005)
    asyncio.run(until_interrupted())


@main.command()
@DATA
@click.option("--from", "from_day", default=None, help="First day, YYYY-MM-DD. Default: today.")
@click.option("--to", "to_day", default=None, help="Last day, included. Default: the first day.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_plainly
def report(data: Path | None, from_day: str | None, to_day: str | None, as_json: bool) -> None:
    """Print the store's figures. docs/visit-log.md says what each one counts."""
    from msgspec import to_builtins

    from sync_server.domain.kpi import KPIS
    from sync_server.service.queries import report as figures_of
    from sync_server.service.server import wall_clock
    from sync_server.service.settings import load_settings
    from sync_server.service.store import reading

    folder = _folder(data)
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


# --- who takes part ------------------------------------------------------------------------------


@main.group()
def device() -> None:
    """Kiosks and tablets."""


@device.command("add")
@click.argument("kind", type=click.Choice(["kiosk", "staff"]))
@click.option("--name", required=True, help='Where it stands or whose it is, such as "Front door".')
@click.option("--server", "address", default=None, help="host:port at which the device reaches this server.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="The device file to write.")
@DATA
@_plainly
def device_add(kind: str, name: str, address: str | None, out: Path | None, data: Path | None) -> None:
    """Enrol a device and write the file to copy to it."""
    from sync_server.protocol.device_file import device_file_text
    from sync_server.service import control
    from sync_server.service.folder import write_secret
    from sync_server.service.settings import load_settings

    folder = _folder(data)
    folder.check()
    if address is None:
        host, _, port = load_settings(folder.settings).server.sync.rpartition(":")
        address = f"{_own_address() if host in ('0.0.0.0', '') else host}:{port}"
    if out is not None and out.exists():
        raise click.ClickException(f"{out}: is there already; choose another name with --out")
    file = control.add_device(folder, kind, name, f"tcp://{address}")
    out = out or folder.path / f"{file.device_id}.device.toml"
    write_secret(out, device_file_text(file))
    command = "kiosk" if kind == "kiosk" else "staff"
    click.echo(f"Added {file.name} (tickets {file.letter}-1, {file.letter}-2, …) at {address}")
    click.echo(f"Copy {out} to the device and start it there: welkom {command} --device {out.name}")


@device.command("list")
@DATA
@_plainly
def device_list(data: Path | None) -> None:
    """List all devices."""
    from sync_server.service.accounts import list_devices
    from sync_server.service.store import reading

    folder = _folder(data)
    folder.check()
    with reading(folder.store) as db:
        for row in list_devices(db):
            state = "revoked" if row["revoked_at"] else "active"
            click.echo(f"{row['device_id']:24} {row['kind']:6} {row['letter']:3} {state:8} {row['name']}")


@device.command("revoke")
@click.argument("device_id")
@DATA
@_plainly
def device_revoke(device_id: str, data: Path | None) -> None:
    """Shut a device out, at once."""
    from sync_server.service import control

    folder = _folder(data)
    folder.check()
    control.run(folder, "revoke_device", device_id=device_id)
    click.echo(f"{device_id} has no effect from now on")


@main.group()
def employee() -> None:
    """The people of the floor. Who they are stands in store.toml."""


@employee.command("pin")
@click.argument("employee_id")
@click.option("--pin", prompt=True, hide_input=True, confirmation_prompt=True, help="4 to 8 digits.")
@DATA
@_plainly
def employee_pin(employee_id: str, pin: str, data: Path | None) -> None:
    """Set an employee's PIN."""
    from sync_server.service import control

    folder = _folder(data)
    folder.check()
    control.run(folder, "set_pin", employee=employee_id, pin=pin)
    click.echo(f"{employee_id} has a new PIN")


@main.group()
def manager() -> None:
    """The store's manager."""


@manager.command("password")
@click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="8 characters or more."
)
@DATA
@_plainly
def manager_password(password: str, data: Path | None) -> None:
    """Set the manager's password."""
    from sync_server.service import control

    folder = _folder(data)
    folder.check()
    control.run(folder, "set_password", password=password)
    click.echo("The manager has a new password")


# --- the screens ---------------------------------------------------------------------------------


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def kiosk(arguments: tuple[str, ...]) -> None:
    """Run the shoppers' kiosk. `welkom kiosk --help` shows its options."""
    _run_module("kiosk", arguments)


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def staff(arguments: tuple[str, ...]) -> None:
    """Run the employee's tablet app. `welkom staff --help` shows its options."""
    _run_module("staff_app", arguments)


def _run_module(name: str, arguments: tuple[str, ...]) -> None:
    # The apps are programs of their own; nothing here imports Kivy.
    sys.argv = [f"welkom {name}", *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _own_address() -> str:
    """This computer's address on the store's network; loopback where there is none."""
    import socket

    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: only asks which way out is used
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


main.add_command(demo)
main.add_command(demo_window)


if __name__ == "__main__":
    main()
