"""Something of ours does not work: what happened, and what to do now."""

from assets.words import Words
from kiosk.flow import Flow
from kiosk.session import Trouble
from kiosk.widgets.message import Message


class TroublePage(Message):
    __events__ = ("on_try_again", "on_all_right")

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        trouble = flow.session.trouble or Trouble.BROKEN
        self.icon, self.warm = "hand-stop", True
        self.title = words.say("kiosk.trouble.title")
        self.text = words.say(f"kiosk.trouble.{trouble}")
        if trouble is Trouble.REFUSED:
            self.say_first, self.first_name = words.say("kiosk.trouble.again"), "again"
        else:
            self.say_first = ""
        self.say_second, self.second_name = words.say("common.all_right"), "all-right"

    def on_first(self) -> None:
        self.dispatch("on_try_again")

    def on_second(self) -> None:
        self.dispatch("on_all_right")

    def on_try_again(self) -> None:
        """Once more, with all that was said."""

    def on_all_right(self) -> None:
        """The shopper has read it."""
