"""Asks for the resolution of the visit in hand, or of a quick resolution."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from staff_app.widgets.page import Sheet
from staff_app.widgets.pill_flow import PillFlow as PillFlow
from staff_app.widgets.resolution_buttons import ResolutionButtons as ResolutionButtons
from staff_app.widgets.tiles import ChoiceTiles as ChoiceTiles


class ResolutionsScreen(Sheet):
    """`quick`: the visit is opened and completed in one step, and `how_long` and `minutes` are there."""

    need = StringProperty("")
    likely = ObjectProperty(())
    others = ObjectProperty(())
    how_long = StringProperty("")
    minutes = ObjectProperty(())
    quick = BooleanProperty(False)

    __events__ = ("on_back", "on_complete", "on_complete_quick", "on_toggle_quick_minutes")

    def choose(self, code: str) -> None:
        self.dispatch("on_complete_quick" if self.quick else "on_complete", code)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
