"""Asks for the shopper's name, with the kiosk's own keyboard."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, StringProperty

from assets.i18n.texts import Texts
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.keyboard import MARKS
from kiosk.widgets.keyboard import NameKeyboard as NameKeyboard  # name.kv uses it
from kiosk.widgets.page import KioskPage


class NamePage(KioskPage):
    title = StringProperty("")
    text = StringProperty("")
    name = StringProperty("")
    done = StringProperty("")
    rows = ListProperty()
    space = StringProperty("")

    __events__ = ("on_type", "on_erase")

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        self.way_back = texts.say("common.back")
        self.title = texts.say("kiosk.name.title")
        self.text = texts.say("kiosk.name.text")
        self.done = texts.say("kiosk.name.done")
        self.space = texts.say("kiosk.keyboard.space")
        self.rows = texts.say("kiosk.keyboard.rows").split()
        if not flow.session.name or flow.session.name != self.name:
            # Each part of a name starts with a capital letter.
            self.ids.keyboard.capital = not flow.session.name or flow.session.name[-1] in (" ", *MARKS)
        self.name = flow.session.name

    def on_type(self, letter: str) -> None:
        """A key was touched."""

    def on_erase(self) -> None:
        """The last letter has to be removed."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
