"""A text that takes the height it needs, up to what there is; then it shrinks."""

from typing import Any

from kivy.core.text import Label as CoreLabel
from kivy.lang import Builder
from kivy.properties import NumericProperty

from assets.look import look
from assets.touch import Words


class Headline(Words):
    """`most` is the greatest height it may take, pixels."""

    most = NumericProperty(100.0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fit=True, **kwargs)
        for name in ("text", "width", "points", "unit", "font_name", "most"):
            self.fbind(name, self._stretch)

    def on_kv_post(self, _base: Any) -> None:
        self._stretch()

    def _stretch(self, *_: Any) -> None:
        if not self.text:
            self.height = 0
            return
        label = CoreLabel(
            text=self.text,
            font_size=max(1, self.points * look.unit),
            font_name=self.font_name,
            text_size=(max(1, self.width), None),
            line_height=self.line_height,
        )
        label.resolve_font_name()
        self.height = max(1, min(self.most, label.render()[1] + 2))


Builder.load_string("<Headline>:\n    size_hint_y: None\n")
