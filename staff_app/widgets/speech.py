"""The language the tablet speaks now: every rule in the .kv files binds to it."""

from kivy.event import EventDispatcher
from kivy.properties import BooleanProperty, ObjectProperty

from assets.words import Words


class Speech(EventDispatcher):
    """`words` says everything; `codes` are the languages of the store, in its order.

    Until somebody has `chosen` a language, the tablet speaks the store's first.
    """

    words = ObjectProperty(Words("en"), rebind=True)  # a rule that says something says it anew
    codes = ObjectProperty(("en",))
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
