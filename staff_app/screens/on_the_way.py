"""On the way: whom to look for, and where."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from staff_app.widgets.page import Page
from staff_app.widgets.stories import Stories as Stories
from staff_app.widgets.swatch import Swatch as Swatch


class WalkingScreen(Page):
    """Once the shopper was `called` again they may be not here; `line` says something about it."""

    heading = StringProperty("")
    shopper = StringProperty("")
    place = StringProperty("")
    details = StringProperty("")
    colour = ObjectProperty(None, allownone=True)
    need = StringProperty("")
    notes = ObjectProperty(())
    waiting = StringProperty("")
    line = StringProperty("")
    called = BooleanProperty(False)
    may_call = BooleanProperty(True)

    __events__ = ("on_with_them", "on_call_again", "on_open")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
