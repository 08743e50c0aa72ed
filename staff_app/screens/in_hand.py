"""With a shopper: what is known, what may be given along, and how it ended."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ObjectProperty, StringProperty

from staff_app.widgets.endings import Endings as Endings
from staff_app.widgets.flow import Flow as Flow
from staff_app.widgets.page import Page


class InHandScreen(Page):
    heading = StringProperty("")
    details = StringProperty("")
    need = StringProperty("")
    notes = StringProperty("")
    clock = StringProperty("0:00")
    pace = StringProperty("calm")
    tips = ObjectProperty(())
    gifts = ObjectProperty(())
    endings = ObjectProperty(())

    __events__ = ("on_pick_tip", "on_pick_gift", "on_complete", "on_hold", "on_open")

    def touch_gift(self, code: str) -> None:
        """A gift, or the pill that asks for another amount."""
        if code == "other":
            self.dispatch("on_open", "gift")
        else:
            self.dispatch("on_pick_gift", code)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
