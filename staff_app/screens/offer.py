"""The offer: somebody needs you, now. It fills the screen."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty

from staff_app.widgets.headline import Headline as Headline
from staff_app.widgets.page import Page
from staff_app.widgets.ring import Ring as Ring
from staff_app.widgets.stories import Stories as Stories
from staff_app.widgets.swatch import Swatch as Swatch


class OfferScreen(Page):
    heading = StringProperty("")
    waiting = StringProperty("")
    need = StringProperty("")
    shopper = StringProperty("")
    where = StringProperty("")
    details = StringProperty("")
    colour = ObjectProperty(None, allownone=True)
    notes = ObjectProperty(())
    story = BooleanProperty(False)
    seconds = StringProperty("")
    share = NumericProperty(1.0)

    __events__ = ("on_coming", "on_not_now")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
