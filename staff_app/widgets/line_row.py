"""One visit in line."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from msgspec import Struct

from assets.ui.widgets.basic import Card

from .colour_dot import ColourDot as ColourDot
from .headline import Headline as Headline  # line_row.kv uses these two


class LineRow(Card):
    """Shows a `LineRowText`; `on_touched()` is its button. `first` marks the longest wait."""

    visit_id = StringProperty("")
    ticket = StringProperty("")
    need = StringProperty("")
    shopper = StringProperty("")
    colour = ObjectProperty(None, allownone=True)
    clock = StringProperty("")
    status = StringProperty("")
    late = BooleanProperty(False)
    held = BooleanProperty(False)
    first = BooleanProperty(False)
    hindrance = StringProperty("")

    __events__ = ("on_touched",)

    def show(self, text: Struct) -> None:
        for field in text.__struct_fields__:
            setattr(self, field, getattr(text, field))

    def on_touched(self, *_: Any) -> None:
        """The button was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
