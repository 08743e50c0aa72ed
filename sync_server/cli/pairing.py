"""Pairs a device with its store: `device pair` and `device code` at the store, `join` on the device."""

import asyncio
import sys
from pathlib import Path

import click

from .common import DATA, ask_server, plainly
from .devices import KIND, device


@device.command("pair")
@click.argument("digits", required=False)
@click.option("--name", default=None, help='Where it stands or whose it is, such as "Front door".')
@click.option("--refuse", is_flag=True, help="Turn it away instead.")
@DATA
@plainly
def device_pair(digits: str | None, name: str | None, refuse: bool, data: Path | None) -> None:
    """Let a device in that asks.

    Without DIGITS it shows which devices ask; DIGITS are those on the screen of the one to let in.
    """
    requests = ask_server(data, "list_requests")
    if digits is None:
        for request in requests:
            click.echo(f"{request['kind']:6} {request['address']}")
        click.echo(
            "Type the digits on the screen of the one to let in: welkom device pair DIGITS --name NAME"
            if requests
            else "No device asks to be let in. Start one: it shows its digits, and is then listed here."
        )
        return
    wanted = [r for r in requests if r["digits"].replace(" ", "") == digits.replace(" ", "")]
    if not wanted:
        raise click.ClickException(f"no device that asks shows {digits}; `welkom device pair` lists them")
    if refuse:
        ask_server(data, "refuse_request", request=wanted[0]["request"])
        click.echo(f"{wanted[0]['digits']} is turned away")
        return
    name = name or click.prompt("Its name")
    made = ask_server(data, "approve_request", request=wanted[0]["request"], digits=digits, name=name)
    click.echo(f"{made['name']} is paired as {made['device_id']} (tickets {made['letter']}-1, …)")


def _can_draw(encoding: str) -> bool:
    """Whether a terminal of this encoding has the blocks of which a QR code is drawn."""
    try:
        "▄▀█".encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@device.command("code")
@KIND
@click.option("--name", required=True, help='Where it stands or whose it is, such as "Front door".')
@DATA
@plainly
def device_code(kind: str, name: str, data: Path | None) -> None:
    """Make a code that lets one device in, within ten minutes."""
    from qrcode.main import QRCode

    from sync_server.command_line import command_line

    made = ask_server(data, "make_code", kind=kind, name=name)
    if _can_draw(sys.stdout.encoding):
        picture = QRCode(border=2)
        picture.add_data(made["invitation"])
        picture.print_ascii(invert=True)
    click.echo(f"Code:     {made['code']}   (for one device, within ten minutes)")
    click.echo(f"Address:  {', or '.join(made['addresses'])}")
    there = command_line("welkom", "join", kind, made["invitation"])
    click.echo(f"Type both on the device, or there: {there}")


@click.command()
@KIND
@click.argument("store")
@click.option("--code", default=None, help="A code of the store's; without one somebody there approves.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The folder for what is not sent yet. Default: this user's own data folder for Welkom.",
)
def join(kind: str, store: str, code: str | None, data: Path | None) -> None:
    """Pair this device with a store without touching its screen.

    STORE is the address of the store's computer, or an invitation (welkom://…) with the code in it.
    """
    from sync_server.command_line import command_line
    from sync_server.device.app.config import default_data_folder
    from sync_server.device.network.enrol_client import EnrolClient, PairingError
    from sync_server.device.storage.identity_file import save_identity
    from sync_server.network_addresses import nearest_addresses_first, own_networks
    from sync_server.protocol.device_file import DeviceFile
    from sync_server.protocol.enrol import read_invitation

    invited = read_invitation(store)
    addresses = [store]
    if invited is not None:
        addresses, code = nearest_addresses_first(invited[0], own_networks()), invited[1]
    store, *others = addresses

    async def pair() -> DeviceFile:
        pairing = EnrolClient(kind, others=lambda _address: others)
        if code is not None:
            return await pairing.with_code(store, code)
        shown = await pairing.begin(store)
        click.echo(f"Type these digits on the page Devices of {shown.store}: {shown.digits}")
        if shown.manager_url:
            click.echo(f"Approve it at {shown.manager_url}")
        click.echo("Waiting to be approved, ten minutes at most. Ctrl+C ends.")
        return await pairing.wait()

    folder = data or default_data_folder()
    try:
        file = asyncio.run(pair())
    except PairingError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise click.Abort from None
    try:
        path = save_identity(file, folder)
    except OSError as error:
        raise click.ClickException(
            f"{folder} cannot be written ({error}); name another with --data"
        ) from error
    click.echo(f"This device is {file.name} now; its key is in {path}")
    click.echo(f"Start it: {command_line('welkom', kind, *(('--data', folder) if data else ()))}")
