"""Opens the window in which a device is paired, and waits until it is."""

import asyncio
import contextlib
import signal
from typing import Any

from assets.i18n.translations import FALLBACK
from assets.ui.window import prepare

from .controller import PairingController, PairingPorts


async def run_pairing(
    ports: PairingPorts,
    size: tuple[int, int] | None,
    fullscreen: bool,
    language: str,
    damaged: bool = False,
    bad_address: str | None = None,
) -> Any:
    """The identity that the store gave; None if the window was closed or the process was ended.

    Raises NoDisplay.
    """
    prepare(size, fullscreen)
    from .view import PairingWindow

    controller = PairingController(ports, language or FALLBACK, damaged, bad_address)
    window = PairingWindow(controller, alone=fullscreen)
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers
            asyncio.get_running_loop().add_signal_handler(number, window.stop)
    try:
        await window.async_run("asyncio")
    finally:
        await controller.stop()
    return window.file
