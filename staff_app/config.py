"""What a tablet is started with: read once from the command line and the device file, checked whole."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sync_server.domain.catalogue import LANGUAGES
from sync_server.protocol.device_file import DeviceFile, DeviceFileError, parse_device_file

SMALLEST = (800, 480)  # pixels; below this no layout is promised


class ConfigError(Exception):
    """The tablet cannot start. The text is one sentence that says why and what to do."""


class Config(Struct, frozen=True):
    """`data` is the folder for the device's own database. Without a `size` the screen's own is taken.

    `language` is the one to start in; empty: the store's first. `employee` and `pin`, both or
    neither, sign somebody in by themselves at the start.
    """

    device: DeviceFile
    data: Path
    size: tuple[int, int] | None = None
    fullscreen: bool = True
    language: str = ""
    employee: str = ""
    pin: str = ""


def parse(arguments: Sequence[str], program: str = "welkom staff") -> Config:
    """The config these arguments ask for.

    Raises ConfigError; for a wrong argument and for --help it ends the program as argparse does.
    """
    parser = _parser(program)
    asked = parser.parse_args(arguments)
    if bool(asked.employee) != bool(asked.pin):
        parser.error("--as and --pin belong together: give both or neither")
    return Config(
        device=_device(asked.device),
        data=asked.data or _own_folder(),
        size=asked.size,
        fullscreen=asked.fullscreen or asked.size is None,
        language=asked.language,
        employee=asked.employee,
        pin=asked.pin or "",
    )


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(program, description="The employee's tablet.")
    parser.add_argument(
        "--device", type=Path, required=True, metavar="FILE", help="the file `welkom device add` made"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the folder for what is not sent yet; default: this user's own data folder for Welkom",
    )
    parser.add_argument(
        "--size", type=size, metavar="1280x800", help="a window of this size; default: the whole screen"
    )
    parser.add_argument("--fullscreen", action="store_true", help="the whole screen, even with --size")
    parser.add_argument(
        "--language", choices=LANGUAGES, default="", help="start in this one; default: the store's first"
    )
    parser.add_argument("--as", dest="employee", default="", metavar="ID", help="sign this employee in")
    parser.add_argument("--pin", type=_pin, metavar="PIN", help="the PIN for --as")
    return parser


def size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not match:
        raise argparse.ArgumentTypeError(f'"{text}" is no size; write it as 1280x800')
    width, height = int(match[1]), int(match[2])
    if width < SMALLEST[0] or height < SMALLEST[1]:
        raise argparse.ArgumentTypeError(f"{text} is too small; from {SMALLEST[0]}x{SMALLEST[1]} up it works")
    return width, height


def _pin(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4,8}", text):
        raise argparse.ArgumentTypeError("a PIN has 4 to 8 digits")
    return text


def _device(path: Path) -> DeviceFile:
    try:
        device = parse_device_file(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path} is not there; `welkom device add staff` on the server makes a device file"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except DeviceFileError as error:
        raise ConfigError(f"{path}: {error}; make a new one with `welkom device add staff`") from error
    if device.kind != "staff":
        raise ConfigError(
            f'{path} is for a device of kind "{device.kind}"; make one with `welkom device add staff`'
        )
    return device


def _own_folder() -> Path:
    from platformdirs import user_data_path  # only where nobody says which folder

    return user_data_path("welkom", appauthor=False) / "devices"
