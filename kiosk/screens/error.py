"""An apology: what does not work, and what the shopper can do now."""

from assets.i18n.texts import Texts
from kiosk.session.session import KioskError
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.message import MessagePage


class ErrorPage(MessagePage):
    __events__ = ("on_try_again", "on_acknowledge")

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        error = flow.session.error or KioskError.BROKEN
        self.icon, self.warm = "hand-stop", True
        self.title = texts.say("kiosk.trouble.title")
        self.text = texts.say(f"kiosk.trouble.{error}")
        if error is KioskError.REFUSED:
            self.say_first, self.first_name = texts.say("kiosk.trouble.again"), "again"
        else:
            self.say_first = ""
        self.say_second, self.second_name = texts.say("common.all_right"), "all-right"

    def on_first(self) -> None:
        self.dispatch("on_try_again")

    def on_second(self) -> None:
        self.dispatch("on_acknowledge")

    def on_try_again(self) -> None:
        """Try once more with everything that was entered."""

    def on_acknowledge(self) -> None:
        """The shopper has read it."""
