"""All ten endings: of the visit in hand, or of a quick resolution."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from staff_app.widgets.endings import Endings as Endings
from staff_app.widgets.page import Sheet
from staff_app.widgets.tiles import Tiles as Tiles


class EndingsScreen(Sheet):
    """`quick`: the visit is opened and ended in one step."""

    need = StringProperty("")
    likely = ObjectProperty(())
    others = ObjectProperty(())
    quick = BooleanProperty(False)

    __events__ = ("on_back", "on_complete", "on_quick_end")

    def choose(self, code: str) -> None:
        self.dispatch("on_quick_end" if self.quick else "on_complete", code)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
