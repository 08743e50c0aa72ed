"""Runs the kiosk. Imports Kivy only when it runs."""

from functools import partial
from typing import Any

from assets import paths
from assets.ui.device_app import Companion, run_device_app
from kiosk.session.session import KioskSound
from sync_server.device.app.config import DeviceConfig
from sync_server.device.device import Device


def run(config: DeviceConfig, companion: Companion | None = None) -> None:
    """Runs until the window is closed; see `run_device_app`."""
    required = (paths.ICON_FONT, paths.ICON_NAMES, *(paths.sound(sound) for sound in KioskSound))
    run_device_app("kiosk", config, partial(make_window, config), required, companion)


def make_window(config: DeviceConfig, device: Device) -> tuple[Any, Any]:
    """The kiosk's controller and window."""
    from .controller import KioskController
    from .session.session_flow import SessionFlow
    from .view import KioskWindow

    controller = KioskController(SessionFlow(config.language), device)
    return controller, KioskWindow(controller, alone=config.fullscreen)
