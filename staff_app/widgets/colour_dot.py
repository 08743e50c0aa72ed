"""Shows the colour that a shopper wears."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ColorProperty, NumericProperty, ObjectProperty
from kivy.uix.widget import Widget

from assets.theme.load import load_theme
from assets.theme.model import rgba

_COLOURS = load_theme().spot


class ColourSwatch(Widget):
    """`colour` is one of the catalogue's `COLOURS`, or None to show nothing."""

    colour = ObjectProperty(None, allownone=True)
    corner = NumericProperty(1.0)
    rim = NumericProperty(1.0)
    shade = ColorProperty((0, 0, 0, 0))

    def on_colour(self, *_: object) -> None:
        known = self.colour in _COLOURS.__struct_fields__
        self.shade = rgba(_COLOURS[self.colour]) if known else (0, 0, 0, 0)


class ColourDot(ColourSwatch):
    """A small one, beside a line of text."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
