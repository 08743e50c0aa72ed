"""A need that is closed today: says when it is offered again, and offers the others."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, StringProperty

from assets.i18n.back_again import back_again
from assets.i18n.texts import Texts
from kiosk.session import visit_progress
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.page import KioskPage

from .need import need_tiles


class NeedClosedPage(KioskPage):
    title = StringProperty("")
    text = StringProperty("")
    others = StringProperty("")
    needs = ListProperty()

    __events__ = ("on_choose_need",)

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        self.way_back = texts.say("common.back")
        catalogue, floor = flow.floor.catalogue, flow.floor
        closed = visit_progress.closed_need(floor, flow.session.need)
        need = catalogue.need(closed.need) if catalogue and closed else None
        if catalogue is None or closed is None or need is None:
            return  # it was opened again: the greeting follows
        self.title = texts.say("kiosk.need_closed.title", need=texts.text(need.text))
        again = back_again(catalogue, closed.back, closed.until, floor.at, texts)
        self.text = "\n".join(part for part in (texts.text(closed.words), again) if part)
        self.needs = need_tiles(flow, texts)
        self.others = texts.say("kiosk.need_closed.others") if self.needs else ""

    def on_choose_need(self, code: str) -> None:
        """A tile was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
