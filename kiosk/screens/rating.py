"""Asks one question about the visit, to be answered with one of five faces."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, StringProperty

from assets.i18n.texts import Texts
from assets.ui.style import style
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.choices import Choice
from kiosk.widgets.page import KioskPage

# The effort from 5, very easy, to 1, very hard; the icon of its face and the style's colour for it.
FACES = ((5, "mood-happy", "good"), (4, "mood-smile", "good"), (3, "mood-empty", "ink_soft"),
         (2, "mood-sad", "warm"), (1, "mood-cry", "warm"))  # fmt: skip


class RatingPage(KioskPage):
    title = StringProperty("")
    question = StringProperty("")
    faces = ListProperty()
    say_no_thanks = StringProperty("")

    __events__ = ("on_rate", "on_decline_rating")

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        self.title = texts.say("kiosk.thanks.title")
        self.question = f"{texts.say('kiosk.thanks.lead')} {texts.say('effort.question')}"
        self.say_no_thanks = texts.say("effort.no_thanks")
        self.faces = [
            Choice(
                ces, texts.say(f"effort.{ces}"), f"face-{ces}", icon=icon, colour=tuple(getattr(style, ink))
            )
            for ces, icon, ink in FACES
        ]

    def on_rate(self, ces: int) -> None:
        """A face was touched."""

    def on_decline_rating(self) -> None:
        """The shopper does not want to answer."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
