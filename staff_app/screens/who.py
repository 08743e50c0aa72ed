"""Who are you? The first screen of a tablet that nobody holds."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ObjectProperty, StringProperty

from staff_app.widgets.page import Page
from staff_app.widgets.tiles import Tiles as Tiles


class WhoScreen(Page):
    people = ObjectProperty(())
    line = StringProperty("")

    __events__ = ("on_choose",)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
