"""How will we spot you? Everything on this screen may be left out."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, NumericProperty, StringProperty

from assets.theme import load_theme, rgba
from assets.words import Words
from kiosk.flow import Flow
from kiosk.widgets.choices import Choice
from kiosk.widgets.page import KioskPage
from sync_server.domain.catalogue import COLOURS


class SpotPage(KioskPage):
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

    _drawn = load_theme().spot

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        session, catalogue = flow.session, flow.world.catalogue
        self.way_back = words.say("common.back")
        self.title = words.say("kiosk.spot.title")
        self.why = words.say("kiosk.spot.why")
        self.wearing = words.say("kiosk.spot.wearing")
        self.near = words.say("kiosk.spot.near")
        self.call_me = f"{words.say('kiosk.spot.call')} {words.say('kiosk.spot.optional')}"
        self.hint = words.say("kiosk.spot.hint")
        self.put_in_line = words.say("kiosk.spot.join")
        self.name = session.name
        self.colours = [
            Choice(
                code=colour,
                text=words.say(f"colours.{colour}"),
                test_name=f"colour-{colour}",
                chosen=colour == session.colour,
                colour=rgba(self._drawn[colour]),
            )
            for colour in COLOURS
        ]
        self.places = [
            Choice(
                code=place.code,
                text=words.text(place.text),
                test_name=f"place-{place.code}",
                icon=place.icon,
                chosen=place.code == session.place,
            )
            for place in (catalogue.places if catalogue else ())
        ]

    def on_choose_colour(self, colour: str) -> None:
        """A chip was touched."""

    def on_choose_place(self, place: str) -> None:
        """A place was touched."""

    def on_open_name(self) -> None:
        """The shopper would like to give a name."""

    def on_join(self) -> None:
        """Put me in line."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
