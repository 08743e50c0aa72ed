"""The language the tablet speaks now: every rule in the .kv files binds to it."""

from kivy.event import EventDispatcher
from kivy.properties import BooleanProperty, ObjectProperty

from assets.words import Words
from sync_server.domain.catalogue import LANGUAGES


class Speech(EventDispatcher):
    """`words` says everything; `codes` are the store's languages in its order, ours until they are known.

    Until somebody has `chosen` a language, the tablet speaks the store's first.
    """

    words = ObjectProperty(Words("en"), rebind=True)  # a rule that says something says it anew
    codes = ObjectProperty(LANGUAGES)
    chosen = BooleanProperty(False)

    def choose(self, code: str) -> None:
        """Somebody wants this language."""
        self.chosen = True
        self.speak(code)

    def speak(self, code: str) -> None:
        """Speaks this language from now on."""
        if code != self.words.language:
            self.words = Words(code)


speech = Speech()
