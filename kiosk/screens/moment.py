"""Shown while the kiosk does not know its store yet: at the very first start, before the server spoke."""

from assets.words import Words
from kiosk.flow import Flow
from kiosk.widgets.message import Message


class MomentPage(Message):
    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        self.icon = "hourglass"
        self.title = words.say("kiosk.moment.title")
        self.text = words.say("kiosk.moment.text")
