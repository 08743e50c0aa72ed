"""Asks for a need: of a quick resolution, or for a handover."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty

from staff_app.widgets.page import Sheet
from staff_app.widgets.tiles import ChoiceTiles as ChoiceTiles


class PickScreen(Sheet):
    """`quick`: for a quick resolution. Otherwise the visit in hand is handed over for the chosen need."""

    choices = ObjectProperty(())
    quick = BooleanProperty(False)

    __events__ = ("on_back", "on_choose_quick_need", "on_hand_over")

    def choose(self, code: str) -> None:
        self.dispatch("on_choose_quick_need" if self.quick else "on_hand_over", code)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
