"""Asks whether to leave the line."""

from assets.i18n.texts import Texts
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.message import MessagePage


class ConfirmLeavePage(MessagePage):
    __events__ = ("on_leave",)

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        self.icon = "door-exit"
        self.title = texts.say("kiosk.leave.title")
        self.text = texts.say("kiosk.leave.text")
        self.say_first, self.first_name = texts.say("kiosk.leave.no"), "stay"
        self.say_second, self.second_name = texts.say("kiosk.leave.yes"), "leave-yes"

    def on_first(self) -> None:
        self.dispatch("on_back")

    def on_second(self) -> None:
        self.dispatch("on_leave")

    def on_leave(self) -> None:
        """The shopper has confirmed."""
