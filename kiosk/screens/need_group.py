"""The needs of one group, if the store groups its needs."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, StringProperty

from assets.i18n.texts import Texts
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.page import KioskPage

from .need import need_tiles


class NeedGroupPage(KioskPage):
    title = StringProperty("")
    needs = ListProperty()

    __events__ = ("on_choose_need",)

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        self.way_back = texts.say("common.back")
        self.title = texts.say("kiosk.more.question")
        self.needs = need_tiles(flow, texts)

    def on_choose_need(self, code: str) -> None:
        """A tile was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
