"""The colour a shopper wears, as a colour."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ColorProperty, NumericProperty, ObjectProperty
from kivy.uix.widget import Widget

from assets.theme import load_theme, rgba

_SPOT = load_theme().spot


class Swatch(Widget):
    """`colour` is one of the catalogue's twelve; None, and the swatch takes no room."""

    colour = ObjectProperty(None, allownone=True)
    corner = NumericProperty(1.0)
    rim = NumericProperty(1.0)
    shade = ColorProperty((0, 0, 0, 0))

    def on_colour(self, *_: object) -> None:
        known = self.colour in _SPOT.__struct_fields__
        self.shade = rgba(_SPOT[self.colour]) if known else (0, 0, 0, 0)


class Dot(Swatch):
    """The same, small, beside a line of text."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
