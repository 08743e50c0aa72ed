"""Runs the kiosk: the device, the hands and the glass on one event loop. Imports Kivy only when it runs."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from assets import paths
from assets.window import prepare
from sync_server.device.device import Device
from sync_server.device.run import Companion, Window, live
from sync_server.device.start import not_paired

from .config import Config, ConfigError
from .flow import Flow
from .hands import Hands
from .session import Sound

Alongside = Callable[[Hands, Device], Coroutine[Any, Any, object]]


def run(config: Config, alongside: Alongside | None = None) -> None:
    """Runs until the window is closed or the process is told to end.

    `alongside(hands, device)` gives a coroutine that lives on the same loop, such as a simulated
    shopper. Raises ConfigError, OutboxError, NoDisplay or ThemeError, each with a sentence for people.
    """
    if config.device is None:
        raise not_paired("kiosk")
    _check_files()

    def open_window(device: Device) -> tuple[Window, Companion | None]:
        prepare(config.size, config.fullscreen)
        from .glass import KioskApp

        hands = Hands(Flow(config.language), device)
        app = KioskApp(hands, alone=config.fullscreen)
        return app, alongside and (lambda: alongside(hands, device))

    asyncio.run(live(config.device, config.data, open_window))


def _check_files() -> None:
    """A kiosk whose letters or sounds are missing says so now, not to the first shopper."""
    for path in (paths.ICON_FONT, paths.ICON_NAMES, *(paths.sound(sound) for sound in Sound)):
        if not path.is_file():
            raise ConfigError(f"{path} is missing: install Welkom again")
