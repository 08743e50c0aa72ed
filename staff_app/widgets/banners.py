"""Two lines above every screen: a banner about the store, and a message that can be dismissed."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty

from .page import Page


class Banners(Page):
    """`on_dismiss(refused_op)` is the button of the message; the op's id is empty for a notice."""

    banner = StringProperty("")
    is_problem = BooleanProperty(True)
    message = StringProperty("")
    refused_op = StringProperty("")
    is_error = BooleanProperty(False)
    take_back = StringProperty("")
    answer = StringProperty("")

    __events__ = ("on_dismiss", "on_take_back", "on_answer_help")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
