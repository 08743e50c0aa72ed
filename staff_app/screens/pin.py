"""Asks for the PIN of the employee who signs in. Only this screen keeps the PIN, until it is sent."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from staff_app.widgets.dots import Dots as Dots
from staff_app.widgets.keypad import Keypad as Keypad
from staff_app.widgets.page import Page

MAX_PIN_LENGTH = 8


class PinScreen(Page):
    title = StringProperty("")
    name = StringProperty("")
    colour = StringProperty("#F2C7A7")
    line = StringProperty("")
    is_error = BooleanProperty(False)
    ready = BooleanProperty(True)
    typed = StringProperty("")

    __events__ = ("on_back", "on_sign_in")

    def reset(self) -> None:
        self.typed = ""

    def press(self, code: str) -> None:
        """Handles a key of the keypad; its last key sends the PIN."""
        if code == "erase":
            self.typed = self.typed[:-1]
        elif code == "last":
            typed, self.typed = self.typed, ""
            self.dispatch("on_sign_in", typed)
        elif len(self.typed) < MAX_PIN_LENGTH:
            self.typed += code


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
