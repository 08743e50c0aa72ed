"""Buttons for resolutions, the likeliest first."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.widgets.basic import SecondaryButton


class ResolutionButton(SecondaryButton):
    """One resolution. `likely` marks the one that most visits with this need have."""

    code = StringProperty("")
    likely = BooleanProperty(False)


class ResolutionButtons(BoxLayout):
    """Shows `choices` as buttons; their test names are `end-<code>`. A touch is `on_choose(code)`."""

    choices = ObjectProperty(())

    __events__ = ("on_choose",)

    def on_choices(self, *_: Any) -> None:
        if [button.code for button in reversed(self.children)] != [choice.code for choice in self.choices]:
            self.clear_widgets()
            for position, choice in enumerate(self.choices):
                self.add_widget(self._button(choice, likely=position == 0))
        for button, choice in zip(reversed(self.children), self.choices, strict=True):
            button.text = choice.text

    def _button(self, choice: Any, likely: bool) -> ResolutionButton:
        button = ResolutionButton(
            code=choice.code, icon=choice.icon, likely=likely, test_name=f"end-{choice.code}"
        )
        button.bind(on_release=lambda touched: self.dispatch("on_choose", touched.code))
        return button

    def on_choose(self, code: str) -> None:
        """A resolution was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
