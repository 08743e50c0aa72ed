"""A message with one button: while loading, after a missed offer, on a break, and after a fault."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from staff_app.widgets.page import Page


class MessageScreen(Page):
    """The button makes the employee available; with `is_error` it goes back to the screen of the fault."""

    title = StringProperty("")
    text = StringProperty("")
    button = StringProperty("")
    line = StringProperty("")
    may_sign_off = BooleanProperty(False)
    is_error = BooleanProperty(False)

    __events__ = ("on_become_available", "on_open_page", "on_dismiss_error")

    def press_button(self) -> None:
        self.dispatch("on_dismiss_error" if self.is_error else "on_become_available")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
