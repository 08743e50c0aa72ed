"""What is known of a visit already, line by line."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.touch import Card


class Story(Card):
    text = StringProperty("")
    dark = BooleanProperty(True)
    long = BooleanProperty(False)


class Stories(BoxLayout):
    """`notes` one below the other under a `heading`; without them no room. `dark`: on the main colour."""

    notes = ObjectProperty(())
    heading = StringProperty("")
    dark = BooleanProperty(True)

    def on_notes(self, *_: Any) -> None:
        self.ids.notes.clear_widgets()
        for note in self.notes:
            self.ids.notes.add_widget(Story(text=note, dark=self.dark, long=len(note) > 60))


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
