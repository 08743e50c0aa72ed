"""What all our windows have in common: a fault does not end them, and no key or gesture leads out of them."""

from collections.abc import Callable
from typing import Any

from kivy.app import App
from kivy.core.window import Window

from .guard import guard
from .window import lock


class ShopApp(App):
    """A window of a kiosk or tablet.

    `alone` on the whole screen, it cannot be closed from there; whoever owns the machine ends the
    process instead. `pointer`: whether a mouse may be used on it then. `broken()` is called after
    each fault of ours.
    """

    title = "Welkom"
    pointer = False

    def __init__(self, alone: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alone = alone
        self.pair_again = False
        self._undo: list[Callable[[], None]] = []

    def on_start(self) -> None:
        self._undo = [guard(self.broken), *([lock()] if self.alone else [])]
        Window.allow_screensaver = False  # a dark screen greets nobody, and nobody sees it ring
        Window.show_cursor = self.pointer or not self.alone

    def on_stop(self) -> None:
        for undo in self._undo:
            undo()

    def broken(self) -> None:
        """Says sorry on the screen. What is shown may be half of what it was."""
        raise NotImplementedError

    def end_to_pair_again(self) -> None:
        """Somebody wants this device to be paired anew."""
        self.pair_again = True
        self.stop()

    def open_settings(self, *_: Any) -> bool:
        """There are no settings to reach on the glass."""
        return False
