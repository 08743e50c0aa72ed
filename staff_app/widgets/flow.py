"""Pills one after another, on as many lines as they need."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import ObjectProperty, StringProperty
from kivy.uix.stacklayout import StackLayout

from assets.touch import Pill


class FlowPill(Pill):
    """A pill as wide as its text, and never wider than its flow."""

    code = StringProperty("")
    flow = ObjectProperty(None, rebind=True)


class Flow(StackLayout):
    """`choices` are shown as pills named `<prefix>-<code>`; a touch on one is `on_choose(code)`."""

    choices = ObjectProperty(())
    prefix = StringProperty("")

    __events__ = ("on_choose",)

    def on_choices(self, *_: Any) -> None:
        self.clear_widgets()
        for choice in self.choices:
            pill = FlowPill(
                flow=self, code=choice.code, text=choice.text, icon=choice.icon, chosen=choice.chosen
            )
            pill.test_name = f"{self.prefix}-{choice.code}"
            pill.bind(on_release=lambda touched: self.dispatch("on_choose", touched.code))
            self.add_widget(pill)

    def on_choose(self, code: str) -> None:
        """A pill was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
