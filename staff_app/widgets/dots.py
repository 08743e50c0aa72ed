"""How many figures of a PIN have been typed, without showing them."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty
from kivy.uix.boxlayout import BoxLayout

from assets.touch import Card

FEWEST = 6


class Bead(Card):
    """One figure, typed or still to come."""

    filled = BooleanProperty(False)


class Dots(BoxLayout):
    """`count` filled beads, and as many empty ones as the shortest PIN still lacks."""

    count = NumericProperty(0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_count()

    def on_count(self, *_: Any) -> None:
        self.clear_widgets()
        for place in range(max(FEWEST, int(self.count))):
            self.add_widget(Bead(filled=place < self.count))


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
