"""An offer, with the time that is left to answer. It fills the screen."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty

from staff_app.widgets.colour_dot import ColourSwatch as ColourSwatch
from staff_app.widgets.headline import Headline as Headline
from staff_app.widgets.notes import Notes as Notes
from staff_app.widgets.page import Page
from staff_app.widgets.ring import Ring as Ring


class OfferScreen(Page):
    heading = StringProperty("")
    waiting = StringProperty("")
    need = StringProperty("")
    shopper = StringProperty("")
    where = StringProperty("")
    details = StringProperty("")
    colour = ObjectProperty(None, allownone=True)
    notes = ObjectProperty(())
    handed_over = BooleanProperty(False)
    seconds = StringProperty("")
    share = NumericProperty(1.0)

    __events__ = ("on_accept", "on_decline")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
