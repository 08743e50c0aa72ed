"""Thanks the shopper after the rating. Goes back to the greeting by itself."""

from assets.i18n.texts import Texts
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.message import MessagePage
from sync_server.domain.refusal import Code
from sync_server.domain.visit.visit import State


class RatedPage(MessagePage):
    __events__ = ("on_acknowledge",)

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        refusal = flow.session.refusal
        self.icon = "info-circle" if refusal else "heart"
        self.title = texts.say("kiosk.thanked.title")
        if refusal is Code.WRONG_STATE:
            self.text = texts.say("kiosk.thanked.too_late")
        elif refusal:
            self.text = texts.say(f"refusal.{refusal}")
        elif not flow.floor.live and not flow.is_sent:
            self.text = texts.say("kiosk.thanked.offline")
        elif _left_the_line(flow):
            self.text = texts.say("kiosk.thanked.left")
        else:
            self.text = texts.say("kiosk.thanked.text")
        self.say_second, self.second_name = texts.say("common.all_right"), "all-right"

    def on_second(self) -> None:
        self.dispatch("on_acknowledge")

    def on_acknowledge(self) -> None:
        """The shopper has read it."""


def _left_the_line(flow: SessionFlow) -> bool:
    """Whether this shopper has just left the line: the page then confirms it."""
    row = flow.floor.view.visits.get(flow.session.visit_id or "")
    return row is not None and row.state == State.CANCELLED
