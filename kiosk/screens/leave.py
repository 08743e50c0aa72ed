"""Leave the line? Asked once, shortly."""

from assets.words import Words
from kiosk.flow import Flow
from kiosk.widgets.message import Message


class LeavePage(Message):
    __events__ = ("on_leave",)

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        self.icon = "door-exit"
        self.title = words.say("kiosk.leave.title")
        self.text = words.say("kiosk.leave.text")
        self.say_first, self.first_name = words.say("kiosk.leave.no"), "stay"
        self.say_second, self.second_name = words.say("kiosk.leave.yes"), "leave-yes"

    def on_first(self) -> None:
        self.dispatch("on_back")

    def on_second(self) -> None:
        self.dispatch("on_leave")

    def on_leave(self) -> None:
        """The shopper is sure."""
