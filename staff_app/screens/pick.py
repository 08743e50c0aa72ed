"""Which need: of a quick resolution, or what a visit turned out to be."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty

from staff_app.widgets.page import Sheet
from staff_app.widgets.tiles import Tiles as Tiles


class PickScreen(Sheet):
    """`quick`: for a quick resolution; else the visit in hand is handed over for the need touched."""

    choices = ObjectProperty(())
    quick = BooleanProperty(False)

    __events__ = ("on_back", "on_quick", "on_hand_over")

    def choose(self, code: str) -> None:
        self.dispatch("on_quick" if self.quick else "on_hand_over", code)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
