"""A keypad with ten digits."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.gridlayout import GridLayout

from assets.ui.widgets.basic import SecondaryButton
from assets.ui.widgets.keys import NearestKey


class KeypadKey(SecondaryButton):
    """One key. `code` is a digit, `erase` or `last`."""

    code = StringProperty("")


class Keypad(NearestKey, GridLayout):
    """`on_key(code)` is a touch on a digit, on `erase`, or on `last`, the key in the lower right corner."""

    last_text = StringProperty("")
    last_icon = StringProperty("")
    last_ready = BooleanProperty(True)
    last_main = BooleanProperty(True)

    __events__ = ("on_key",)

    def on_key(self, code: str) -> None:
        """A key was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
