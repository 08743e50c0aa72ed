"""A finger that was on its way to what has just gone must not do something else instead.

settled = Settled()
settled.changed()       # another page, or what can be touched has moved
settled.lifted(touch)
settled.meant(touch)    # whether this touch is for what is there now
"""

import time
from collections.abc import Callable
from typing import Any

from kivy.uix.widget import Widget

from .look import look

UNSEEN_MS = 250  # nobody touches so soon what they have only just seen
AGAIN_MS, AGAIN_UNITS = 400, 48  # a second tap so soon and so near is still the first one


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class Settled:
    """Which touches count shortly after what is on the glass has changed. `clock` never jumps, ms."""

    def __init__(self, clock: Callable[[], int] = _monotonic_ms) -> None:
        self._clock = clock
        self._lifted = (0.0, 0.0)
        self._changed_at = clock() - AGAIN_MS

    def changed(self) -> None:
        """What can be touched is another thing now, or elsewhere."""
        self._changed_at = self._clock()

    def lifted(self, touch: Any) -> None:
        """A finger left the glass."""
        self._lifted = touch.x, touch.y

    def meant(self, touch: Any) -> bool:
        """Whether a touch that begins now is meant for what is on the glass now."""
        ago = self._clock() - self._changed_at
        x, y = self._lifted
        near = abs(touch.x - x) + abs(touch.y - y) < AGAIN_UNITS * look.unit
        return ago >= (AGAIN_MS if near else UNSEEN_MS)


class Settling(Widget):
    """A glass, with `settled`, that takes no touch which was meant for what has just gone."""

    settled: Settled

    def on_touch_down(self, touch: Any) -> bool:
        return bool(super().on_touch_down(touch)) if self.settled.meant(touch) else True

    def on_touch_up(self, touch: Any) -> bool:
        self.settled.lifted(touch)
        return bool(super().on_touch_up(touch))
