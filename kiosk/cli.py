"""The command `welkom kiosk`."""

from collections.abc import Sequence
from typing import Any

import click

from sync_server.device.app.cli import SizeType, device_options, device_settings, run_reporting
from sync_server.device.app.config import DeviceConfig

PROGRAM = "welkom kiosk"
SIZE = SizeType("540x960", smallest=(480, 480))  # no layout is promised for a smaller window


@click.command("kiosk")
@device_options(SIZE)
def command(**options: Any) -> None:
    """Run the shoppers' kiosk."""
    from assets.ui.device_app import STARTUP_ERRORS

    from .app import run

    run_reporting(PROGRAM, lambda: run(config_of(**options)), STARTUP_ERRORS)


def config_of(**options: Any) -> DeviceConfig:
    """The config for the values of the command's options. Raises ConfigError."""
    return DeviceConfig(**device_settings("kiosk", **options))


def parse(arguments: Sequence[str]) -> DeviceConfig:
    """The config for these command-line arguments. Raises ConfigError and click.UsageError."""
    with command.make_context(PROGRAM, list(arguments)) as context:
        return config_of(**context.params)
