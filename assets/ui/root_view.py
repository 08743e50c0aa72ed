"""The base of the root widgets of all our windows."""

from collections.abc import Callable
from typing import Any

from kivy.graphics import Color, Rectangle

from sync_server.device.clocks import steady_clock

from .style import style
from .touch_guard import GuardedTouch, TouchGuard

PORTRAIT, LANDSCAPE = (540, 960), (960, 540)  # the size in units that pages are designed for


class RootView(GuardedTouch):
    """A root widget with the theme's background. Combine it with one of Kivy's layouts.

    It chooses the size of a unit for its own size. `clock` is a steady clock, ms.
    """

    def __init__(self, clock: Callable[[], int] = steady_clock, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.touch_guard = TouchGuard(clock)
        with self.canvas.before:
            Color(*style.paper)
            self._background = Rectangle()
        self.bind(pos=self._resized, size=self._resized)

    def fit_style(self) -> None:
        """Sets the style's unit for the present size."""
        style.fit(self.width, self.height, *(LANDSCAPE if self.width > self.height else PORTRAIT))

    def _resized(self, *_: Any) -> None:
        self._background.pos, self._background.size = self.pos, self.size
        self.fit_style()
