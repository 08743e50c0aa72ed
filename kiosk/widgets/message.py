"""A page with one thing to say and at most two ways on."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from .page import KioskPage


class Message(KioskPage):
    """An icon, a title, a text; `say_first` and `say_second` are the words of the buttons, empty for none."""

    icon = StringProperty("check")
    warm = BooleanProperty(False)
    title = StringProperty("")
    text = StringProperty("")
    say_first = StringProperty("")
    first_name = StringProperty("first")
    say_second = StringProperty("")
    second_name = StringProperty("second")

    __events__: tuple[str, ...] = ("on_first", "on_second")

    def on_first(self) -> None:
        """The button of the next step."""

    def on_second(self) -> None:
        """The other button."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
