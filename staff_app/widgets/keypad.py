"""Ten large keys for figures."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.gridlayout import GridLayout

from assets.touch import Quiet


class Key(Quiet):
    """One key. `code` is what it types, `erase`, or what the pad's last key means."""

    code = StringProperty("")


class Keypad(GridLayout):
    """`on_key(code)` for each touch: a figure, `erase`, or `last`, the key in the lower right corner."""

    last_text = StringProperty("")
    last_icon = StringProperty("")
    last_ready = BooleanProperty(True)
    last_main = BooleanProperty(True)

    __events__ = ("on_key",)

    def on_key(self, code: str) -> None:
        """A key was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
