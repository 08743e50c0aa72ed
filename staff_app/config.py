"""What a tablet is started with: read once from the command line and the device file, checked whole."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sync_server.device.start import ConfigError as ConfigError
from sync_server.device.start import arguments, own_folder, paired, size_from
from sync_server.protocol.device_file import DeviceFile

PROGRAM = "welkom staff"
SMALLEST = (800, 480)  # pixels; below this no layout is promised

size = size_from(SMALLEST)


class Config(Struct, frozen=True):
    """`device` is None while this one is not paired with a store; `named` is the file it was named in.

    `data` is the folder for the device's own database. Without a `size` the screen's own is taken.

    `language` is the one to start in; empty: the store's first. `employee` and `pin`, both or
    neither, sign somebody in by themselves at the start.
    """

    device: DeviceFile | None
    data: Path
    size: tuple[int, int] | None = None
    fullscreen: bool = True
    language: str = ""
    employee: str = ""
    pin: str = ""
    named: Path | None = None


def parse(given: Sequence[str]) -> Config:
    """The config these arguments ask for.

    Raises ConfigError; for a wrong argument and for --help it ends the program as argparse does.
    """
    parser = arguments(PROGRAM, "The employee's tablet.", "1280x800", SMALLEST)
    parser.add_argument("--as", dest="employee", default="", metavar="ID", help="sign this employee in")
    parser.add_argument("--pin", type=_pin, metavar="PIN", help="the PIN for --as")
    asked = parser.parse_args(given)
    if bool(asked.employee) != bool(asked.pin):
        parser.error("--as and --pin belong together: give both or neither")
    return Config(
        named=asked.device,
        device=paired(asked.device, "staff", asked.data or own_folder()),
        data=asked.data or own_folder(),
        size=asked.size,
        fullscreen=asked.fullscreen or asked.size is None,
        language=asked.language,
        employee=asked.employee,
        pin=asked.pin or "",
    )


def _pin(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4,8}", text):
        raise argparse.ArgumentTypeError("a PIN has 4 to 8 digits")
    return text
