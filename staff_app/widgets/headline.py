"""A text that is as high as it needs to be; above a maximum height it shrinks."""

from typing import Any

from kivy.core.text import Label as CoreLabel
from kivy.lang import Builder
from kivy.properties import NumericProperty

from assets.ui.style import style
from assets.ui.widgets.title import Title


class Headline(Title):
    """Its lines have about the same length. `max_height` is in pixels."""

    max_height = NumericProperty(100.0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fit=True, **kwargs)
        for name in ("text", "width", "points", "unit", "font_name", "max_height"):
            self.fbind(name, self._update_height)

    def on_kv_post(self, _base: Any) -> None:
        self._update_height()

    def _update_height(self, *_: Any) -> None:
        if not self.text:
            self.height = 0
            return
        label = CoreLabel(
            text=self.text,
            font_size=max(1, self.points * style.unit),
            font_name=self.font_name,
            text_size=(max(1, self.width), None),
            line_height=self.line_height,
        )
        label.resolve_font_name()
        self.height = max(1, min(self.max_height, label.render()[1] + 2))


Builder.load_string("<Headline>:\n    size_hint_y: None\n")
