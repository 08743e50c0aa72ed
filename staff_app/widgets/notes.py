"""The notes of a visit."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.widgets.basic import Card


class NoteLine(Card):
    text = StringProperty("")
    dark = BooleanProperty(True)
    long = BooleanProperty(False)


class Notes(BoxLayout):
    """`notes` below a `heading`; takes no space without notes. `dark` is for use on the main colour."""

    notes = ObjectProperty(())
    heading = StringProperty("")
    dark = BooleanProperty(True)

    def on_notes(self, *_: Any) -> None:
        self.ids.notes.clear_widgets()
        for note in self.notes:
            self.ids.notes.add_widget(NoteLine(text=note, dark=self.dark, long=len(note) > 60))


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
