"""The second level of needs, where the store groups some."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, StringProperty

from assets.words import Words
from kiosk.flow import Flow
from kiosk.widgets.page import KioskPage

from .need import need_tiles


class MorePage(KioskPage):
    title = StringProperty("")
    needs = ListProperty()

    __events__ = ("on_choose_need",)

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        self.way_back = words.say("common.back")
        self.title = words.say("kiosk.more.question")
        self.needs = need_tiles(flow, words)

    def on_choose_need(self, code: str) -> None:
        """A tile was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
