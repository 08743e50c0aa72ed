"""The shop is closed: when it opens again. Whoever leaves late may still say how it was."""

from assets.words import Words
from kiosk.flow import Flow
from kiosk.opening import opening
from kiosk.widgets.message import Message


class ClosedPage(Message):
    __events__ = ("on_how_was_it",)

    def show(self, flow: Flow, words: Words, now: int) -> None:
        self.in_full = True
        super().show(flow, words, now)
        self.icon = "moon"
        opens = opening(flow.world, words)
        self.title = opens or words.say("kiosk.closed.title")
        self.text = words.say("kiosk.closed.text" if opens else "kiosk.closed.unknown")
        self.say_first = ""
        self.say_second = words.say("kiosk.need.how_was_it") if flow.to_ask else ""
        self.second_name = "how-was-it"

    def on_second(self) -> None:
        self.dispatch("on_how_was_it")

    def on_how_was_it(self) -> None:
        """Somebody would like to say how it was."""
