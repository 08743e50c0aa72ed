"""How a page is divided: one above the other on a tall screen, side by side on a wide one."""

from typing import Any

from kivy.properties import BooleanProperty, NumericProperty
from kivy.uix.layout import Layout

from assets.look import look


class Split(Layout):
    """Lays out its children: head, body and, if there is one, foot.

    On a tall screen they stand below each other; `head` and `body` are heights in units, 0 takes
    what is left. On a wide one head and body stand side by side, `left` being the head's share of
    the width; the foot is below the head, or below the body with `foot_right`.
    """

    head = NumericProperty(0)
    body = NumericProperty(0)
    foot = NumericProperty(0)
    gap = NumericProperty(20)
    left = NumericProperty(0.46)
    foot_right = BooleanProperty(False)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        again = self._trigger_layout
        for name in ("size", "pos", "children", "head", "body", "foot", "gap", "left", "foot_right"):
            self.fbind(name, again)
        look.bind(unit=again, landscape=again)

    def do_layout(self, *_: Any) -> None:
        parts = self.children[::-1]
        if len(parts) < 2:
            return
        gap = self.gap * look.unit
        foot = self.foot * look.unit if len(parts) > 2 else 0.0
        below = foot + gap if foot else 0.0
        x, y, width, height = self.x, self.y, self.width, self.height
        if look.landscape:
            wide = (width - 1.5 * gap) * self.left
            right, rest = x + wide + 1.5 * gap, width - wide - 1.5 * gap
            under_left, under_right = (0.0, below) if self.foot_right else (below, 0.0)
            _place(parts[0], x, y + under_left, wide, height - under_left)
            _place(parts[1], right, y + under_right, rest, height - under_right)
            foot_x, foot_width = (right, rest) if self.foot_right else (x, wide)
        else:
            free = height - below - gap
            head = self.head * look.unit or free - self.body * look.unit
            body = min(self.body * look.unit or free - head, free)
            _place(parts[0], x, y + height - head, width, head)
            _place(parts[1], x, y + height - head - gap - body, width, body)
            foot_x, foot_width = x, width
        if foot:
            _place(parts[2], foot_x, y, foot_width, foot)


def _place(widget: Any, x: float, y: float, width: float, height: float) -> None:
    widget.pos = x, y
    widget.size = max(1, width), max(1, height)
