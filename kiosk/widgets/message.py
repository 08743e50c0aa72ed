"""A page with one message and at most two buttons."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from .page import KioskPage


class MessagePage(KioskPage):
    """An icon, a title and a text. `say_first` and `say_second` are the buttons' texts, empty for none."""

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
        """The main button was touched."""

    def on_second(self) -> None:
        """The other button was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
