"""Thank you for coming by: one question, five faces."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, StringProperty

from assets.look import look
from assets.words import Words
from kiosk.flow import Flow
from kiosk.widgets.choices import Choice
from kiosk.widgets.page import KioskPage

# Effort from 5, very easy, to 1, very hard: the face and the colour of the look it is drawn in.
FACES = ((5, "mood-happy", "good"), (4, "mood-smile", "good"), (3, "mood-empty", "ink_soft"),
         (2, "mood-sad", "warm"), (1, "mood-cry", "warm"))  # fmt: skip


class ThanksPage(KioskPage):
    title = StringProperty("")
    question = StringProperty("")
    faces = ListProperty()
    say_no_thanks = StringProperty("")

    __events__ = ("on_rate", "on_no_thanks")

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        self.title = words.say("kiosk.thanks.title")
        self.question = f"{words.say('kiosk.thanks.lead')} {words.say('effort.question')}"
        self.say_no_thanks = words.say("effort.no_thanks")
        self.faces = [
            Choice(
                ces, words.say(f"effort.{ces}"), f"face-{ces}", icon=icon, colour=tuple(getattr(look, ink))
            )
            for ces, icon, ink in FACES
        ]

    def on_rate(self, ces: int) -> None:
        """A face was touched."""

    def on_no_thanks(self) -> None:
        """Rather not."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
