"""Shows the time that is left to answer as a ring."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import NumericProperty, StringProperty
from kivy.uix.floatlayout import FloatLayout


class Ring(FloatLayout):
    """`share` is the part that is left, 1 to 0; `text` is shown in the middle. `across` is the diameter."""

    share = NumericProperty(1.0)
    across = NumericProperty(1.0)
    text = StringProperty("")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
