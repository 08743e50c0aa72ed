"""The ticket: its code, large; its friendly name; and its own page to take along."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from assets.qr import Qr as Qr  # the rule uses it
from assets.touch import Card
from assets.words import Words
from kiosk.flow import Flow


class Ticket(Card):
    """Without an `address` there is no code to scan: the shopper keeps the ticket in mind."""

    your_ticket = StringProperty("")
    ticket = StringProperty("")
    ticket_name = StringProperty("")
    take_along = StringProperty("")
    address = StringProperty("")

    def show(self, flow: Flow, words: Words) -> None:
        self.your_ticket = words.say("kiosk.line.ticket")
        self.ticket = flow.session.ticket
        self.ticket_name = words.ticket_name(self.ticket) if self.ticket else ""
        self.address = (flow.address or "") if flow.world.live else ""  # no page can be reached now
        self.take_along = words.say("kiosk.line.scan" if self.address else "kiosk.line.remember")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
