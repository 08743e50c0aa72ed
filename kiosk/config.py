"""What a kiosk is started with: read once from the command line and the device file, checked whole."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sync_server.device.start import ConfigError as ConfigError
from sync_server.device.start import arguments, own_folder, paired, size_from
from sync_server.protocol.device_file import DeviceFile

PROGRAM = "welkom kiosk"
SMALLEST = (480, 480)  # pixels; below this no layout is promised

size_of = size_from(SMALLEST)


class Config(Struct, frozen=True):
    """`device` is None while this one is not paired with a store; `named` is the file it was named in.

    `data` is the folder for the device's own database. Without a `size` the screen's own is taken.

    `language` is the one to greet in; empty: the store's first.
    """

    device: DeviceFile | None
    data: Path
    size: tuple[int, int] | None = None
    fullscreen: bool = True
    language: str = ""
    named: Path | None = None


def parse(given: Sequence[str]) -> Config:
    """The config these arguments ask for.

    Raises ConfigError; for a wrong argument and for --help it ends the program as argparse does.
    """
    asked = arguments(PROGRAM, "The shoppers' touchscreen.", "540x960", SMALLEST).parse_args(given)
    return Config(
        named=asked.device,
        device=paired(asked.device, "kiosk", asked.data or own_folder()),
        data=asked.data or own_folder(),
        size=asked.size,
        fullscreen=asked.fullscreen or asked.size is None,
        language=asked.language,
    )
