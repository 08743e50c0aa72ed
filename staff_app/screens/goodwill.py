"""An amount of one's own choice, up to what the store leaves to its people."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from staff_app.widgets.keypad import Keypad as Keypad
from staff_app.widgets.page import Sheet
from staff_app.widgets.speech import speech

MOST_FIGURES = 5


class GiftScreen(Sheet):
    """`limit` and `cents` are in cents. The amount is typed as on a till slip: 12, or 12.50 with the mark."""

    limit = NumericProperty(0)
    currency = StringProperty("EUR")
    typed = StringProperty("")
    cents = NumericProperty(0)
    over = BooleanProperty(False)
    line = StringProperty("")
    amount = StringProperty("")
    mark = StringProperty(".")

    __events__ = ("on_back", "on_give")

    def clear(self) -> None:
        self.typed = ""
        self._work_out()

    def on_limit(self, *_: object) -> None:
        self._work_out()

    def on_title(self, *_: object) -> None:
        self._work_out()

    def press(self, code: str) -> None:
        """A key of the pad; its last one is the mark before the cents."""
        whole, mark, cents = self.typed.partition(".")
        if code == "erase":
            self.typed = self.typed[:-1]
        elif code == "last":
            self.typed += "" if mark else "."
        elif (mark and len(cents) < 2) or (not mark and len(whole) < MOST_FIGURES):
            self.typed += code
        self._work_out()

    def _work_out(self) -> None:
        whole, _, cents = self.typed.partition(".")
        words = speech.words
        self.cents = int(whole or 0) * 100 + int((cents + "00")[:2])
        self.over = self.cents > self.limit
        self.amount = words.money(self.cents, self.currency)
        self.mark = "." if words.language == "en" else ","
        if "." in self.typed and not self.cents % 100:
            self.amount = words.money(self.cents + 1, self.currency).replace("01", "00", 1)
        limit = words.money(int(self.limit), self.currency)
        self.line = words.say("staff.gift.over" if self.over else "staff.gift.limit", limit=limit)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
