"""Asks how an employee will recognise the shopper. Every answer is optional."""

from functools import cache
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, NumericProperty, StringProperty

from assets.i18n.texts import Texts
from assets.theme.checks import contrast
from assets.theme.load import load_theme
from assets.theme.model import rgba
from kiosk.session import visit_progress
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.choices import Choice
from kiosk.widgets.page import KioskPage
from sync_server.domain.catalogue.catalogue import COLOURS


class IdentifyPage(KioskPage):
    title = StringProperty("")
    why = StringProperty("")
    wearing = StringProperty("")
    near = StringProperty("")
    call_me = StringProperty("")
    name = StringProperty("")
    hint = StringProperty("")
    put_in_line = StringProperty("")
    colours = ListProperty()
    places = ListProperty()
    place_rows = NumericProperty(0)

    __events__ = ("on_choose_colour", "on_choose_place", "on_open_name", "on_join")

    _colours = load_theme().spot

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        session, catalogue = flow.session, flow.floor.catalogue
        self.way_back = texts.say("common.back")
        self.title = texts.say("kiosk.spot.title")
        nobody = visit_progress.nobody_for(flow.floor, session.need)
        self.why = texts.say("kiosk.spot.nobody" if nobody else "kiosk.spot.why")
        self.wearing = texts.say("kiosk.spot.wearing")
        self.near = texts.say("kiosk.spot.near")
        self.call_me = f"{texts.say('kiosk.spot.call')} {texts.say('kiosk.spot.optional')}"
        self.hint = texts.say("kiosk.spot.hint")
        self.put_in_line = texts.say("kiosk.spot.join")
        self.name = session.name
        self.colours = [
            Choice(
                code=colour,
                text=texts.say(f"colours.{colour}"),
                test_name=f"colour-{colour}",
                chosen=colour == session.colour,
                colour=rgba(self._colours[colour]),
                ink=_readable_on(self._colours[colour]),
            )
            for colour in COLOURS
        ]
        self.places = [
            Choice(
                code=place.code,
                text=texts.text(place.text),
                test_name=f"place-{place.code}",
                icon=place.icon,
                chosen=place.code == session.place,
            )
            for place in (catalogue.places if catalogue else ())
        ]

    def on_choose_colour(self, colour: str) -> None:
        """A colour was touched."""

    def on_choose_place(self, place: str) -> None:
        """A place was touched."""

    def on_open_name(self) -> None:
        """The shopper wants to enter a name."""

    def on_join(self) -> None:
        """The shopper wants to join the line."""


@cache
def _readable_on(colour: str) -> tuple[float, ...]:
    """Dark or light, whichever is read better on this colour."""
    light = load_theme().light
    return rgba(max((light.ink, light.card), key=lambda ink: contrast(ink, colour)))


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
