"""Looking after a store: is it sound?"""

import json
import sys
from pathlib import Path
from typing import Any

import click

from .common import DATA, folder_of, plainly

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@DATA
@JSON
@plainly
def verify(data: Path | None, as_json: bool) -> None:
    """Check that the store's file is sound and its tables are what its log tells."""
    from sync_server.service.verify import verify as findings_of

    folder = folder_of(data)
    folder.check()
    tell(findings_of(folder), as_json, f"{folder.store}: sound")


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
