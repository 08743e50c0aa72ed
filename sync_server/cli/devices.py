"""`welkom device`: adds, lists, revokes and renames the devices of a store."""

from pathlib import Path

import click

from .common import DATA, change, plainly, reading_store, store_of

KIND = click.argument("kind", type=click.Choice(["kiosk", "staff"]))


@click.group()
def device() -> None:
    """Kiosks and tablets."""


@device.command("add")
@KIND
@click.option("--name", required=True, help='Where it stands or whose it is, such as "Front door".')
@click.option("--server", "address", default=None, help="host:port at which the device reaches this server.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="The device file to write.")
@DATA
@plainly
def device_add(kind: str, name: str, address: str | None, out: Path | None, data: Path | None) -> None:
    """Enrol a device and write the file to copy to it.

    The file has every address at which the server may be reached, or the one of --server alone.
    """
    from msgspec.structs import replace

    from sync_server.addresses import DEVICE_SCHEME, AddressError, parse_address
    from sync_server.command_line import command_line
    from sync_server.network_addresses import network_addresses
    from sync_server.protocol.device_file import device_file_text
    from sync_server.service.admin import client
    from sync_server.service.config.load import load_settings
    from sync_server.service.storage.data_dir import write_secret

    data_dir = store_of(data)
    try:
        sync = load_settings(data_dir.settings).server.sync if address is None else ""
        known = network_addresses(sync) if address is None else [address]
        at, *others = [parse_address(each) for each in known]
    except AddressError as error:
        name = "--server" if address is not None else "server.sync in store.toml, which --server replaces"
        raise click.ClickException(f"{name}: {error}") from error
    if out is not None and (out.exists() or not out.absolute().parent.is_dir()):
        why = "is there already" if out.exists() else "its folder is not there"
        raise click.ClickException(f"{out}: {why}; choose another name with --out")
    file = client.add_device(data_dir, kind, name, f"{DEVICE_SCHEME}{at}")
    file = replace(file, others=tuple(f"{DEVICE_SCHEME}{other}" for other in others))
    out = out or data_dir.path / f"{file.device_id}.device.toml"
    try:
        write_secret(out, device_file_text(file))
    except OSError as error:  # the device's key was only in this file
        change(data, "revoke_device", device_id=file.device_id)
        raise click.ClickException(
            f"{out}: cannot be written ({error.strerror}); {file.device_id} was revoked again,"
            " add it anew with another --out"
        ) from error
    command = "kiosk" if kind == "kiosk" else "staff"
    everywhere = ", or ".join(map(str, (at, *others)))
    click.echo(f"Added {file.name} (tickets {file.letter}-1, {file.letter}-2, …) at {everywhere}")
    start = command_line("welkom", command, "--device", out.name)
    click.echo(f"Copy {out} to the device and start it there: {start}")


@device.command("list")
@DATA
@plainly
def device_list(data: Path | None) -> None:
    """List all devices."""
    from sync_server.service.auth.devices import list_devices

    with reading_store(data) as db:
        for row in sorted(list_devices(db), key=lambda row: row.enrolled_at):
            state = "revoked" if row.revoked_at else "active"
            click.echo(f"{row.device_id:24} {row.kind:6} {row.letter:3} {state:8} {row.name}")


@device.command("revoke")
@click.argument("device_id")
@DATA
@plainly
def device_revoke(device_id: str, data: Path | None) -> None:
    """Shut a device out, at once."""
    change(data, "revoke_device", device_id=device_id)
    click.echo(f"{device_id} has no effect from now on")


@device.command("rename")
@click.argument("device_id")
@click.argument("name")
@DATA
@plainly
def device_rename(device_id: str, name: str, data: Path | None) -> None:
    """Give a device another name. Its id stays."""
    change(data, "rename_device", device_id=device_id, name=name)
    click.echo(f"{device_id} is called {name.strip()} now")


@device.command("role")
@click.argument("device_id")
@KIND
@DATA
@plainly
def device_role(device_id: str, kind: str, data: Path | None) -> None:
    """Make a kiosk of a tablet, or a tablet of a kiosk."""
    change(data, "move_device", device_id=device_id, kind=kind)
    click.echo(f"{device_id} is for {kind} now; start `welkom {kind}` on it")
