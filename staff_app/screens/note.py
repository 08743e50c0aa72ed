"""A note for whoever helps next: a phrase with one touch, or typed."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from staff_app.widgets.flow import Flow as Flow
from staff_app.widgets.keyboard import Keyboard as Keyboard
from staff_app.widgets.page import Sheet

LONGEST = 500


class NoteScreen(Sheet):
    """`story`: it goes along with a handover; else it is kept with the visit at once."""

    phrases = ObjectProperty(())
    hint = StringProperty("")
    kept = StringProperty("")
    story = BooleanProperty(False)
    text = StringProperty("")

    __events__ = ("on_back", "on_add_note", "on_tell")

    def clear(self) -> None:
        self.text = self.kept
        self.ids.keyboard.capital = not self.text

    def type(self, letters: str) -> None:
        self.text = (self.text + letters)[:LONGEST]

    def erase(self) -> None:
        self.text = self.text[:-1]
        self.ids.keyboard.capital = not self.text

    def phrase(self, code: str) -> None:
        """Adds a ready phrase as a sentence of its own."""
        phrase = next(choice.text for choice in self.phrases if choice.code == code)
        begun = self.text.rstrip(" .")
        self.text = f"{begun}. {phrase}"[:LONGEST] if begun else phrase
        self.ids.keyboard.capital = False

    def save(self) -> None:
        self.dispatch("on_tell" if self.story else "on_add_note", self.text)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
