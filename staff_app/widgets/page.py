"""What all screens share: they show what they are told, and say what was touched."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout
from msgspec import Struct

from .languages import Languages as Languages  # the rules of the pages use it


def _nothing_more(*_: Any) -> None:
    """Kivy wants a method behind each event; what it leads to is bound from outside."""


class Page(BoxLayout):
    """A screen. Its properties bear the names of the fields it is told.

    Each `on_*` event of a page that is named like a deed of `Hands` does that deed.
    """

    __events__: tuple[str, ...] = ("on_moved",)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for event in cls.__events__:
            if not hasattr(cls, event):
                setattr(cls, event, _nothing_more)

    def show(self, told: Struct) -> None:
        """Shows this from now on; what is the same as before is not drawn again."""
        for field in told.__struct_fields__:
            setattr(self, field, getattr(told, field))

    def on_moved(self) -> None:
        """Something that can be touched is elsewhere now, without anybody's doing."""

    def clear(self) -> None:
        """Begins afresh: the screen is opened anew."""


class Sheet(Page):
    """A page over another one: a way back, a title, the languages, and its content below."""

    title = StringProperty("")

    __events__: tuple[str, ...] = ("on_back",)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
