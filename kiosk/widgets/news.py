"""A line about something that is not the shopper's own doing: a ticket is called, the link is down."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from assets.touch import Card


class News(Card):
    """Takes no room while it has no `text`. With a `button` it can be put away: `on_release`.

    `lead` stands large above the text: whose news this is.

    `tall` is its height in units.
    """

    lead = StringProperty("")
    text = StringProperty("")
    icon = StringProperty("info-circle")
    button = StringProperty("")
    warm = BooleanProperty(False)
    tall = NumericProperty(84)

    __events__ = ("on_release",)

    def on_release(self, *_: Any) -> None:
        """The button was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
