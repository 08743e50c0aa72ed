"""A line above the page's content, such as a ticket that is called or a lost connection."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from assets.ui.widgets.basic import Card


class News(Card):
    """Takes no space without a `text`. With a `button` it can be dismissed: `on_release`.

    `lead` is shown large above the text, such as the ticket that it is about. `tall` is the height in units.
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
