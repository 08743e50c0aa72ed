"""Runs the tablet: the device, the hands and the glass on one event loop. Imports Kivy only when it runs."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from assets import paths
from assets.pairing.joining import Way
from assets.pairing.run import life, paired
from assets.window import prepare
from sync_server.device.device import Device
from sync_server.device.own_file import keep_joined
from sync_server.device.run import Companion, Window, live
from sync_server.protocol.device_file import DeviceFile

from .config import Config, ConfigError
from .hands import Hands

Alongside = Callable[[Device, Hands], Coroutine[Any, Any, object]]


def run(config: Config, alongside: Alongside | None = None) -> None:
    """Runs until the window is closed or the process is told to end.

    `alongside(device, hands)` gives a coroutine that lives on the same loop, such as a simulated
    employee. Raises ConfigError, OutboxError, NoDisplay or ThemeError, each with a sentence for people.
    """
    _check_files()
    asyncio.run(stay(config, alongside))


async def stay(config: Config, alongside: Alongside | None = None) -> None:
    """The same, on a loop that runs: pairs the device where it is not, and then is that device."""
    await life(config.device, lambda: _pair(config), lambda file: _work(file, config, alongside))


async def _pair(config: Config) -> DeviceFile | None:
    """Gets to know the store, on screens of its own."""
    from sync_server.device.enrol import Pairing, PairingError
    from sync_server.device.find import Finder

    def keep(file: DeviceFile) -> None:
        keep_joined(file, config.data, config.named)

    way = Way(Finder, lambda: Pairing("staff"), keep, PairingError)
    file: DeviceFile | None = await paired(way, config.size, config.fullscreen, config.language)
    return file


async def _work(file: DeviceFile, config: Config, alongside: Alongside | None) -> bool:
    """Lives as this device until the window closes; whether it is to be paired again."""
    opened: list[Any] = []

    def open_window(device: Device) -> tuple[Window, Companion | None]:
        prepare(config.size, config.fullscreen)
        from .glass import StaffApp

        hands = Hands(device)
        app = StaffApp(hands, language=config.language, alone=config.fullscreen)
        if config.employee:
            hands.sign_in_at_start(config.employee, config.pin)
        opened.append(app)
        return app, alongside and (lambda: alongside(device, hands))

    await live(file, config.data, open_window)
    return bool(opened[0].pair_again)


def _check_files() -> None:
    """A tablet whose letters or sounds are missing says so now, not at the first offer."""
    for path in (paths.ICON_FONT, paths.ICON_NAMES, paths.sound("offer")):
        if not path.is_file():
            raise ConfigError(f"{path} is missing: install Welkom again")
