"""Pills beside each other, on as many lines as they need."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import ObjectProperty, StringProperty
from kivy.uix.stacklayout import StackLayout

from assets.ui.widgets.basic import Pill


class FlowPill(Pill):
    """A pill that is as wide as its text, and not wider than its flow."""

    code = StringProperty("")
    flow = ObjectProperty(None, rebind=True)


class PillFlow(StackLayout):
    """Shows `choices` as pills; their test names are `<prefix>-<code>`. A touch is `on_choose(code)`."""

    choices = ObjectProperty(())
    prefix = StringProperty("")

    __events__ = ("on_choose",)

    def on_choices(self, *_: Any) -> None:
        """Keeps the widgets if the choices are the same, so that none is replaced under a finger."""
        if [pill.code for pill in reversed(self.children)] != [choice.code for choice in self.choices]:
            self.clear_widgets()
            for choice in self.choices:
                self.add_widget(self._pill(choice.code))
        for pill, choice in zip(reversed(self.children), self.choices, strict=True):
            pill.text, pill.icon, pill.chosen = choice.text, choice.icon, choice.chosen

    def _pill(self, code: str) -> FlowPill:
        pill = FlowPill(flow=self, code=code, test_name=f"{self.prefix}-{code}")
        pill.bind(on_release=lambda touched: self.dispatch("on_choose", touched.code))
        return pill

    def on_choose(self, code: str) -> None:
        """A pill was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
