"""The command-line options of the touch apps, and how they report an error."""

import logging
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sync_server.device.storage.put_aside import put_aside
from sync_server.domain.catalogue.languages import LANGUAGES

from .config import DamagedIdentity, default_data_folder, find_identity

IDENTITY_SUFFIX = ".toml"  # a file of another name may be named with --device by mistake

log = logging.getLogger(__name__)


class SizeType(click.ParamType[tuple[int, int]]):
    """Reads "540x960" as (540, 960). `example` is shown in the help, `smallest` is in pixels."""

    def __init__(self, example: str, smallest: tuple[int, int]) -> None:
        self.name = example
        self._smallest = smallest

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", value)
        if not match:
            self.fail(f'"{value}" is no size; write it as 1280x800', param, ctx)
        width, height = int(match[1]), int(match[2])
        if width < self._smallest[0] or height < self._smallest[1]:
            smallest = "x".join(map(str, self._smallest))
            self.fail(f"{value} is too small; from {smallest} up it works", param, ctx)
        return width, height

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        return self.name


def device_options(size: SizeType) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options that every touch app has."""
    options = (
        click.option(
            "--device",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="the file `welkom device add` made; default: what pairing kept in the --data folder",
        ),
        click.option(
            "--data",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="the folder for what is not sent yet; default: this user's own data folder for Welkom",
        ),
        click.option("--size", type=size, help="a window of this size; default: the whole screen"),
        click.option("--fullscreen", is_flag=True, help="the whole screen, even with --size"),
        click.option(
            "--language",
            type=click.Choice(LANGUAGES),
            help="start in this one; default: the store's first",
        ),
    )

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def device_settings(
    kind: str,
    device: Path | None,
    data: Path | None,
    size: tuple[int, int] | None,
    fullscreen: bool,
    language: str | None,
) -> dict[str, Any]:
    """The fields of a DeviceConfig for the values of `device_options`. Raises ConfigError.

    A damaged identity file is put aside, and the device has none.
    """
    folder = data or default_data_folder()
    identity, damaged, bad_address = None, None, None
    try:
        identity = find_identity(device, kind, folder)
    except DamagedIdentity as error:
        damaged, bad_address = _put_aside(error), error.address
    return {
        "named": device,
        "device": identity,
        "damaged": damaged,
        "bad_address": bad_address,
        "data": folder,
        "size": size,
        "fullscreen": fullscreen or size is None,
        "language": language or "",
    }


def _put_aside(error: DamagedIdentity) -> Path:
    """Where the damaged file is now. Raises the error if the file may be something else than an identity."""
    if not error.path.name.endswith(IDENTITY_SUFFIX):
        raise error
    try:
        aside = put_aside(error.path, time.time_ns() // 1_000_000)
    except OSError as failed:
        log.error("%s; it cannot be renamed: %s", error, failed)
        return error.path
    log.error("%s; it is now %s, and this device has to be paired again", error, aside)
    return aside


def run_reporting(program: str, start: Callable[[], None], expected: tuple[type[Exception], ...]) -> None:
    """Runs an app, with its log on the terminal.

    For an expected exception it prints one sentence without a traceback and exits with code 2.
    """
    to_terminal = logging.StreamHandler()
    to_terminal.setLevel(logging.WARNING)  # on the handler, because Kivy sets levels on its own loggers
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=[to_terminal])
    # It warns, with a traceback, of each network that takes no multicast. The screen says what was found.
    logging.getLogger("zeroconf").setLevel(logging.ERROR)
    try:
        start()
    except expected as error:
        print(f"{program}: {error}", file=sys.stderr)
        sys.exit(2)
