"""Asks which ticket was the shopper's, if several visits have just ended."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, StringProperty

from assets.i18n.texts import Texts
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.choices import Choice
from kiosk.widgets.page import KioskPage


class PickTicketPage(KioskPage):
    title = StringProperty("")
    none = StringProperty("")
    tickets = ListProperty()

    __events__ = ("on_pick_ticket",)

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        self.way_back = texts.say("common.back")
        self.title = texts.say("kiosk.pick.title")
        self.none = texts.say("kiosk.pick.none")
        self.tickets = [
            Choice(
                code=row.visit_id,
                text=f"{row.ticket}   {texts.ticket_name(row.ticket)}",
                test_name=f"ticket-{row.ticket}",
                icon="ticket",
            )
            for row in flow.session.tickets
        ]

    def on_pick_ticket(self, visit_id: str) -> None:
        """A ticket was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
