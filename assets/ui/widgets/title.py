"""A title: it fills its lines evenly, so that no word is left alone on the last one."""

from typing import Any

from kivy.core.text import Label as CoreLabel

from assets.look import look
from assets.touch import Words

STEP = 0.04  # of the width, how finely the even break is looked for


class Title(Words):
    """Words that fit, with lines of about the same length. It leaves its right side free for that."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bind(shrink=self._balance, text=self._balance, size=self._balance, points=self._balance)

    def _balance(self, *_: Any) -> None:
        if not self.text or self.width <= 1:
            return
        whole, share = self._high(self.width), 1.0
        while share > 0.5 and self._high(self.width * (share - STEP)) <= whole:
            share -= STEP
        free = self.width * max(0, 1 - share - STEP)  # a little more than needed, as pixels are whole
        self.padding = (free / 2, 0, free / 2, 0) if self.halign == "center" else (0, 0, free, 0)

    def _high(self, width: float) -> float:
        """How high the text is when wrapped at `width`; boundless where a word is wider than that."""
        label = CoreLabel(
            text=self.text,
            font_size=self.points * look.unit * self.shrink,
            font_name=self.font_name,
            text_size=(width, None),
            line_height=self.line_height,
        )
        label.resolve_font_name()
        high = label.render()[1]
        widest = max((label.get_extents(word)[0] for word in self.text.split()), default=0)
        return float(high) if widest <= width else float("inf")
