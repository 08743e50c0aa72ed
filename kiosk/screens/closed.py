"""The shop is closed. Says when it opens again; a late shopper can still rate the visit."""

from assets.i18n.reopening import reopening_text
from assets.i18n.texts import Texts
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.message import MessagePage


class ClosedPage(MessagePage):
    __events__ = ("on_open_rating",)

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        self.in_full = True
        super().show(flow, texts, now)
        self.icon = "moon"
        floor = flow.floor
        reopening = reopening_text(floor.catalogue, floor.at, texts) if floor.catalogue else ""
        self.title = reopening or texts.say("kiosk.closed.title")
        self.text = texts.say("kiosk.closed.text" if reopening else "kiosk.closed.unknown")
        self.say_first = ""
        self.say_second = texts.say("kiosk.need.how_was_it") if flow.rateable else ""
        self.second_name = "how-was-it"

    def on_second(self) -> None:
        self.dispatch("on_open_rating")

    def on_open_rating(self) -> None:
        """A shopper wants to rate a visit."""
