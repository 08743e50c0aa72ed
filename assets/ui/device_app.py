"""Runs a touch app: pairs the device if necessary, then runs it with its window on one event loop.

Imports Kivy only when it runs.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

from assets.theme.load import ThemeError
from assets.ui.pairing.controller import PairingPorts
from assets.ui.pairing.run import run_pairing
from assets.ui.window import NoDisplay, prepare
from sync_server.device.app.app_runner import CompanionTask, Window, run_device, storage_problem
from sync_server.device.app.config import ConfigError, DeviceConfig
from sync_server.device.device import Device
from sync_server.device.storage.identity_file import save_paired
from sync_server.device.storage.outbox_errors import Cause, OutboxDamaged, OutboxError
from sync_server.protocol.device_file import DeviceFile
from sync_server.store_clock import StoreClockError

log = logging.getLogger(__name__)

# Why an app cannot start, each with a sentence for people.
STARTUP_ERRORS = (ConfigError, NoDisplay, OutboxError, StoreClockError, ThemeError)

# `make_window(device)` returns the app's controller and its window, a DeviceWindow.
WindowFactory = Callable[[Device], tuple[Any, Any]]
# `companion(controller, device)` runs beside the window on the same loop, such as a simulated person.
Companion = Callable[[Any, Device], Coroutine[Any, Any, object]]


def run_device_app(
    kind: str,
    config: DeviceConfig,
    make_window: WindowFactory,
    required_files: Iterable[Path],
    companion: Companion | None = None,
) -> None:
    """Runs until the window is closed or the process is ended. `kind` is `kiosk` or `staff`.

    Raises one of STARTUP_ERRORS.
    """
    for path in required_files:  # say it now, not when the first shopper comes
        if not path.is_file():
            raise ConfigError(f"{path} is missing: install Welkom again")
    asyncio.run(run_on_loop(kind, config, make_window, companion))


async def run_on_loop(
    kind: str, config: DeviceConfig, make_window: WindowFactory, companion: Companion | None = None
) -> None:
    """Does the same on the running loop, without checking files."""
    device = config.device
    while device is not None or (device := await _pair(kind, config)) is not None:
        if not await _run(device, config, make_window, companion):
            return
        device = None


async def _pair(kind: str, config: DeviceConfig) -> DeviceFile | None:
    """Shows the pairing screens until the device is paired; None if the window was closed before."""
    from sync_server.device.network.discovery import StoreBrowser
    from sync_server.device.network.enrol_client import EnrolClient, PairingError, ShownDigits

    def save(file: DeviceFile) -> None:
        save_paired(file, config.data, config.named)

    shown = ShownDigits()
    browsers: list[StoreBrowser] = []

    def find(on_change: Callable[[], None]) -> StoreBrowser:
        browsers.append(StoreBrowser(on_change))
        return browsers[-1]

    def others(address: str) -> list[str]:
        return [other for browser in browsers for other in browser.other_addresses(address)]

    ports = PairingPorts(find, lambda: EnrolClient(kind, shown, others), save, PairingError)
    damaged = config.damaged is not None
    file: DeviceFile | None = await run_pairing(
        ports, config.size, config.fullscreen, config.language, damaged, config.bad_address
    )
    return file


async def _run(
    file: DeviceFile, config: DeviceConfig, make_window: WindowFactory, companion: Companion | None
) -> bool:
    """Runs this device until its window closes. Returns whether it has to be paired again."""
    opened: list[Any] = []

    def open_window(device: Device) -> tuple[Window, CompanionTask | None]:
        prepare(config.size, config.fullscreen)
        controller, window = make_window(device)
        opened.append(window)
        return window, companion and (lambda: companion(controller, device))

    while True:
        try:
            await run_device(file, config.data, open_window)
        except OutboxError as error:
            if opened and isinstance(error, OutboxDamaged):  # damaged while it ran
                opened.clear()
                continue  # the next run puts the file aside
            if opened or error.cause is Cause.IN_USE:
                raise
            log.error("%s", error)
            if not await _wait_for_storage(error, file, config):
                return False
        else:
            return bool(opened[0].pair_again)


async def _wait_for_storage(error: OutboxError, file: DeviceFile, config: DeviceConfig) -> bool:
    """Says on the screen why nothing can be saved, until it can; False if the window was closed before."""
    from .storage_trouble import wait_for_storage

    def look_again() -> OutboxError | None:
        return storage_problem(file, config.data)

    return await wait_for_storage(error, look_again, config.size, config.fullscreen, config.language)
