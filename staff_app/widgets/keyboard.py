"""A keyboard with letters and digits, in the layout of the tablet's language."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.widgets.basic import Tappable
from assets.ui.widgets.keys import NearestKey

from .ui_language import ui_language

DIGITS = "1234567890"
MARKS = {"space": " ", "comma": ",", "dot": "."}


class KeyboardKey(Tappable):
    """One key. `code` is what it types, or what it does."""

    code = StringProperty("")
    text = StringProperty("")
    icon = StringProperty("")
    points = NumericProperty(24)


class Keyboard(NearestKey, BoxLayout):
    """`on_type(text)` and `on_erase()` are its events. `capital` is for the next letter only."""

    capital = BooleanProperty(True)

    __events__ = ("on_type", "on_erase")

    def __init__(self, **kwargs: Any) -> None:
        self._lines: list[str] = []  # the rows of keys that are shown
        super().__init__(**kwargs)

    def on_kv_post(self, _base: Any) -> None:
        ui_language.bind(
            texts=self._fill
        )  # Kivy holds a bound method weakly: ui_language outlives every widget
        self._fill()

    def on_type(self, text: str) -> None:
        """A key that types was touched."""

    def on_erase(self) -> None:
        """The erase key was touched."""

    def on_capital(self, *_: Any) -> None:
        for row in self.ids.rows.children:
            for key in row.children:
                if isinstance(key, KeyboardKey) and key.code.isalpha() and len(key.code) == 1:
                    key.text = key.code.upper() if self.capital else key.code

    def press(self, code: str) -> None:
        """Handles a touched key."""
        if code == "erase":
            self.dispatch("on_erase")
        elif code == "shift":
            self.capital = not self.capital
        else:
            text = MARKS.get(code, code)
            self.dispatch("on_type", text.upper() if self.capital else text)
            self.capital = code == "dot" or (code == "space" and self.capital)

    def _fill(self, *_: Any) -> None:
        lines = [DIGITS, *ui_language.texts.say("staff.keyboard.rows").split()]
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

    def _key(self, code: str, text: str = "", icon: str = "") -> KeyboardKey:
        key = KeyboardKey(code=code, text=text, icon=icon)
        key.bind(on_release=lambda touched: self.press(touched.code))
        return key


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
