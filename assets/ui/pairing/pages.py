"""The pages of pairing. Each shows what it is told, and tells what was touched."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label

from assets.icon import icon
from assets.qr import Qr as Qr  # the rules use these
from assets.split import Split as Split
from assets.title import Title as Title
from assets.touch import Pill, Tap
from assets.words import Words, language_name
from sync_server.domain.catalogue import LANGUAGES

from .joining import CODE_GROUPS, CODE_LENGTH, Joining, Screen

ADDRESS_KEYS = ("1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm.:")
CODE_KEYS = ("1234567890", "ABCDEFGHJK", "MNPQRSTVW", "XYZ")  # nothing that reads like another
MOST_STORES = 4


class PairLanguage(Pill):
    """A language of ours."""

    code = StringProperty("")


class PairPage(BoxLayout):
    """What all have in common: the way back, and the languages. `on_<deed>` does that deed of Joining."""

    way_back = StringProperty("")
    language = StringProperty("en")

    __events__: tuple[str, ...] = ("on_speak", "on_back")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for code in LANGUAGES:
            pill = PairLanguage(code=code, test_name=f"speak-{code}")
            pill.bind(on_release=lambda pill: self.dispatch("on_speak", pill.code))
            self.ids.languages.add_widget(pill)
        self.bind(language=self._name_languages, way_back=self._name_languages)
        self._name_languages()

    def _name_languages(self, *_: Any) -> None:
        """By their names; beside the way back there is room for their codes."""
        for pill in self.ids.languages.children:
            pill.text = pill.code.upper() if self.way_back else language_name(pill.code)
            pill.chosen = pill.code == self.language

    def on_speak(self, language: str) -> None:
        """A language was touched."""

    def on_back(self, *_: Any) -> None:
        """To the beginning."""

    def show(self, joining: Joining, words: Words) -> None:
        self.language = words.language
        self.way_back = "" if joining.screen is Screen.FIND and not joining.code else words.say("common.back")


class StoreRow(Tap):
    """A store that was found."""

    name = StringProperty("")
    address = StringProperty("")


class PairFind(PairPage):
    """Which shop is ours?"""

    title = StringProperty("")
    text = StringProperty("")
    stores = ListProperty()
    say_address = StringProperty("")
    say_code = StringProperty("")

    __events__ = ("on_choose", "on_open_address", "on_open_code")

    def show(self, joining: Joining, words: Words) -> None:
        super().show(joining, words)
        self.stores = [(store.name, store.address) for store in joining.stores[:MOST_STORES]]
        self.title = words.say("pairing.find.code_title" if joining.code else "pairing.find.title")
        self.text = words.say("pairing.find.found" if self.stores else "pairing.find.none")
        self.say_address = words.say("pairing.find.address")
        self.say_code = "" if joining.code else words.say("pairing.find.code")

    def on_stores(self, *_: Any) -> None:
        self.ids.stores.clear_widgets()
        for name, address in self.stores:
            row = StoreRow(name=name, address=address, test_name=f"store-{address}")
            row.bind(on_release=lambda row: self.dispatch("on_choose", row.address))
            self.ids.stores.add_widget(row)

    def on_choose(self, address: str) -> None:
        """This shop."""

    def on_open_address(self) -> None:
        """It is not in the list."""

    def on_open_code(self) -> None:
        """The manager gave a code."""


class PairKey(ButtonBehavior, Label):
    """One key; `letter` is what it types."""

    test_name = StringProperty("")
    letter = StringProperty("")


class PairType(PairPage):
    """An address or a code, letter by letter."""

    erase_glyph = icon("backspace")
    title = StringProperty("")
    text = StringProperty("")
    typed = StringProperty("")
    hint = StringProperty("")
    say_go_on = StringProperty("")
    ready = BooleanProperty(False)
    keys = ListProperty()

    __events__ = ("on_type", "on_erase", "on_go_on")

    def show(self, joining: Joining, words: Words) -> None:
        super().show(joining, words)
        code = joining.screen is Screen.CODE
        kind = "code" if code else "address"
        self.title, self.text = words.say(f"pairing.{kind}.title"), words.say(f"pairing.{kind}.text")
        self.typed = grouped(joining.code) if code else joining.address
        self.hint = grouped("•" * CODE_LENGTH) if code else words.say("pairing.address.hint")
        self.say_go_on, self.ready = words.say("pairing.go_on"), joining.ready
        self.keys = CODE_KEYS if code else ADDRESS_KEYS

    def on_keys(self, *_: Any) -> None:
        self.ids.keyboard.clear_widgets()
        widest = max((len(row) for row in self.keys), default=1)
        for row in self.keys:
            line = BoxLayout(spacing=self.ids.keyboard.spacing)
            for letter in row:
                key = PairKey(letter=letter, text=letter, test_name=f"key-{letter.lower()}")
                key.bind(on_release=lambda key: self.dispatch("on_type", key.letter))
                line.add_widget(key)
            if row == self.keys[-1]:
                erase = PairKey(text=self.erase_glyph, test_name="key-erase")
                erase.bind(on_release=lambda _key: self.dispatch("on_erase"))
                line.add_widget(erase)
                row += " "
            line.size_hint_x = len(row) / widest
            line.pos_hint = {"center_x": 0.5}
            self.ids.keyboard.add_widget(line)

    def on_type(self, letter: str) -> None:
        """A key was touched."""

    def on_erase(self) -> None:
        """The last letter goes."""

    def on_go_on(self) -> None:
        """That is all of it."""


class PairDigits(PairPage):
    """Six digits to compare, and a code that leads to the page where they are compared."""

    title = StringProperty("")
    text = StringProperty("")
    digits = StringProperty("")
    address = StringProperty("")
    say_scan = StringProperty("")
    say_waiting = StringProperty("")
    say_cancel = StringProperty("")

    def show(self, joining: Joining, words: Words) -> None:
        super().show(joining, words)
        self.way_back = ""
        shown = joining.shown
        assert shown is not None, "no digits are shown before they are known"
        self.digits, self.address = shown.digits, shown.manager_url
        self.title = words.say("pairing.digits.title")
        self.text = words.say("pairing.digits.text")
        self.say_scan = words.say("pairing.digits.scan" if self.address else "pairing.digits.here")
        self.say_waiting = words.say("pairing.digits.waiting")
        self.say_cancel = words.say("pairing.cancel")


class PairNotice(PairPage):
    """One thing to say, and at most two ways on."""

    icon = StringProperty("hourglass")
    warm = BooleanProperty(False)
    title = StringProperty("")
    text = StringProperty("")
    say_first = StringProperty("")
    say_second = StringProperty("")

    __events__ = ("on_again",)

    def show(self, joining: Joining, words: Words) -> None:
        super().show(joining, words)
        self.way_back = ""
        self.warm = joining.screen is Screen.TROUBLE
        if self.warm:
            self.icon, self.title = "info-circle", words.say("pairing.trouble.title")
            self.text = words.say(joining.trouble)
            self.say_first, self.say_second = words.say("common.again"), words.say("pairing.other_way")
        else:
            self.icon, self.title = "hourglass", words.say("pairing.asking.title")
            self.text = words.say("pairing.asking.text")
            self.say_first, self.say_second = "", words.say("pairing.cancel")

    def on_again(self, *_: Any) -> None:
        """Once more."""


def grouped(code: str) -> str:
    """A code in its groups, as the manager's page writes it: 7K3M-9QXW-2T8HV."""
    ends = (0, *CODE_GROUPS, CODE_LENGTH)
    parts = [code[start:end] for start, end in pairwise(ends)]
    return "-".join(part for part in parts if part)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
