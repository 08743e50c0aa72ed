"""Hands a visit over to a colleague, for the same need or another one, with a note."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from staff_app.widgets.headline import Headline as Headline
from staff_app.widgets.page import Sheet


class HandOverScreen(Sheet):
    text = StringProperty("")
    need = StringProperty("")
    notes = StringProperty("")
    handover_note = StringProperty("")

    __events__ = ("on_back", "on_open_page", "on_hand_over")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
