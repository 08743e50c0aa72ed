"""One colleague on the floor."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from msgspec import Struct


class PersonRow(BoxLayout):
    """Shows a `told.floor.PersonLine`."""

    person = StringProperty("")
    name = StringProperty("")
    colour = StringProperty("#F2C7A7")
    doing = StringProperty("")
    free = BooleanProperty(False)

    def show(self, told: Struct) -> None:
        for field in told.__struct_fields__:
            setattr(self, field, getattr(told, field))


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
