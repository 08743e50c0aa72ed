"""After the one question: thank you. Leads back to the greeting by itself."""

from assets.words import Words
from kiosk.flow import Flow
from kiosk.widgets.message import Message
from sync_server.domain.visit import State


class ThankedPage(Message):
    __events__ = ("on_all_right",)

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        refused = flow.session.notice
        self.icon = "info-circle" if refused else "heart"
        self.title = words.say("kiosk.thanked.title")
        if refused:
            self.text = words.say(f"refusal.{refused}")
        elif not flow.world.live and not flow.passed_on:
            self.text = words.say("kiosk.thanked.offline")
        elif _left(flow):
            self.text = words.say("kiosk.thanked.left")
        else:
            self.text = words.say("kiosk.thanked.text")
        self.say_second, self.second_name = words.say("common.all_right"), "all-right"

    def on_second(self) -> None:
        self.dispatch("on_all_right")

    def on_all_right(self) -> None:
        """The next one may begin."""


def _left(flow: Flow) -> bool:
    """Whether this shopper left the line a moment ago, and would like to know that they did."""
    row = flow.world.view.visits.get(flow.session.visit_id or "")
    return row is not None and row.state == State.CANCELLED
