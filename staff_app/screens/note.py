"""A note for the next employee, typed or made of ready phrases."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from staff_app.intents import MAX_NOTE_LENGTH
from staff_app.widgets.keyboard import Keyboard as Keyboard
from staff_app.widgets.page import Sheet
from staff_app.widgets.pill_flow import PillFlow as PillFlow


class NoteScreen(Sheet):
    """`for_handover`: the note goes with a handover. Otherwise it is added to the visit at once."""

    phrases = ObjectProperty(())
    hint = StringProperty("")
    initial_text = StringProperty("")
    for_handover = BooleanProperty(False)
    text = StringProperty("")

    __events__ = ("on_back", "on_add_note", "on_save_handover_note")

    def reset(self) -> None:
        self.text = self.initial_text
        self.ids.keyboard.capital = not self.text

    def type(self, letters: str) -> None:
        self.text = (self.text + letters)[:MAX_NOTE_LENGTH]

    def erase(self) -> None:
        self.text = self.text[:-1]
        self.ids.keyboard.capital = not self.text

    def add_phrase(self, code: str) -> None:
        """Adds a ready phrase as a new sentence."""
        phrase = next(choice.text for choice in self.phrases if choice.code == code)
        begun = self.text.rstrip(" .")
        self.text = f"{begun}. {phrase}"[:MAX_NOTE_LENGTH] if begun else phrase
        self.ids.keyboard.capital = False

    def save(self) -> None:
        self.dispatch("on_save_handover_note" if self.for_handover else "on_add_note", self.text)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
