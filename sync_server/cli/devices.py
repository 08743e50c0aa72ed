"""Who takes part: devices and employees."""

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
    """Enrol a device and write the file to copy to it."""
    from sync_server.protocol.device_file import device_file_text
    from sync_server.service import control
    from sync_server.service.enrol import own_address
    from sync_server.service.folder import write_secret
    from sync_server.service.settings import load_settings

    folder = store_of(data)
    if address is None:
        host, _, port = load_settings(folder.settings).server.sync.rpartition(":")
        address = f"{own_address() if host in ('0.0.0.0', '') else host}:{port}"
    if out is not None and (out.exists() or not out.absolute().parent.is_dir()):
        why = "is there already" if out.exists() else "its folder is not there"
        raise click.ClickException(f"{out}: {why}; choose another name with --out")
    file = control.add_device(folder, kind, name, f"tcp://{address}")
    out = out or folder.path / f"{file.device_id}.device.toml"
    try:
        write_secret(out, device_file_text(file))
    except OSError as error:  # its key is nowhere else
        change(data, "revoke_device", device_id=file.device_id)
        raise click.ClickException(
            f"{out}: cannot be written ({error.strerror}); {file.device_id} was revoked again,"
            " add it anew with another --out"
        ) from error
    command = "kiosk" if kind == "kiosk" else "staff"
    click.echo(f"Added {file.name} (tickets {file.letter}-1, {file.letter}-2, …) at {address}")
    click.echo(f"Copy {out} to the device and start it there: welkom {command} --device {out.name}")


@device.command("list")
@DATA
@plainly
def device_list(data: Path | None) -> None:
    """List all devices."""
    from sync_server.service.accounts import list_devices

    with reading_store(data) as db:
        for row in list_devices(db):
            state = "revoked" if row["revoked_at"] else "active"
            click.echo(f"{row['device_id']:24} {row['kind']:6} {row['letter']:3} {state:8} {row['name']}")


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


@click.group()
def employee() -> None:
    """The people of the floor. Who they are stands in store.toml."""


@employee.command("pin")
@click.argument("employee_id")
@click.option(
    "--pin",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="6 to 8 digits, unless store.toml says otherwise.",
)
@DATA
@plainly
def employee_pin(employee_id: str, pin: str, data: Path | None) -> None:
    """Set an employee's PIN."""
    unknown = change(data, "set_pin", employee=employee_id, pin=pin)
    click.echo(f"{employee_id} has a new PIN")
    if unknown:
        click.echo(f"The server read store.toml before {employee_id} was in it; start it again")
