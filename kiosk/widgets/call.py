"""A ticket that is called: large enough to be read from four metres."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from assets.i18n.texts import Texts
from assets.ui.widgets.basic import Card
from kiosk.session import visit_progress
from kiosk.session.session_flow import SessionFlow

MAX_ALSO = 4  # other tickets that are called at the same time


class Call(Card):
    """The ticket that was called last, its name, and who looks for its shopper. Empty without a call."""

    ticket = StringProperty("")
    ticket_name = StringProperty("")
    who = StringProperty("")
    text = StringProperty("")

    def show(self, flow: SessionFlow, texts: Texts) -> None:
        called, catalogue = visit_progress.called_tickets(flow.floor), flow.floor.catalogue
        if not called:
            self.ticket = self.ticket_name = self.who = self.text = ""
            return
        employee = catalogue.employee(called[0].employee or "") if catalogue else None
        name = employee.name if employee else texts.say("kiosk.line.somebody")
        also = ", ".join(row.ticket for row in called[1 : 1 + MAX_ALSO])
        self.ticket, self.ticket_name = called[0].ticket, texts.ticket_name(called[0].ticket)
        self.who = texts.say("kiosk.line.called", name=name)
        self.text = (
            texts.say("kiosk.call.also", tickets=also) if also else texts.say("kiosk.line.called_text")
        )


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
