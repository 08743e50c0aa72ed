"""Shown at the very first start, until the kiosk has received its store's catalogue."""

from assets.i18n.texts import Texts
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.message import MessagePage


class LoadingPage(MessagePage):
    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        self.icon = "hourglass"
        self.title = texts.say("kiosk.moment.title")
        self.text = texts.say("kiosk.moment.text")
