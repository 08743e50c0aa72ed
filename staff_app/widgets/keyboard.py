"""Letters and figures to touch, in the layout of the tablet's language."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.touch import Tap

from .speech import speech

FIGURES = "1234567890"
MARKS = {"space": " ", "comma": ",", "dot": "."}


class Letter(Tap):
    """One key. `code` is what it types or does; there are so many that each is only one label."""

    code = StringProperty("")
    text = StringProperty("")
    icon = StringProperty("")
    points = NumericProperty(24)


class Keyboard(BoxLayout):
    """`on_type(letters)` and `on_erase()`. `capital` is set for the next letter only."""

    capital = BooleanProperty(True)

    __events__ = ("on_type", "on_erase")

    def __init__(self, **kwargs: Any) -> None:
        self._lines: list[str] = []  # the keys that are there, line by line
        super().__init__(**kwargs)

    def on_kv_post(self, _base: Any) -> None:
        speech.bind(words=self._fill)  # held weakly: the speech outlives every widget
        self._fill()

    def on_type(self, letters: str) -> None:
        """Something was typed."""

    def on_erase(self) -> None:
        """The last letter goes."""

    def on_capital(self, *_: Any) -> None:
        for row in self.ids.rows.children:
            for key in row.children:
                if isinstance(key, Letter) and key.code.isalpha() and len(key.code) == 1:
                    key.text = key.code.upper() if self.capital else key.code

    def press(self, code: str) -> None:
        """A key was touched."""
        if code == "erase":
            self.dispatch("on_erase")
        elif code == "shift":
            self.capital = not self.capital
        else:
            letters = MARKS.get(code, code)
            self.dispatch("on_type", letters.upper() if self.capital else letters)
            self.capital = code == "dot" or (code == "space" and self.capital)

    def _fill(self, *_: Any) -> None:
        lines = [FIGURES, *speech.words.say("staff.keyboard.rows").split()]
        if lines == self._lines:
            return
        self._lines = lines
        rows = self.ids.rows
        rows.clear_widgets()
        for number, line in enumerate(lines):
            row = BoxLayout(spacing=rows.spacing)
            last = number == len(lines) - 1
            if last:
                row.add_widget(self._key("shift", icon="arrow-big-up"))
            for letter in line:
                shown = letter.upper() if self.capital else letter
                row.add_widget(self._key(letter, text=shown))
            if last:
                row.add_widget(self._key("erase", icon="backspace"))
            rows.add_widget(row)

    def _key(self, code: str, text: str = "", icon: str = "") -> Letter:
        key = Letter(code=code, text=text, icon=icon)
        key.bind(on_release=lambda touched: self.press(touched.code))
        return key


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
