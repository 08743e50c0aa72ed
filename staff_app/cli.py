"""The command `welkom staff`."""

import re
from collections.abc import Sequence
from typing import Any

import click

from sync_server.device.app.cli import SizeType, device_options, device_settings, run_reporting

from .config import StaffConfig

PROGRAM = "welkom staff"
SIZE = SizeType("1280x800", smallest=(800, 480))  # no layout is promised for a smaller window


def _check_pin(_context: click.Context, _parameter: click.Parameter, pin: str | None) -> str | None:
    if pin is not None and not re.fullmatch(r"[0-9]{4,8}", pin):
        raise click.BadParameter("a PIN has 4 to 8 digits")
    return pin


@click.command("staff")
@device_options(SIZE)
@click.option("--as", "employee", metavar="ID", help="sign this employee in")
@click.option("--pin", callback=_check_pin, metavar="PIN", help="the PIN for --as")
def command(**options: Any) -> None:
    """Run the employee's tablet app."""
    from assets.ui.device_app import STARTUP_ERRORS

    from .app import run

    run_reporting(PROGRAM, lambda: run(config_of(**options)), STARTUP_ERRORS)


def config_of(employee: str | None, pin: str | None, **options: Any) -> StaffConfig:
    """The config for the values of the command's options. Raises ConfigError and click.UsageError."""
    if bool(employee) != bool(pin):
        raise click.UsageError("--as and --pin belong together: give both or neither")
    return StaffConfig(**device_settings("staff", **options), employee=employee or "", pin=pin or "")


def parse(arguments: Sequence[str]) -> StaffConfig:
    """The config for these command-line arguments. Raises ConfigError and click.UsageError."""
    with command.make_context(PROGRAM, list(arguments)) as context:
        return config_of(**context.params)
