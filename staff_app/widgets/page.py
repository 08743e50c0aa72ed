"""The base of all screens: a screen shows the texts of its presenter and reports touches as events."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout
from msgspec import Struct

from .language_choice import LanguageChoice as LanguageChoice  # the screens' .kv files use these two
from .row_list import RowList as RowList


def _do_nothing(*_: Any) -> None:
    """The default handler that Kivy requires for each event."""


class Page(BoxLayout):
    """A screen. Its properties have the names of the fields of its presenter's struct.

    An event `on_x` is bound to the method `x` of the StaffController (see assets/ui/bind.py).
    """

    __events__: tuple[str, ...] = ("on_moved",)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for event in cls.__events__:
            if not hasattr(cls, event):
                setattr(cls, event, _do_nothing)

    def show(self, text: Struct) -> None:
        """Shows these texts. Kivy redraws only what has changed."""
        for field in text.__struct_fields__:
            setattr(self, field, getattr(text, field))

    def on_moved(self) -> None:
        """Something that can be touched has moved without a touch."""

    def reset(self) -> None:
        """Removes what was typed: the screen is shown again."""


class Sheet(Page):
    """A page over another screen: a back button, a title, the languages, and the content below."""

    title = StringProperty("")

    __events__: tuple[str, ...] = ("on_back",)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
