"""Runs the employee's tablet. Imports Kivy only when it runs."""

from functools import partial
from typing import Any

from assets import paths
from assets.ui.device_app import Companion, run_device_app
from sync_server.device.device import Device

from .config import StaffConfig


def run(config: StaffConfig, companion: Companion | None = None) -> None:
    """Runs until the window is closed; see `run_device_app`."""
    required = (paths.ICON_FONT, paths.ICON_NAMES, paths.sound("offer"))
    run_device_app("staff", config, partial(make_window, config), required, companion)


def make_window(config: StaffConfig, device: Device) -> tuple[Any, Any]:
    """The tablet's controller and window."""
    from .controller import StaffController
    from .view import StaffWindow

    controller = StaffController(device)
    window = StaffWindow(controller, language=config.language, alone=config.fullscreen)
    if config.employee:
        controller.sign_in_at_start(config.employee, config.pin)
    return controller, window
