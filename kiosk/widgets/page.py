"""What every screen of the kiosk has in common: the shop's name or the way back, and the languages."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.split import Split as Split  # the rules of the pages use it
from assets.words import Words, language_name
from kiosk.flow import Flow

from .choices import Choice


class KioskPage(BoxLayout):
    """One screen. It shows what it is given and tells what is touched; it knows nothing else.

    Each `on_*` event of a page that is named like a deed of `Hands` does that deed.
    """

    store = StringProperty("")
    way_back = StringProperty("")
    languages = ListProperty()
    in_full = BooleanProperty(False)

    __events__: tuple[str, ...] = ("on_speak", "on_back")

    def show(self, flow: Flow, words: Words, now: int) -> None:  # noqa: ARG002
        """Takes over what the session is like. `now` is the session's clock, ms."""
        catalogue = flow.world.catalogue
        self.store = catalogue.store.name if catalogue else ""
        self.languages = [
            Choice(
                code=code,
                text=language_name(code) if self.in_full else code.upper(),
                test_name=f"language-{code}",
                chosen=code == flow.session.language,
            )
            for code in flow.languages
            if len(flow.languages) > 1  # one is no choice
        ]

    def on_speak(self, language: str) -> None:
        """A language was touched."""

    def on_back(self, *_: Any) -> None:
        """The way back was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
