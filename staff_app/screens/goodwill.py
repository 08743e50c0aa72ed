"""Asks for an amount of money to give, up to the store's limit."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty

from staff_app.widgets.keypad import Keypad as Keypad
from staff_app.widgets.page import Sheet
from staff_app.widgets.ui_language import ui_language

MAX_DIGITS = 5


class GoodwillScreen(Sheet):
    """`limit` and `cents` are in cents. The amount is typed as 12, or as 12.50 with the decimal mark."""

    limit = NumericProperty(0)
    currency = StringProperty("EUR")
    typed = StringProperty("")
    cents = NumericProperty(0)
    over = BooleanProperty(False)
    line = StringProperty("")
    amount = StringProperty("")
    mark = StringProperty(".")

    __events__ = ("on_back", "on_set_goodwill")

    def reset(self) -> None:
        self.typed = ""
        self._update_amount()

    def on_limit(self, *_: object) -> None:
        self._update_amount()

    def on_title(self, *_: object) -> None:
        self._update_amount()

    def press(self, code: str) -> None:
        """Handles a key of the keypad; its last key is the decimal mark."""
        whole, mark, cents = self.typed.partition(".")
        if code == "erase":
            self.typed = self.typed[:-1]
        elif code == "last":
            self.typed += "" if mark else "."
        elif (mark and len(cents) < 2) or (not mark and len(whole) < MAX_DIGITS):
            self.typed += code
        self._update_amount()

    def _update_amount(self) -> None:
        whole, _, cents = self.typed.partition(".")
        texts = ui_language.texts
        self.cents = int(whole or 0) * 100 + int((cents + "00")[:2])
        self.over = self.cents > self.limit
        self.amount = texts.money(self.cents, self.currency)
        self.mark = "." if texts.language == "en" else ","
        if "." in self.typed and not self.cents % 100:
            self.amount = texts.money(self.cents + 1, self.currency).replace("01", "00", 1)
        limit = texts.money(int(self.limit), self.currency)
        self.line = texts.say("staff.gift.over" if self.over else "staff.gift.limit", limit=limit)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
