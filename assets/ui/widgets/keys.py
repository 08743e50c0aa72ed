"""Keys without dead gaps."""

from typing import Any

from kivy.uix.behaviors import ButtonBehavior

from assets.ui.style import style

REACH_UNITS = 16  # how far from a key a touch still counts for it
PRESSED_S = 0.08


class NearestKey:
    """A group of keys: a touch between two of them counts for the nearer one. Combine it with a layout."""

    def on_touch_down(self: Any, touch: Any) -> bool:
        if super().on_touch_down(touch):  # type: ignore[misc]
            return True
        if self.disabled or not self.collide_point(*touch.pos):
            return False
        keys = [w for w in self.walk(restrict=True) if isinstance(w, ButtonBehavior) and not w.disabled]
        nearest = min(keys, key=lambda key: _distance(key, touch), default=None)
        if nearest is None or _distance(nearest, touch) > REACH_UNITS * style.unit:
            return False
        nearest.trigger_action(PRESSED_S)
        return True


def _distance(key: Any, touch: Any) -> float:
    """From a touch to the edge of a key, pixels."""
    across = max(key.x - touch.x, 0.0, touch.x - key.right)
    up = max(key.y - touch.y, 0.0, touch.y - key.top)
    return float((across**2 + up**2) ** 0.5)
