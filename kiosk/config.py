"""What a kiosk is started with: read once from the command line and the device file, checked whole."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sync_server.domain.catalogue import LANGUAGES
from sync_server.protocol.device_file import DeviceFile, DeviceFileError, parse_device_file

SMALLEST = (480, 480)  # pixels; below this no layout is promised


class ConfigError(Exception):
    """The kiosk cannot start. The text is one sentence that says why and what to do."""


class Config(Struct, frozen=True):
    """`data` is the folder for the device's own database. Without a `size` the screen's own is taken.

    `language` is the one to greet in; empty: the store's first.
    """

    device: DeviceFile
    data: Path
    size: tuple[int, int] | None = None
    fullscreen: bool = True
    language: str = ""


def parse(arguments: Sequence[str], program: str = "welkom kiosk") -> Config:
    """The config these arguments ask for.

    Raises ConfigError; for a wrong argument and for --help it ends the program as argparse does.
    """
    asked = _parser(program).parse_args(arguments)
    return Config(
        device=_device(asked.device),
        data=asked.data or _own_folder(),
        size=asked.size,
        fullscreen=asked.fullscreen or asked.size is None,
        language=asked.language,
    )


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(program, description="The shoppers' touchscreen.")
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
        "--size", type=size_of, metavar="540x960", help="a window of this size; default: the whole screen"
    )
    parser.add_argument("--fullscreen", action="store_true", help="the whole screen, even with --size")
    parser.add_argument(
        "--language", choices=LANGUAGES, default="", help="greet in this one; default: the store's first"
    )
    return parser


def size_of(text: str) -> tuple[int, int]:
    """(540, 960) for "540x960"; for argparse, which prints why another text is none."""
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not match:
        raise argparse.ArgumentTypeError(f'"{text}" is no size; write it as 540x960')
    width, height = int(match[1]), int(match[2])
    if width < SMALLEST[0] or height < SMALLEST[1]:
        raise argparse.ArgumentTypeError(f"{text} is too small; from {SMALLEST[0]}x{SMALLEST[1]} up it works")
    return width, height


def _device(path: Path) -> DeviceFile:
    try:
        device = parse_device_file(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path} is not there; `welkom device add kiosk` on the server makes a device file"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except DeviceFileError as error:
        raise ConfigError(f"{path}: {error}; make a new one with `welkom device add kiosk`") from error
    if device.kind != "kiosk":
        raise ConfigError(
            f'{path} is for a device of kind "{device.kind}"; make one with `welkom device add kiosk`'
        )
    return device


def _own_folder() -> Path:
    from platformdirs import user_data_path  # only where nobody says which folder

    return user_data_path("welkom", appauthor=False) / "devices"
