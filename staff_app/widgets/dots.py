"""Shows how many digits of a PIN were typed, without showing the digits."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.widgets.basic import Card

MIN_DOTS = 6


class Dot(Card):
    """One digit; `filled` if it was typed."""

    filled = BooleanProperty(False)


class Dots(BoxLayout):
    """`count` filled dots, and empty ones up to MIN_DOTS."""

    count = NumericProperty(0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_count()

    def on_count(self, *_: Any) -> None:
        self.clear_widgets()
        for position in range(max(MIN_DOTS, int(self.count))):
            self.add_widget(Dot(filled=position < self.count))


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
