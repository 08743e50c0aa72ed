"""The pages of pairing. Each shows the controller's state and reports touches as events."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label

from assets.i18n.texts import Texts, language_name
from assets.theme.drawing import drawable
from assets.ui.icons import icon
from assets.ui.widgets.basic import Pill, Tappable
from assets.ui.widgets.qr import Qr as Qr  # pages.kv uses these three
from assets.ui.widgets.split import Split as Split
from assets.ui.widgets.title import Title as Title
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.names import visible

from .controller import CODE_GROUPS, CODE_LENGTH, PairingController, PairingScreen

ADDRESS_KEYS = ("1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm.:")
CODE_KEYS = ("1234567890", "ABCDEFGHJK", "MNPQRSTVW", "XYZ")  # no letters that look like another
MAX_STORES = 4
MAX_SHOWN_ADDRESS = 40  # characters of one that is none


class PairLanguage(Pill):
    """One of the languages of Welkom."""

    code = StringProperty("")


class PairPage(BoxLayout):
    """The base of all pages: the back button and the languages.

    An event `on_x` is bound to the method `x` of the PairingController (see assets/ui/bind.py).
    """

    way_back = StringProperty("")
    language = StringProperty("en")

    __events__: tuple[str, ...] = ("on_set_language", "on_back")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for code in LANGUAGES:
            pill = PairLanguage(code=code, test_name=f"speak-{code}")
            pill.bind(on_release=lambda pill: self.dispatch("on_set_language", pill.code))
            self.ids.languages.add_widget(pill)
        self.bind(language=self._name_languages, way_back=self._name_languages)
        self._name_languages()

    def _name_languages(self, *_: Any) -> None:
        """Writes the languages' names, or their codes if the back button takes the space."""
        for pill in self.ids.languages.children:
            pill.text = pill.code.upper() if self.way_back else language_name(pill.code)
            pill.chosen = pill.code == self.language

    def on_set_language(self, language: str) -> None:
        """A language was touched."""

    def on_back(self, *_: Any) -> None:
        """The back button was touched."""

    def show(self, controller: PairingController, texts: Texts) -> None:
        self.language = texts.language
        self.way_back = (
            ""
            if controller.screen is PairingScreen.FIND and not controller.code
            else texts.say("common.back")
        )


class StoreRow(Tappable):
    """A store that was found."""

    name = StringProperty("")
    address = StringProperty("")


class PairFind(PairPage):
    """Asks which store this device belongs to."""

    title = StringProperty("")
    text = StringProperty("")
    stores = ListProperty()
    say_address = StringProperty("")
    say_code = StringProperty("")

    __events__ = ("on_choose_store", "on_open_address", "on_open_code")

    def show(self, controller: PairingController, texts: Texts) -> None:
        super().show(controller, texts)
        self.stores = [
            (drawable(store.name) or store.address, store.address) for store in controller.stores[:MAX_STORES]
        ]
        self.title = texts.say("pairing.find.code_title" if controller.code else "pairing.find.title")
        self.text = texts.say("pairing.find.found" if self.stores else "pairing.find.none")
        if controller.bad_address is not None:
            address = visible(controller.bad_address)[:MAX_SHOWN_ADDRESS]
            self.text = f"{texts.say('pairing.find.bad_address', address=drawable(address))} {self.text}"
        elif controller.damaged:
            self.text = f"{texts.say('pairing.find.damaged')} {self.text}"
        self.say_address = texts.say("pairing.find.address")
        self.say_code = "" if controller.code else texts.say("pairing.find.code")

    def on_stores(self, *_: Any) -> None:
        self.ids.stores.clear_widgets()
        for name, address in self.stores:
            row = StoreRow(name=name, address=address, test_name=f"store-{address}")
            row.bind(on_release=lambda row: self.dispatch("on_choose_store", row.address))
            self.ids.stores.add_widget(row)

    def on_choose_store(self, address: str) -> None:
        """A store was touched."""

    def on_open_address(self) -> None:
        """The store is not in the list: its address will be typed."""

    def on_open_code(self) -> None:
        """The manager has given a code."""


class PairKey(ButtonBehavior, Label):
    """One key of the keyboard. `letter` is what it types; empty for the erase key."""

    test_name = StringProperty("")
    letter = StringProperty("")


class PairType(PairPage):
    """Asks for an address or a code, with a keyboard."""

    erase_glyph = icon("backspace")
    title = StringProperty("")
    text = StringProperty("")
    typed = StringProperty("")
    hint = StringProperty("")
    say_submit = StringProperty("")
    ready = BooleanProperty(False)
    keys = ListProperty()

    __events__ = ("on_type", "on_erase", "on_submit")

    def show(self, controller: PairingController, texts: Texts) -> None:
        super().show(controller, texts)
        code = controller.screen is PairingScreen.CODE
        kind = "code" if code else "address"
        self.title, self.text = texts.say(f"pairing.{kind}.title"), texts.say(f"pairing.{kind}.text")
        self.typed = grouped(controller.code) if code else controller.address
        self.hint = grouped("•" * CODE_LENGTH) if code else texts.say("pairing.address.hint")
        self.say_submit, self.ready = texts.say("pairing.go_on"), controller.ready
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
        """The last letter has to be removed."""

    def on_submit(self) -> None:
        """The text is complete."""


class PairDigits(PairPage):
    """Shows six digits, and the QR code of the page on which the manager compares them."""

    title = StringProperty("")
    text = StringProperty("")
    digits = StringProperty("")
    address = StringProperty("")
    say_scan = StringProperty("")
    say_waiting = StringProperty("")
    say_cancel = StringProperty("")

    def show(self, controller: PairingController, texts: Texts) -> None:
        super().show(controller, texts)
        self.way_back = ""
        prompt = controller.prompt
        assert prompt is not None, "this screen is shown after the store has answered"
        self.digits, self.address = prompt.digits, prompt.manager_url
        self.title = texts.say("pairing.digits.title")
        self.text = texts.say("pairing.digits.text")
        self.say_scan = texts.say("pairing.digits.scan" if self.address else "pairing.digits.here")
        self.say_waiting = texts.say("pairing.digits.waiting")
        self.say_cancel = texts.say("pairing.cancel")


class PairNotice(PairPage):
    """One message and at most two buttons. `say_quiet` is a small button that is not for shoppers."""

    icon = StringProperty("hourglass")
    warm = BooleanProperty(False)
    title = StringProperty("")
    text = StringProperty("")
    say_first = StringProperty("")
    say_second = StringProperty("")
    say_quiet = StringProperty("")

    __events__ = ("on_try_again",)

    def show(self, controller: PairingController, texts: Texts) -> None:
        super().show(controller, texts)
        self.way_back = ""
        self.warm = controller.screen is PairingScreen.ERROR
        if self.warm:
            self.icon, self.title = "info-circle", texts.say("pairing.trouble.title")
            self.text = texts.say(controller.error_key)
            self.say_first, self.say_second = texts.say("common.again"), texts.say("pairing.other_way")
        else:
            self.icon, self.title = "hourglass", texts.say("pairing.asking.title")
            self.text = texts.say("pairing.asking.text")
            self.say_first, self.say_second = "", texts.say("pairing.cancel")

    def on_try_again(self, *_: Any) -> None:
        """The first button was touched."""


def grouped(code: str) -> str:
    """A code in groups, as the manager's page writes it: 7K3M-9QXW-2T8HV."""
    ends = (0, *CODE_GROUPS, CODE_LENGTH)
    parts = [code[start:end] for start, end in pairwise(ends)]
    return "-".join(part for part in parts if part)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
