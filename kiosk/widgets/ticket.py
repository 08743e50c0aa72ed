"""The ticket: its code, its friendly name, and a QR code of its own page."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from assets.i18n.texts import Texts
from assets.ui.widgets.basic import Card
from assets.ui.widgets.qr import Qr as Qr  # ticket.kv uses it
from kiosk.session.session_flow import SessionFlow


class Ticket(Card):
    """Without an `address` there is no QR code: the shopper has to remember the ticket."""

    your_ticket = StringProperty("")
    ticket = StringProperty("")
    ticket_name = StringProperty("")
    take_along = StringProperty("")
    address = StringProperty("")

    def show(self, flow: SessionFlow, texts: Texts) -> None:
        self.your_ticket = texts.say("kiosk.line.ticket")
        self.ticket = flow.session.ticket
        self.ticket_name = texts.ticket_name(self.ticket) if self.ticket else ""
        self.address = (
            (flow.ticket_url or "") if flow.floor.live else ""
        )  # without the server there is no page
        self.take_along = texts.say("kiosk.line.scan" if self.address else "kiosk.line.remember")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
