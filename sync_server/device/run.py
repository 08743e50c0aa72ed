"""How a touch app lives: its device and its window on one event loop, until either is told to end."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sync_server.protocol.device_file import DeviceFile

from .around import Around
from .device import Device
from .find import Finder
from .own_file import forget_key, keep_known
from .start import ConfigError

Companion = Callable[[], Coroutine[Any, Any, object]]


log = logging.getLogger(__name__)


class Window(Protocol):
    """What is needed of a Kivy app."""

    def stop(self) -> None: ...

    async def async_run(self, async_lib: str) -> None: ...


async def live(
    device_file: DeviceFile,
    data: Path,
    open_window: Callable[[Device], tuple[Window, Companion | None]],
) -> None:
    """Runs until the window is closed or the process is told to end.

    `open_window(device)` gives the window, and what lives beside it on the same loop, such as a
    simulated person. Raises ConfigError, OutboxError and what `open_window` raises.
    """
    try:
        device = Device(device_file, data, Around(find=Finder))
    except OSError as error:
        raise ConfigError(f"{data} cannot be used: {error}; name another folder with --data") from error
    beside: asyncio.Future[object] | None = None
    try:
        device.on_known = partial(_keep, data)
        device.on_shut_out = lambda file: forget_key(file, data)
        window, companion = open_window(device)
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # not on Windows
                asyncio.get_running_loop().add_signal_handler(number, window.stop)
        device.start()
        if companion is not None:
            beside = asyncio.ensure_future(companion())
        await window.async_run("asyncio")
    finally:
        if beside is not None:
            beside.cancel()
            await asyncio.gather(beside, return_exceptions=True)
        device.stop()


def _keep(data: Path, known: DeviceFile) -> None:
    """The store changed this device's name or role."""
    try:
        keep_known(known, data)
    except OSError as error:
        log.error("%s: what the store says of this device cannot be kept: %s", data, error)
