"""Runs a device and its window on one event loop until the window closes or the process is ended."""

import asyncio
import contextlib
import errno
import logging
import signal
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sync_server.device.device import Device
from sync_server.device.environment import Environment
from sync_server.device.network.discovery import StoreBrowser
from sync_server.device.storage.identity_file import update_identity
from sync_server.device.storage.outbox_errors import Cause, OutboxDamaged, OutboxError
from sync_server.protocol.device_file import DeviceFile
from sync_server.store_clock import store_clock

from .key_removal import KeyRemover

CompanionTask = Callable[[], Coroutine[Any, Any, object]]


log = logging.getLogger(__name__)


class Window(Protocol):
    """The part of a Kivy app that is used here."""

    def stop(self) -> None: ...

    async def async_run(self, async_lib: str) -> None: ...


async def run_device(
    device_file: DeviceFile,
    data: Path,
    open_window: Callable[[Device], tuple[Window, CompanionTask | None]],
) -> None:
    """Runs until the window closes or the process gets SIGINT or SIGTERM.

    `open_window(device)` returns the window and, if wanted, a task that runs beside it on the same
    loop, such as a simulated person. Raises OutboxError and what `open_window` raises. It raises
    OutboxDamaged, after the window has closed, if the database was damaged meanwhile: run it again.
    """
    device = _open_device(device_file, data)
    damage: list[OutboxDamaged] = []
    companion: asyncio.Future[object] | None = None
    remover = KeyRemover(data)
    try:
        _save_identity_changes(device, data, remover)
        window, start_companion = open_window(device)
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers
                asyncio.get_running_loop().add_signal_handler(number, window.stop)
        device.outbox.on_damaged = partial(_close_once, window, damage)
        device.start()
        if start_companion is not None:
            companion = asyncio.ensure_future(start_companion())
        await window.async_run("asyncio")
    finally:
        if companion is not None:
            companion.cancel()
            await asyncio.gather(companion, return_exceptions=True)
        remover.cancel()
        device.outbox.on_damaged = lambda _error: None
        device.stop()
    if damage:
        raise damage[0]


def _close_once(window: Window, damage: list[OutboxDamaged], error: OutboxDamaged) -> None:
    if not damage:
        asyncio.get_running_loop().call_soon(window.stop)
    damage.append(error)


def storage_problem(device_file: DeviceFile, data: Path) -> OutboxError | None:
    """Why this device cannot save anything at present; None if it can. Needs the running loop."""
    try:
        _open_device(device_file, data).stop()
    except OutboxError as error:
        return error
    return None


def _open_device(device_file: DeviceFile, data: Path) -> Device:
    """Raises OutboxError."""
    clock = store_clock()
    try:
        return Device(device_file, data, Environment(clock.now, pace=clock.pace, find=StoreBrowser))
    except OSError as error:
        cause = Cause.FULL if error.errno == errno.ENOSPC else Cause.NOT_WRITABLE
        text = f"{data} cannot be used: {error}; name another folder with --data"
        raise OutboxError(text, cause) from error


def _save_identity_changes(device: Device, data: Path, remover: KeyRemover) -> None:
    """Keeps the identity file in `data` in step with what the store says of the device."""

    def save(identity: DeviceFile) -> None:
        remover.cancel()  # a device that was revoked takes part again
        try:
            update_identity(identity, data)
        except OSError as error:
            log.error("%s: what the store says of this device cannot be kept: %s", data, error)

    device.on_identity = save
    device.on_revoked = remover.remove
