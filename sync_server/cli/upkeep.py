"""Looking after a store: is it sound, copies of it, and making one of a copy."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from .common import DATA, folder_of, plainly, store_of

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@DATA
@JSON
@plainly
def verify(data: Path | None, as_json: bool) -> None:
    """Tell whether a store is sound.

    Its file is looked at, and its tables are compared with what its log tells.
    """
    from sync_server.service.verify import verify as findings_of

    folder = store_of(data)
    tell(findings_of(folder), as_json, f"{folder.store}: sound")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--keep", type=click.IntRange(min=1), default=None, help="Then remove all but the latest KEEP.")
@DATA
@plainly
def backup(folder: Path, keep: int | None, data: Path | None) -> None:
    """Make a backup in a new folder below FOLDER.

    Also while a server runs.
    """
    from sync_server.service.backup import back_up, rotate

    made = back_up(store_of(data), folder)
    click.echo(f"Made and verified {made}")
    if keep is not None and (removed := rotate(folder, keep)):
        click.echo(f"Removed {removed} older")


@click.command()
@click.argument("source", type=click.Path(path_type=Path, file_okay=False))
@click.option("--replace", is_flag=True, help="Even where a store is; that one is kept aside.")
@DATA
@plainly
def restore(source: Path, replace: bool, data: Path | None) -> None:
    """Make a store of a backup again.

    SOURCE is a backup, or a folder with some, of which the latest is taken.
    """
    from sync_server.service.restore import restore as restored_from

    folder = folder_of(data)
    done = restored_from(folder, source, replace)
    made = datetime.fromtimestamp(done.manifest.made_at / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
    click.echo(f"{folder.path}: the store as it was on {made}")
    if done.aside is not None:
        click.echo(f"The store that was there is in {done.aside}")
    if done.revoked is None:
        click.echo("Devices that were revoked since are let in again: look at `welkom device list`")
        click.echo("So are accounts and tokens that were removed: `welkom manager list`, `welkom token list`")
    for name in done.unknown or ():
        click.echo(f"{name} was added since and has to be added anew")
    click.echo(f"Next: `welkom server --data {folder.path}`")


@click.command()
@click.option("--screen", is_flag=True, help="Look at this computer as a kiosk or tablet instead.")
@DATA
@JSON
@plainly
def doctor(screen: bool, data: Path | None, as_json: bool) -> None:
    """Say what is wrong, and what to do about it.

    With a store and its computer, or with a kiosk or tablet.
    """
    from sync_server.service.doctor import examine
    from sync_server.service.finding import Finding

    if screen:
        from sync_server.device.here import lacking

        tell([Finding("screen", text) for text in lacking()], as_json, "A kiosk or tablet can run here")
        return
    folder = folder_of(data)
    tell(examine(folder), as_json, f"{folder.path}: all is well")


def tell(findings: list[Any], as_json: bool, all_well: str) -> None:
    """Prints what was found, and ends with 1 if there was anything."""
    if as_json:
        told = [{"about": finding.about, "text": finding.text} for finding in findings]
        click.echo(json.dumps({"ok": not findings, "findings": told}, indent=2))
    else:
        for finding in findings:
            click.echo(finding.text)
        if not findings:
            click.echo(all_well)
    if findings:
        sys.exit(1)
