"""A full screen with one thing to do: the start, "are you there?", the end of a break, and after a fault."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from staff_app.widgets.page import Page


class CalmScreen(Page):
    """`sorry`: its button leads back to where a fault of ours happened; else back on the floor."""

    title = StringProperty("")
    text = StringProperty("")
    button = StringProperty("")
    line = StringProperty("")
    may_leave = BooleanProperty(False)
    sorry = BooleanProperty(False)

    __events__ = ("on_available", "on_open", "on_go_on")

    def touch_button(self) -> None:
        self.dispatch("on_go_on" if self.sorry else "on_available")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
