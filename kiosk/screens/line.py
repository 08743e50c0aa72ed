"""In line: who comes and when, the ticket to take along, and something to try meanwhile."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from assets.words import Words
from kiosk.flow import Flow
from kiosk.standing import Stage
from kiosk.widgets.news import News as News  # the rules use these three
from kiosk.widgets.page import KioskPage
from kiosk.widgets.ticket import Ticket as Ticket
from kiosk.widgets.who import Who as Who


class LinePage(KioskPage):
    meanwhile = StringProperty("")
    help_icon = StringProperty("bulb")
    help_title = StringProperty("")
    help_text = StringProperty("")
    note = StringProperty("")
    note_icon = StringProperty("cloud-off")
    may_leave = BooleanProperty(False)
    say_leave = StringProperty("")
    say_all_right = StringProperty("")

    __events__ = ("on_leave", "on_all_right")

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        self.ids.who.show(flow, words)
        self.ids.ticket.show(flow, words)
        self._show_help(flow, words)
        self._show_note(flow, words)
        self.may_leave = flow.stage not in (Stage.WITH_YOU, Stage.OVER)
        self.say_leave = words.say("kiosk.line.leave")
        self.say_all_right = words.say("kiosk.line.all_right")

    def _show_help(self, flow: Flow, words: Words) -> None:
        """Something to try, while nobody is there yet."""
        session, catalogue = flow.session, flow.world.catalogue
        need = catalogue.need(session.need) if catalogue and session.need else None
        help_card = need.self_help if need else None
        if help_card is None or flow.stage in (Stage.WITH_YOU, Stage.OVER):
            self.meanwhile = self.help_title = self.help_text = ""
            return
        self.meanwhile = words.say("kiosk.line.while")
        self.help_icon = help_card.icon
        self.help_title = words.text(help_card.title)
        self.help_text = words.text(help_card.text)

    def _show_note(self, flow: Flow, words: Words) -> None:
        if flow.session.notice:
            self.note, self.note_icon = words.say(f"refusal.{flow.session.notice}"), "info-circle"
        elif not flow.world.live and flow.stage not in (Stage.FINDING, Stage.OVER):
            self.note, self.note_icon = words.say("kiosk.line.offline_note"), "cloud-off"
        else:
            self.note = ""

    def on_leave(self) -> None:
        """The shopper would rather leave the line."""

    def on_all_right(self) -> None:
        """The shopper has seen it."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
