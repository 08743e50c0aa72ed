"""The PIN of whoever is about to sign in. It stays in this screen until it is sent, and nowhere else."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from staff_app.widgets.dots import Dots as Dots
from staff_app.widgets.keypad import Keypad as Keypad
from staff_app.widgets.page import Page

LONGEST = 8


class PinScreen(Page):
    title = StringProperty("")
    name = StringProperty("")
    colour = StringProperty("#F2C7A7")
    line = StringProperty("")
    trouble = BooleanProperty(False)
    ready = BooleanProperty(True)
    typed = StringProperty("")

    __events__ = ("on_back", "on_sign_in")

    def clear(self) -> None:
        self.typed = ""

    def press(self, code: str) -> None:
        """A key of the pad."""
        if code == "erase":
            self.typed = self.typed[:-1]
        elif code == "last":
            typed, self.typed = self.typed, ""
            self.dispatch("on_sign_in", typed)
        elif len(self.typed) < LONGEST:
            self.typed += code


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
