"""Are you sure? One touch more before what cannot be taken back."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from staff_app.widgets.page import Page


class AskScreen(Page):
    """`deed` is what a yes does: the name of the page that asks."""

    title = StringProperty("")
    text = StringProperty("")
    yes = StringProperty("")
    no = StringProperty("")
    other = StringProperty("")
    deed = StringProperty("sign_off")

    __events__ = ("on_back", "on_sign_off", "on_not_here", "on_give_back", "on_by_mistake")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
