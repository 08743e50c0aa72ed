"""The question "Are you still there?", over the page, after some time without a touch."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import NumericProperty, StringProperty
from kivy.uix.floatlayout import FloatLayout

from assets.i18n.texts import Texts


class StillThere(FloatLayout):
    """Counts the seconds down and waits for one of two answers. Takes every touch, so the page gets none."""

    seconds = NumericProperty(15)
    of = NumericProperty(15)
    title = StringProperty("")
    text = StringProperty("")
    yes = StringProperty("")
    over = StringProperty("")

    __events__ = ("on_still_here", "on_start_over")

    def show(self, texts: Texts, seconds: int) -> None:
        """Shows that `seconds` are left."""
        self.seconds = seconds
        self.title = texts.say("kiosk.still.title")
        self.text = texts.say("kiosk.still.seconds", n=seconds)
        self.yes = texts.say("kiosk.still.yes")
        self.over = texts.say("kiosk.still.over")

    def on_touch_down(self, touch: Any) -> bool:
        super().on_touch_down(touch)
        return True

    def on_still_here(self) -> None:
        """The shopper is still there."""

    def on_start_over(self) -> None:
        """The shopper wants a new session."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
