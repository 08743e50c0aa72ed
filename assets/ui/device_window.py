"""The window of a touch app: a fault does not close it, and neither does a key or a gesture."""

from collections.abc import Callable
from typing import Any

from kivy.app import App
from kivy.core.window import Window

from .crash_guard import install_crash_guard
from .window import lock


class DeviceWindow(App):
    """The Kivy app of a kiosk or tablet.

    With `alone` it fills the screen and cannot be closed from there; only ending the process closes it.
    `pointer`: whether the mouse pointer is visible then.
    """

    title = "Welkom"
    pointer = False

    def __init__(self, alone: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alone = alone
        self.pair_again = False
        self._undo: list[Callable[[], None]] = []

    def on_start(self) -> None:
        self._undo = [install_crash_guard(self.handle_fault), *([lock()] if self.alone else [])]
        Window.allow_screensaver = False  # nobody would see the greeting or an offer on a dark screen
        Window.show_cursor = self.pointer or not self.alone

    def on_stop(self) -> None:
        for undo in self._undo:
            undo()

    def handle_fault(self) -> None:
        """Shows an apology after a fault. The present widgets may be incomplete: make new ones."""
        raise NotImplementedError

    def stop_to_pair_again(self) -> None:
        """Closes the window because a person wants to pair this device again."""
        self.pair_again = True
        self.stop()

    def open_settings(self, *_: Any) -> bool:
        """Kivy's settings panel is never opened."""
        return False
