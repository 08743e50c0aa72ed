"""The shopper is in line: who comes and when, the ticket, and something to try meanwhile."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from assets.i18n.texts import Texts
from kiosk.session import visit_progress
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.news import News as News  # line.kv uses these three
from kiosk.widgets.page import KioskPage
from kiosk.widgets.ticket import Ticket as Ticket
from kiosk.widgets.who import Who as Who
from sync_server.domain.refusal import Code
from sync_server.domain.visit.progress import Stage

TOO_LATE = frozenset({Code.WRONG_STATE, Code.STALE_REV})  # the visit went on meanwhile: the page shows how


LONG_NOTE = 80  # letters


class LinePage(KioskPage):
    meanwhile = StringProperty("")
    help_icon = StringProperty("bulb")
    help_title = StringProperty("")
    help_text = StringProperty("")
    note = StringProperty("")
    note_icon = StringProperty("cloud-off")
    long_note = BooleanProperty(False)
    may_leave = BooleanProperty(False)
    say_leave = StringProperty("")
    say_all_right = StringProperty("")
    say_back_in_line = StringProperty("")

    __events__ = ("on_leave", "on_come_back", "on_acknowledge")

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        self.ids.who.show(flow, texts)
        self.ids.ticket.show(flow, texts)
        self._show_help(flow, texts)
        self._show_note(flow, texts)
        self.may_leave = flow.stage not in (Stage.WITH_YOU, Stage.OVER)
        self.say_leave = texts.say("kiosk.line.leave")
        self.say_all_right = texts.say("kiosk.line.all_right")
        self.say_back_in_line = texts.say("kiosk.line.back_in_line") if flow.may_return else ""

    def _show_help(self, flow: SessionFlow, texts: Texts) -> None:
        """Something the shopper can try until an employee is there."""
        session, catalogue = flow.session, flow.floor.catalogue
        need = catalogue.need(session.need) if catalogue and session.need else None
        help_card = need.self_help if need else None
        if help_card is None or flow.stage in (Stage.WITH_YOU, Stage.OVER):
            self.meanwhile = self.help_title = self.help_text = ""
            return
        self.meanwhile = texts.say("kiosk.line.while")
        self.help_icon = help_card.icon
        self.help_title = texts.text(help_card.title)
        self.help_text = texts.text(help_card.text)

    def _show_note(self, flow: SessionFlow, texts: Texts) -> None:
        if flow.session.refusal in TOO_LATE:
            self.note, self.note_icon = texts.say("kiosk.line.too_late"), "info-circle"
        elif flow.session.refusal:
            self.note, self.note_icon = texts.say(f"refusal.{flow.session.refusal}"), "info-circle"
        elif not flow.floor.live and flow.stage not in (Stage.FINDING, Stage.OVER):
            self.note, self.note_icon = texts.say("kiosk.line.offline_note"), "cloud-off"
        elif flow.session.row is not None and flow.session.row.hindrance:
            self.note, self.note_icon = texts.longer(flow.session.row.hindrance), "users"
        elif flow.stage is Stage.FINDING and (
            longer := visit_progress.longer_wait(flow.session.row, flow.floor.at)
        ):
            self.note, self.note_icon = texts.say(longer), "clock"
        else:
            self.note = ""
        self.long_note = len(self.note) > LONG_NOTE

    def on_leave(self) -> None:
        """The shopper wants to leave the line."""

    def on_come_back(self) -> None:
        """The shopper was not found and wants to be in line again."""

    def on_acknowledge(self) -> None:
        """The shopper has read the ticket."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
