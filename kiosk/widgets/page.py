"""The base of all pages of the kiosk: the store's name or the back button, and the languages."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.i18n.texts import Texts, language_name
from assets.ui.style import style
from assets.ui.widgets.split import Split as Split  # the pages' .kv files use it
from kiosk.session import visit_progress
from kiosk.session.session_flow import SessionFlow

from .choices import Choice

LONG_NAME = 24  # letters of a shop's name
MAX_CALLED = 3  # tickets of others that are called at the same time, for which there is room


class KioskPage(BoxLayout):
    """One page. It shows the session and reports touches as events; it changes nothing itself.

    An event `on_x` is bound to the method `x` of the KioskController (see assets/ui/bind.py). `call` names
    the tickets of others that are called meanwhile, where that takes nothing from the page. On a tall screen
    there is room for it above the first line of each page that has `calls_above`.
    """

    store = StringProperty("")
    way_back = StringProperty("")
    languages = ListProperty()
    in_full = BooleanProperty(False)
    call = StringProperty("")
    calls_above = BooleanProperty(True)

    __events__: tuple[str, ...] = ("on_set_language", "on_back")

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:  # noqa: ARG002
        """Shows the present state of the session. `now` is the session's steady clock, ms."""
        catalogue = flow.floor.catalogue
        self.store = catalogue.store.name if catalogue else ""
        # On a tall screen a long name needs the place of the languages' full names.
        in_full = self.in_full and (style.landscape or len(self.store) <= LONG_NAME)
        self.languages = [
            Choice(
                code=code,
                text=language_name(code) if in_full else code.upper(),
                test_name=f"language-{code}",
                chosen=code == flow.session.language,
            )
            for code in flow.languages
            if len(flow.languages) > 1  # with one there is nothing to choose
        ]
        self.call = self._call_of_others(flow, texts)

    def _call_of_others(self, flow: SessionFlow, texts: Texts) -> str:
        """A call goes on while a shopper uses the kiosk: those who are called may see it from afar."""
        called = visit_progress.called_tickets(flow.floor)
        tickets = [row.ticket for row in called if row.visit_id != flow.session.visit_id][:MAX_CALLED]
        if not tickets:
            return ""
        names = f"{tickets[0]} {texts.ticket_name(tickets[0])}" if len(tickets) == 1 else ", ".join(tickets)
        return texts.say("kiosk.call.meanwhile", tickets=names)

    def on_set_language(self, language: str) -> None:
        """A language was touched."""

    def on_back(self, *_: Any) -> None:
        """The back button was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
