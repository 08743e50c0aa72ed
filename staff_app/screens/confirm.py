"""A question to confirm before something that cannot be undone."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty

from staff_app.widgets.page import Page


class ConfirmScreen(Page):
    """`action` is the controller's method that "yes" calls."""

    title = StringProperty("")
    text = StringProperty("")
    yes = StringProperty("")
    no = StringProperty("")
    other = StringProperty("")
    action = StringProperty("sign_off")

    __events__ = ("on_back", "on_sign_off", "on_mark_no_show", "on_give_back", "on_remove")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
