"""A full screen with one thing to do: the start, "are you there?", and the end of a break."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from staff_app.widgets.page import Page


class CalmScreen(Page):
    title = StringProperty("")
    text = StringProperty("")
    button = StringProperty("")
    line = StringProperty("")
    may_leave = BooleanProperty(False)

    __events__ = ("on_available", "on_open")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
