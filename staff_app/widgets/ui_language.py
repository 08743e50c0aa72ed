"""The present language of the tablet. The .kv rules bind to its texts."""

from kivy.event import EventDispatcher
from kivy.properties import BooleanProperty, ObjectProperty

from assets.i18n.texts import Texts
from sync_server.domain.catalogue.languages import LANGUAGES


class UiLanguage(EventDispatcher):
    """`texts` are those of the present language. `codes` are the store's languages, in its order.

    `chosen`: a person has chosen a language. Until then the tablet uses the store's first one.
    """

    texts = ObjectProperty(Texts("en"), rebind=True)  # rebind: .kv rules follow a new language
    codes = ObjectProperty(LANGUAGES)
    chosen = BooleanProperty(False)

    def choose(self, code: str) -> None:
        """A person chooses this language."""
        self.chosen = True
        self.set_language(code)

    def set_language(self, code: str) -> None:
        """Changes the language."""
        if code != self.texts.language:
            self.texts = Texts(code)


ui_language = UiLanguage()
