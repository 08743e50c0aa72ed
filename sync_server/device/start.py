"""How a touch app starts: its arguments, its device file, and one sentence where it cannot."""

import argparse
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path

from sync_server.domain.catalogue import LANGUAGES
from sync_server.protocol.device_file import DeviceFile, DeviceFileError, parse_device_file

from .own_file import own_file


class ConfigError(Exception):
    """The app cannot start. The text is one sentence that says why and what to do."""


def arguments(program: str, about: str, usual: str, smallest: tuple[int, int]) -> argparse.ArgumentParser:
    """What every touch app can be told. `usual` is a size such as "540x960", `smallest` in pixels."""
    parser = argparse.ArgumentParser(program, description=about)
    parser.add_argument(
        "--device",
        type=Path,
        metavar="FILE",
        help="the file `welkom device add` made; default: what pairing kept in the --data folder",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the folder for what is not sent yet; default: this user's own data folder for Welkom",
    )
    parser.add_argument(
        "--size",
        type=size_from(smallest),
        metavar=usual,
        help="a window of this size; default: the whole screen",
    )
    parser.add_argument("--fullscreen", action="store_true", help="the whole screen, even with --size")
    parser.add_argument(
        "--language", choices=LANGUAGES, default="", help="start in this one; default: the store's first"
    )
    return parser


def size_from(smallest: tuple[int, int]) -> Callable[[str], tuple[int, int]]:
    """Reads "540x960" as (540, 960), for argparse, which prints why another text is no size."""

    def size(text: str) -> tuple[int, int]:
        match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
        if not match:
            raise argparse.ArgumentTypeError(f'"{text}" is no size; write it as 1280x800')
        width, height = int(match[1]), int(match[2])
        if width < smallest[0] or height < smallest[1]:
            raise argparse.ArgumentTypeError(
                f"{text} is too small; from {smallest[0]}x{smallest[1]} up it works"
            )
        return width, height

    return size


def paired(path: Path | None, kind: str, folder: Path) -> DeviceFile | None:
    """The device file that was named, else the one that pairing kept in `folder`; None: not paired yet.

    Raises ConfigError for a file that cannot be used.
    """
    if path is not None:
        return device_file(path, kind)
    own = own_file(folder, kind)
    return device_file(own, kind) if own.exists() else None


def not_paired(kind: str) -> ConfigError:
    """What somebody reads who starts an app on a device that is not paired, where no screen can do it."""
    return ConfigError(
        f"this device is not paired with a store yet; `welkom join {kind}` pairs it,"
        f" or copy a file of `welkom device add {kind}` here and name it with --device"
    )


def device_file(path: Path, kind: str) -> DeviceFile:
    """The device file at `path`, which must be for a device of this kind. Raises ConfigError."""
    add = f"`welkom device add {kind}`"
    try:
        device = parse_device_file(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there; {add} on the server makes a device file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except DeviceFileError as error:
        raise ConfigError(f"{path}: {error}; make a new one with {add}") from error
    if device.kind != kind:
        raise ConfigError(f'{path} is for a device of kind "{device.kind}"; make one with {add}')
    return device


def own_folder() -> Path:
    """Where a device keeps its database if nobody says otherwise."""
    from platformdirs import user_data_path  # only where nobody says which folder

    return user_data_path("welkom", appauthor=False) / "devices"


def main(program: str, start: Callable[[], None], expected: tuple[type[Exception], ...]) -> int:
    """Runs an app; its exit code. The expected errors are told in one sentence, never in a traceback."""
    to_terminal = logging.StreamHandler()
    to_terminal.setLevel(logging.WARNING)  # on the handler: Kivy sets levels of its own on its loggers
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=[to_terminal])
    try:
        start()
    except expected as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    return 0
