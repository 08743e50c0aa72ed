"""One visit in line."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from msgspec import Struct

from assets.touch import Card

from .swatch import Dot as Dot  # the rules use it


class LineRow(Card):
    """Shows a `told.floor.LineRow`; `on_take()` is its button. `first`: it waits longest."""

    visit_id = StringProperty("")
    ticket = StringProperty("")
    need = StringProperty("")
    shopper = StringProperty("")
    colour = ObjectProperty(None, allownone=True)
    clock = StringProperty("")
    asked = StringProperty("")
    late = BooleanProperty(False)
    held = BooleanProperty(False)
    first = BooleanProperty(False)

    __events__ = ("on_take",)

    def show(self, told: Struct) -> None:
        for field in told.__struct_fields__:
            setattr(self, field, getattr(told, field))

    def on_take(self, *_: Any) -> None:
        """The button was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
