"""`welkom verify`, `backup`, `restore` and `doctor`: looking after a store."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from .common import DATA, data_dir_of, plainly, store_of

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("verify")
@DATA
@JSON
@plainly
def verify_store(data: Path | None, as_json: bool) -> None:
    """Tell whether a store is sound.

    Checks its file, and compares its tables with its event log.
    """
    from sync_server.service.upkeep import verify

    data_dir = data_dir_of(data)
    data_dir.check()
    print_findings(verify.verify(data_dir), as_json, f"{data_dir.store}: sound")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=None,
    help="Then remove older ones, except the latest KEEP and the last of the latest KEEP days.",
)
@click.option("--made-at", type=click.IntRange(min=0), default=None, hidden=True)  # the server's time, ms UTC
@DATA
@plainly
def backup(folder: Path, keep: int | None, made_at: int | None, data: Path | None) -> None:
    """Make a backup in a new folder below FOLDER.

    Also while a server runs.
    """
    from sync_server.service.upkeep.backup import back_up
    from sync_server.service.upkeep.backup_set import rotate

    made = back_up(store_of(data), folder, made_at)
    click.echo(f"Made and verified {made}")
    if keep is not None and (removed := rotate(folder, keep, made)):
        click.echo(f"Removed {removed} older")


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path, file_okay=False))
@click.option("--replace", is_flag=True, help="Even where a store is; that one is kept aside.")
@DATA
@plainly
def restore_store(source: Path, replace: bool, data: Path | None) -> None:
    """Make a store of a backup again.

    SOURCE is a backup, or a folder with some, of which the latest is taken.
    """
    from sync_server.service.upkeep import restore

    data_dir = data_dir_of(data)
    done = restore.restore(data_dir, source, replace)
    made = datetime.fromtimestamp(done.manifest.made_at / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
    click.echo(f"{data_dir.path}: the store as it was on {made}")
    if done.replaced is not None:
        click.echo(f"The store that was there is in {done.replaced}")
    if done.revoked is None:
        click.echo("Devices that were revoked since are let in again: look at `welkom device list`")
        click.echo("So are accounts and tokens that were removed: `welkom manager list`, `welkom token list`")
    for name in done.unknown or ():
        click.echo(f"{name} was added since and has to be added anew")
    click.echo(f"Next: `{data_dir.command('server')}`")


@click.command()
@click.option("--screen", is_flag=True, help="Look at this computer as a kiosk or tablet instead.")
@DATA
@JSON
@plainly
def doctor(screen: bool, data: Path | None, as_json: bool) -> None:
    """Say what is wrong, and what to do about it.

    With a store and its computer, or with a kiosk or tablet.
    """
    from sync_server.service.upkeep.doctor import examine
    from sync_server.service.upkeep.finding import Finding

    if screen:
        from sync_server.device.app.system_check import missing_requirements

        print_findings(
            [Finding("screen", text) for text in missing_requirements()],
            as_json,
            "A kiosk or tablet can run here",
        )
        return
    data_dir = data_dir_of(data)
    print_findings(examine(data_dir), as_json, f"{data_dir.path}: all is well")


def print_findings(findings: list[Any], as_json: bool, all_well: str) -> None:
    """Prints the findings, and ends the command with code 1 if there are any."""
    if as_json:
        lines = [{"about": finding.about, "text": finding.text} for finding in findings]
        click.echo(json.dumps({"ok": not findings, "findings": lines}, indent=2))
    else:
        for finding in findings:
            click.echo(finding.text)
        if not findings:
            click.echo(all_well)
    if findings:
        sys.exit(1)
