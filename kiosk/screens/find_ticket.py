"""Asks for the colour and the animal that name the shopper's ticket, to show it again."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, StringProperty

from assets.i18n.texts import Texts
from assets.i18n.ticket_names import animal_word, colour_word
from kiosk.session.session_flow import SessionFlow
from kiosk.widgets.choices import Choice
from kiosk.widgets.page import KioskPage
from sync_server.domain.visit.ticket import ANIMALS_OF_NAMES, COLOURS_OF_NAMES


class FindTicketPage(KioskPage):
    title = StringProperty("")
    text = StringProperty("")
    warm = BooleanProperty(False)
    ask_colour = StringProperty("")
    ask_animal = StringProperty("")
    colours = ListProperty()
    animals = ListProperty()

    __events__ = ("on_choose_ticket_colour", "on_choose_ticket_animal")

    def show(self, flow: SessionFlow, texts: Texts, now: int) -> None:
        super().show(flow, texts, now)
        session, may_try = flow.session, flow.may_find(now)
        self.way_back = texts.say("common.back")
        self.title = texts.say("kiosk.find.title")
        self.warm = session.not_found or not may_try
        if not may_try:
            self.text = texts.say("kiosk.find.ask")
        else:
            self.text = texts.say("kiosk.find.not_here" if session.not_found else "kiosk.find.text")
        self.ask_colour = texts.say("kiosk.find.colour") if may_try else ""
        self.ask_animal = texts.say("kiosk.find.animal") if may_try else ""
        self.colours = [
            Choice(n, colour_word(texts.say, n), f"word-colour-{n}", chosen=n == session.ticket_colour)
            for n in range(COLOURS_OF_NAMES if may_try else 0)
        ]
        self.animals = [
            Choice(n, animal_word(texts.say, n), f"word-animal-{n}", chosen=n == session.ticket_animal)
            for n in range(ANIMALS_OF_NAMES if may_try else 0)
        ]

    def on_choose_ticket_colour(self, colour: int) -> None:
        """A colour word was touched."""

    def on_choose_ticket_animal(self, animal: int) -> None:
        """An animal word was touched."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
