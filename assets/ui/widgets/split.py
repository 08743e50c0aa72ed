"""A layout for pages: parts below each other on a tall screen, side by side on a wide one."""

from typing import Any

from kivy.properties import BooleanProperty, NumericProperty
from kivy.uix.layout import Layout

from assets.ui.style import style


class Split(Layout):
    """Lays out two or three children: head, body and foot.

    On a tall screen they are below each other; `head`, `body` and `foot` are heights in units, and 0
    takes the remaining space. On a wide screen head and body are side by side, and `left` is the head's
    share of the width. The foot is then below the head, or below the body with `foot_right`.
    """

    head = NumericProperty(0)
    body = NumericProperty(0)
    foot = NumericProperty(0)
    gap = NumericProperty(20)
    left = NumericProperty(0.46)
    foot_right = BooleanProperty(False)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        update = self._trigger_layout
        for name in ("size", "pos", "children", "head", "body", "foot", "gap", "left", "foot_right"):
            self.fbind(name, update)
        style.bind(unit=update, landscape=update)

    def do_layout(self, *_: Any) -> None:
        parts = self.children[::-1]
        if len(parts) < 2:
            return
        gap = self.gap * style.unit
        foot = self.foot * style.unit if len(parts) > 2 else 0.0
        below = foot + gap if foot else 0.0
        x, y, width, height = self.x, self.y, self.width, self.height
        if style.landscape:
            wide = (width - 1.5 * gap) * self.left
            right, rest = x + wide + 1.5 * gap, width - wide - 1.5 * gap
            under_left, under_right = (0.0, below) if self.foot_right else (below, 0.0)
            _place(parts[0], x, y + under_left, wide, height - under_left)
            _place(parts[1], right, y + under_right, rest, height - under_right)
            foot_x, foot_width = (right, rest) if self.foot_right else (x, wide)
        else:
            free = height - below - gap
            head = self.head * style.unit or free - self.body * style.unit
            body = min(self.body * style.unit or free - head, free)
            _place(parts[0], x, y + height - head, width, head)
            _place(parts[1], x, y + height - head - gap - body, width, body)
            foot_x, foot_width = x, width
        if foot:
            _place(parts[2], foot_x, y, foot_width, foot)


def _place(widget: Any, x: float, y: float, width: float, height: float) -> None:
    widget.pos = x, y
    widget.size = max(1, width), max(1, height)
