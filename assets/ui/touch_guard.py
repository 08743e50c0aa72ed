"""Ignores touches that start right after the screen changed: they were meant for the screen before.

guard = TouchGuard()
guard.screen_changed()     # another page, or a button has moved
guard.touch_ended(touch)
guard.accepts(touch)       # whether a touch that starts now is meant for the present screen
"""

from collections.abc import Callable
from typing import Any

from kivy.uix.widget import Widget

from sync_server.device.clocks import steady_clock

from .style import style

REACTION_MS = 250  # nobody can react to a new screen sooner than this
DOUBLE_TAP_MS, DOUBLE_TAP_UNITS = 400, 48  # a second tap so soon and so near belongs to the first one


class TouchGuard:
    """Decides which touches count after the screen has changed. `clock` is a steady clock, ms."""

    def __init__(self, clock: Callable[[], int] = steady_clock) -> None:
        self._clock = clock
        self._last_touch = (0.0, 0.0)
        self._changed_at = clock() - DOUBLE_TAP_MS

    def screen_changed(self) -> None:
        """Something else can be touched now, or at another position."""
        self._changed_at = self._clock()

    def touch_ended(self, touch: Any) -> None:
        """A finger left the screen."""
        self._last_touch = touch.x, touch.y

    def accepts(self, touch: Any) -> bool:
        """Whether a touch that starts now is meant for what is on the screen now."""
        elapsed_ms = self._clock() - self._changed_at
        x, y = self._last_touch
        near = abs(touch.x - x) + abs(touch.y - y) < DOUBLE_TAP_UNITS * style.unit
        return elapsed_ms >= (DOUBLE_TAP_MS if near else REACTION_MS)


class GuardedTouch(Widget):
    """A widget that passes on only the touches that its `touch_guard` accepts."""

    touch_guard: TouchGuard

    def on_touch_down(self, touch: Any) -> bool:
        return bool(super().on_touch_down(touch)) if self.touch_guard.accepts(touch) else True

    def on_touch_up(self, touch: Any) -> bool:
        self.touch_guard.touch_ended(touch)
        return bool(super().on_touch_up(touch))
