"""The lines above every screen: how the tablet stands with its store, and what has to be told."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from .page import Page


class Lines(Page):
    """`refused` is handed back with `on_dismiss`, so that just what was read is dismissed."""

    banner = StringProperty("")
    cut_off = BooleanProperty(True)
    note = StringProperty("")
    refused = StringProperty("")
    trouble = BooleanProperty(False)

    __events__ = ("on_dismiss",)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
