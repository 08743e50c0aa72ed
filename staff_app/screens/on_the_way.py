"""The employee walks to a shopper: whom to look for, and where."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from staff_app.widgets.colour_dot import ColourSwatch as ColourSwatch
from staff_app.widgets.notes import Notes as Notes
from staff_app.widgets.page import Page


class OnTheWayScreen(Page):
    """A shopper who was `called` again can be marked as not here. `line` says when, or what is uncertain."""

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

    __events__ = ("on_start_serving", "on_recall", "on_open_page")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
