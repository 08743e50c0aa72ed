"""One employee on the floor."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from msgspec import Struct


class PersonItem(BoxLayout):
    """Shows a `PersonText`."""

    person = StringProperty("")
    name = StringProperty("")
    colour = StringProperty("#F2C7A7")
    activity = StringProperty("")
    free = BooleanProperty(False)

    def show(self, text: Struct) -> None:
        for field in text.__struct_fields__:
            setattr(self, field, getattr(text, field))


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
