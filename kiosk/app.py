"""Runs the kiosk: the device, the hands and the glass on one event loop. Imports Kivy only when it runs."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from assets import paths
from assets.window import prepare
from sync_server.device.device import Device

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
    _check_files()
    asyncio.run(_run(config, alongside))


async def _run(config: Config, alongside: Alongside | None) -> None:
    try:
        device = Device(config.device, config.data)
    except OSError as error:
        raise ConfigError(
            f"{config.data} cannot be used: {error}; name another folder with --data"
        ) from error
    companion: asyncio.Future[object] | None = None
    try:
        prepare(config.size, config.fullscreen)
        from .glass import KioskApp

        hands = Hands(Flow(config.language), device)
        app = KioskApp(hands, alone=config.fullscreen)
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # not on Windows
                asyncio.get_running_loop().add_signal_handler(number, app.stop)
        device.start()
        if alongside is not None:
            companion = asyncio.ensure_future(alongside(hands, device))
        await app.async_run("asyncio")
        hands.stop()
    finally:
        if companion is not None:
            companion.cancel()
            await asyncio.gather(companion, return_exceptions=True)
        device.stop()


def _check_files() -> None:
    """A kiosk whose letters or sounds are missing says so now, not to the first shopper."""
    for path in (paths.ICON_FONT, paths.ICON_NAMES, *(paths.sound(sound) for sound in Sound)):
        if not path.is_file():
            raise ConfigError(f"{path} is missing: install Welkom again")
