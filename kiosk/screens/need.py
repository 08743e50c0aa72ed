"""The greeting: asks what the shopper needs. The first touch already answers it."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, StringProperty

from assets.i18n.texts import Texts, is_useful_wait
from kiosk.session import visit_progress
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.call import Call as Call  # need.kv uses these two
from kiosk.widgets.choices import Choice
from kiosk.widgets.news import News as News
from kiosk.widgets.page import KioskPage
from sync_server.domain.share import Share

NOON = 12


class NeedPage(KioskPage):
    greeting = StringProperty("")
    wait = StringProperty("")
    wait_icon = StringProperty("clock")
    needs = ListProperty()
    say_how_was_it = StringProperty("")
    no_name = StringProperty("")
    news = StringProperty("")
    put_away = StringProperty("")
    refused = BooleanProperty(False)
    ask = BooleanProperty(False)
    called = BooleanProperty(False)
    my_ticket = StringProperty("")

    __events__ = ("on_choose_need", "on_open_rating", "on_open_find_ticket", "on_dismiss")

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        hour = flow.floor.catalogue.local(flow.floor.at).hour if flow.floor.catalogue else NOON
        self.greeting = f"{texts.greeting(hour)}\n{texts.say('kiosk.need.question')}"
        self.wait, self.wait_icon = _wait_text(flow, texts), "clock" if flow.floor.live else "cloud-off"
        self.needs = need_tiles(flow, texts)
        self.ask = bool(flow.rateable)
        self.say_how_was_it = texts.say("kiosk.need.how_was_it")
        self.my_ticket = texts.say("kiosk.need.my_ticket") if flow.has_open_tickets else ""
        self.no_name = "" if self.my_ticket and self.ask else _footer(flow, texts)
        self._show_news(flow, texts)

    def _show_news(self, flow: SessionFlow, texts: Texts) -> None:
        """Shows a ticket that is called instead of the greeting, else one that the server refused.

        Else what the manager lets this kiosk say.
        """
        refused = flow.floor.refused_tickets
        self.ids.call.show(flow, texts)
        self.called = bool(self.ids.call.ticket)
        self.call = ""  # it is large, in the place of the greeting
        shown = refused[0] if refused and not self.called else None
        self._refused_op = shown.op_id if shown else ""
        said = "" if self.called else texts.text(visit_progress.announcement(flow.floor))
        self.news = texts.say("kiosk.lost.text", ticket=shown.ticket) if shown else said
        self.refused = shown is not None
        self.put_away = texts.say("common.all_right") if shown else ""

    def dismiss_news(self) -> None:
        self.dispatch("on_dismiss", self._refused_op)

    def on_choose_need(self, code: str) -> None:
        """A tile was touched."""

    def on_open_rating(self) -> None:
        """A shopper wants to rate a visit."""

    def on_open_find_ticket(self) -> None:
        """A shopper wants to see their ticket again."""

    def on_dismiss(self, op_id: str) -> None:
        """A person has read that this ticket was refused."""


def need_tiles(flow: SessionFlow, texts: Texts) -> list[Choice]:
    """A tile for each need of this level, in the shopper's language."""
    return [
        Choice(
            need.code,
            texts.text(need.text),
            test_name=f"need-{need.code}",
            icon=need.icon,
            note=_note(flow, need.code, texts),
            quiet=visit_progress.closed_need(flow.floor, need.code) is not None,
        )
        for need in flow.needs
    ]


def _note(flow: SessionFlow, need: str, texts: Texts) -> str:
    """What a shopper should know before they choose this need; empty for nothing."""
    if visit_progress.closed_need(flow.floor, need):
        return texts.say("kiosk.need.closed")
    return texts.say("kiosk.need.nobody") if visit_progress.nobody_for(flow.floor, need) else ""


def _footer(flow: SessionFlow, texts: Texts) -> str:
    """How right the told waits were; that no name is needed, where that is not known or too long."""
    no_name, told = texts.say("kiosk.need.no_name"), flow.floor.told_waits
    if told is None or flow.has_open_tickets or flow.rateable:  # there is no room, or it is not known
        return no_name
    held = Share(told.held, told.told)
    return texts.how_right(held.value if held.is_enough else None)


def _wait_text(flow: SessionFlow, texts: Texts) -> str:
    if not flow.floor.live:
        return texts.say("kiosk.need.offline")
    quotes = flow.floor.view.quotes
    offered = {code: row for code, row in quotes.items() if not visit_progress.closed_need(flow.floor, code)}
    bracket = visit_progress.widest_bracket(offered)
    if bracket is None:
        return texts.wait(None, None)
    return texts.wait(*bracket) if is_useful_wait(*bracket) else texts.say("kiosk.need.depends")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
