"""Which ticket was yours? For a shopper on the way out, where several visits have just ended."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, StringProperty

from assets.words import Words
from kiosk.flow import Flow
from kiosk.widgets.choices import Choice
from kiosk.widgets.page import KioskPage


class PickPage(KioskPage):
    title = StringProperty("")
    none = StringProperty("")
    tickets = ListProperty()

    __events__ = ("on_pick",)

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        self.way_back = words.say("common.back")
        self.title = words.say("kiosk.pick.title")
        self.none = words.say("kiosk.pick.none")
        self.tickets = [
            Choice(
                code=row.visit_id,
                text=f"{row.ticket}   {words.ticket_name(row.ticket)}",
                test_name=f"ticket-{row.ticket}",
                icon="ticket",
            )
            for row in flow.session.tickets
        ]

    def on_pick(self, visit_id: str) -> None:
        """This one."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
