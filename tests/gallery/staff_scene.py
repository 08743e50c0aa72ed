"""What the scenes of the tablet have in common: their register, and steps."""

from collections.abc import Callable
from typing import Any

from staff_app.tablet_state import OFFLINE_MS

from .staff_sample import StaffScene

NOTES = ("Tried another cable", "The port is a little bent")
LONG_NOTE = (
    "Charger and cable are fine; the port is a little bent and she needs the player back before Sunday."
)

Scene = Callable[[], StaffScene]
SCENES: dict[str, Scene] = {}


def register(make: Scene) -> Scene:
    """Adds a scene with the name of the function."""
    SCENES[make.__name__] = make
    return make


def disconnected(scene: StaffScene) -> StaffScene:
    """Loses the connection, long enough for the banner."""
    scene.device.live = False
    scene.controller.refresh()
    scene.device.now += OFFLINE_MS
    return scene


def type_codes(page: Any, codes: str) -> None:
    for code in codes:
        page.press(code)
