"""What shall we call you? The keyboard is the kiosk's own."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, StringProperty

from assets.words import Words
from kiosk.flow import Flow
from kiosk.widgets.keyboard import MARKS
from kiosk.widgets.keyboard import NameKeyboard as NameKeyboard  # the rule uses it
from kiosk.widgets.page import KioskPage


class NamePage(KioskPage):
    title = StringProperty("")
    text = StringProperty("")
    name = StringProperty("")
    done = StringProperty("")
    rows = ListProperty()
    space = StringProperty("")

    __events__ = ("on_type", "on_erase")

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        self.way_back = words.say("common.back")
        self.title = words.say("kiosk.name.title")
        self.text = words.say("kiosk.name.text")
        self.done = words.say("kiosk.name.done")
        self.space = words.say("kiosk.keyboard.space")
        self.rows = words.say("kiosk.keyboard.rows").split()
        if not flow.session.name or flow.session.name != self.name:
            # A name begins with a capital, and so does each of its parts.
            self.ids.keyboard.capital = not flow.session.name or flow.session.name[-1] in (" ", *MARKS)
        self.name = flow.session.name

    def on_type(self, letter: str) -> None:
        """A key was touched."""

    def on_erase(self) -> None:
        """The last letter is taken back."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
