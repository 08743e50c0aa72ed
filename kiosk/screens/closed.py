"""The shop is closed: when it opens again. Whoever leaves late may still say how it was."""

from datetime import timedelta

from assets.words import Words
from kiosk.flow import Flow
from kiosk.widgets.message import Message

NEAR_DAYS = 7  # so far ahead a weekday says which day is meant


class ClosedPage(Message):
    __events__ = ("on_how_was_it",)

    def show(self, flow: Flow, words: Words, now: int) -> None:
        self.in_full = True
        super().show(flow, words, now)
        self.icon = "moon"
        opens = opening(flow, words)
        self.title = opens or words.say("kiosk.closed.title")
        self.text = words.say("kiosk.closed.text" if opens else "kiosk.closed.unknown")
        self.say_first = ""
        self.say_second = words.say("kiosk.need.how_was_it") if flow.to_ask else ""
        self.second_name = "how-was-it"

    def on_second(self) -> None:
        self.dispatch("on_how_was_it")

    def on_how_was_it(self) -> None:
        """Somebody would like to say how it was."""


def opening(flow: Flow, words: Words) -> str:
    """When the shop opens next, as a sentence; empty where nobody knows."""
    catalogue, at = flow.world.catalogue, flow.world.at
    opens = catalogue.hours.next_opening(at) if catalogue else None
    if catalogue is None or opens is None:
        return ""
    when, today = catalogue.local(opens), catalogue.local(at).date()
    time = f"{when.hour}:{when.minute:02}"
    if when.date() == today:
        return words.say("kiosk.closed.today", time=time)
    if when.date() == today + timedelta(days=1):
        return words.say("kiosk.closed.tomorrow", time=time)
    if when.date() < today + timedelta(days=NEAR_DAYS):
        return words.say("kiosk.closed.weekday", day=words.weekday(when), time=time)
    return words.say("kiosk.closed.date", date=words.date(when), time=time)
