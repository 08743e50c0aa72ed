"""The time left to answer, as a ring that empties."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import NumericProperty, StringProperty
from kivy.uix.floatlayout import FloatLayout


class Ring(FloatLayout):
    """`share` is what is left, from 1 to 0; `text` the seconds in its middle."""

    share = NumericProperty(1.0)
    across = NumericProperty(1.0)
    text = StringProperty("")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
