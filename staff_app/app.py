"""Runs the tablet: the device, the hands and the glass on one event loop. Imports Kivy only when it runs."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from assets import paths
from assets.window import prepare
from sync_server.device.device import Device
from sync_server.device.run import Companion, Window, live
from sync_server.device.start import not_paired

from .config import Config, ConfigError
from .hands import Hands

Alongside = Callable[[Device, Hands], Coroutine[Any, Any, object]]


def run(config: Config, alongside: Alongside | None = None) -> None:
    """Runs until the window is closed or the process is told to end.

    `alongside(device, hands)` gives a coroutine that lives on the same loop, such as a simulated
    employee. Raises ConfigError, OutboxError, NoDisplay or ThemeError, each with a sentence for people.
    """
    if config.device is None:
        raise not_paired("staff")
    _check_files()

    def open_window(device: Device) -> tuple[Window, Companion | None]:
        prepare(config.size, config.fullscreen)
        from .glass import StaffApp

        hands = Hands(device)
        app = StaffApp(hands, language=config.language)
        if config.employee:
            hands.sign_in_at_start(config.employee, config.pin)
        return app, alongside and (lambda: alongside(device, hands))

    asyncio.run(live(config.device, config.data, open_window))


def _check_files() -> None:
    """A tablet whose letters or sounds are missing says so now, not at the first offer."""
    for path in (paths.ICON_FONT, paths.ICON_NAMES, paths.sound("offer")):
        if not path.is_file():
            raise ConfigError(f"{path} is missing: install Welkom again")
