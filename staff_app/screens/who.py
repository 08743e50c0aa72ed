"""Asks which employee wants to sign in."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ObjectProperty, StringProperty

from staff_app.widgets.page import Page
from staff_app.widgets.tiles import ChoiceTiles as ChoiceTiles


class WhoScreen(Page):
    people = ObjectProperty(())
    line = StringProperty("")

    __events__ = ("on_choose_employee",)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
