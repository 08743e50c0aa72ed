"""Over everything, after a while without a touch: is anybody still there?"""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import NumericProperty, StringProperty
from kivy.uix.floatlayout import FloatLayout

from assets.words import Words


class StillThere(FloatLayout):
    """Counts the seconds down, calmly, and waits for one of two answers. Nothing below it is reached."""

    seconds = NumericProperty(15)
    of = NumericProperty(15)
    title = StringProperty("")
    text = StringProperty("")
    yes = StringProperty("")
    over = StringProperty("")

    __events__ = ("on_here", "on_start_over")

    def show(self, words: Words, seconds: int) -> None:
        """`seconds` are left."""
        self.seconds = seconds
        self.title = words.say("kiosk.still.title")
        self.text = words.say("kiosk.still.seconds", n=seconds)
        self.yes = words.say("kiosk.still.yes")
        self.over = words.say("kiosk.still.over")

    def on_touch_down(self, touch: Any) -> bool:
        super().on_touch_down(touch)
        return True

    def on_here(self) -> None:
        """Somebody is."""

    def on_start_over(self) -> None:
        """The next one may begin."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
