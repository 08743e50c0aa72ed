"""How a visit can end, the likeliest first and largest."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.touch import Quiet


class Ending(Quiet):
    """One ending; `likely` is the one most visits for this need have."""

    code = StringProperty("")
    likely = BooleanProperty(False)


class Endings(BoxLayout):
    """`choices` as buttons named `end-<code>`, one below the other; a touch is `on_choose(code)`."""

    choices = ObjectProperty(())

    __events__ = ("on_choose",)

    def on_choices(self, *_: Any) -> None:
        if [ending.code for ending in reversed(self.children)] != [choice.code for choice in self.choices]:
            self.clear_widgets()
            for place, choice in enumerate(self.choices):
                self.add_widget(self._ending(choice, likely=place == 0))
        for ending, choice in zip(reversed(self.children), self.choices, strict=True):
            ending.text = choice.text

    def _ending(self, choice: Any, likely: bool) -> Ending:
        ending = Ending(code=choice.code, icon=choice.icon, likely=likely, test_name=f"end-{choice.code}")
        ending.bind(on_release=lambda touched: self.dispatch("on_choose", touched.code))
        return ending

    def on_choose(self, code: str) -> None:
        """An ending was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
