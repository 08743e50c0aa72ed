"""The kiosk's keyboard for a name: the letters of the shopper's language, and accents."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, NumericProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label

from assets.ui.icons import icon
from assets.ui.widgets.keys import NearestKey

ACCENTS = "áàâäãåæçčè éêëěíîïñóô öõøœßšúûüž"  # for names from other countries, in every layout
MARKS = "’-"


class NameKey(ButtonBehavior, Label):
    """One key; `letter` is what it types. It is a single widget, because there are forty of them."""

    test_name = StringProperty("")
    letter = StringProperty("")
    points = NumericProperty(24)
    glyph = StringProperty("")
    chosen = BooleanProperty(False)
    corner = NumericProperty(14)


class NameKeyboard(NearestKey, BoxLayout):
    """Shows `rows` of letters; `on_key(letter)` and `on_erase()` are its events.

    `capital` shows capital letters. The page sets it where a part of a name begins.
    """

    marks = MARKS
    shift_glyph, erase_glyph = icon("arrow-big-up"), icon("backspace")
    rows = ListProperty()
    capital = BooleanProperty(False)
    accents = BooleanProperty(False)
    space = StringProperty("")

    __events__ = ("on_key", "on_erase")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("rows", "accents", "capital"):
            self.fbind(name, self._update_keys)

    def on_key(self, letter: str) -> None:
        """A letter, a mark or a space was touched."""

    def on_erase(self) -> None:
        """The erase key was touched."""

    def _update_keys(self, *_: Any) -> None:
        """Puts the letters on the keys. Keys are made once for each position and reused."""
        rows = ACCENTS.split() if self.accents else list(self.rows)
        for line, row in zip(self.ids.letters.children[::-1], [*rows, "", "", ""], strict=False):
            letters = [self._in_case(letter) for letter in row]
            for _new in letters[len(line.children) :]:
                key = NameKey()
                key.bind(on_release=self._touched)
                line.add_widget(key)
            for key in line.children[: max(0, len(line.children) - len(letters))]:
                line.remove_widget(key)
            for key, letter in zip(line.children[::-1], letters, strict=True):
                key.letter = key.text = letter
                key.test_name = f"key-{letter.lower()}"
            # A shorter row is centred, so that its keys are as wide as those of the other rows.
            widest = max((len(other) for other in rows), default=1)
            line.padding = [(widest - len(letters)) / widest * self.width / 2, 0]

    def _in_case(self, letter: str) -> str:
        return letter.upper() if self.capital and letter != "ß" else letter

    def _touched(self, key: NameKey) -> None:
        self.dispatch("on_key", key.letter)

    def on_width(self, *_: Any) -> None:
        self._update_keys()


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
