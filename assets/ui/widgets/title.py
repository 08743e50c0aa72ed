"""A title whose lines have about the same length, so that no word is alone on the last line."""

from typing import Any

from kivy.core.text import Label as CoreLabel

from assets.ui.style import style

from .basic import FitLabel

ONE_LINE = 1e5  # pixels: no text is wider
STEP = 0.04  # the share of the width by which each try is narrower than the one before


class Title(FitLabel):
    """A FitLabel with even lines. It makes the text narrower than the widget for that."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("shrink", "drawn", "size", "points"):
            self.fbind(name, self._balance)

    def _room(self) -> tuple[float, float]:
        return self.width, self.height  # the padding is only what makes the lines even

    def _balance(self, *_: Any) -> None:
        if not self.drawn or self.width <= 1:
            return
        height, share = self._height_at(self.width), 1.0
        if height <= self._height_at(ONE_LINE):
            self.padding = (0, 0, 0, 0)
            return
        while share > 0.5 and self._height_at(self.width * (share - STEP)) <= height:
            share -= STEP
        free = self.width * max(0, 1 - share - STEP)  # one step less, because pixels are rounded
        self.padding = (free / 2, 0, free / 2, 0) if self.halign == "center" else (0, 0, free, 0)

    def _height_at(self, width: float) -> float:
        """The height of the text if it is wrapped at `width`; infinite if a word is wider than that."""
        label = CoreLabel(
            text=self.drawn,
            font_size=self.points * style.unit * self.shrink,
            font_name=self.font_name,
            text_size=(width, None),
            line_height=self.line_height,
        )
        label.resolve_font_name()
        height = label.render()[1]
        widest = max((label.get_extents(word)[0] for word in self.drawn.split()), default=0)
        return float(height) if widest <= width else float("inf")
