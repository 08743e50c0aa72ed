"""Things to choose from, in rows and columns; each tells its code when it is touched."""

from pathlib import Path
from typing import Any, NamedTuple

from kivy.lang import Builder
from kivy.properties import ColorProperty, ListProperty, StringProperty
from kivy.uix.gridlayout import GridLayout

from assets.look import look
from assets.touch import Pill, Quiet, Tap, Tile


class Choice(NamedTuple):
    """One of several. `test_name` is what tests find it by; `colour` is used where the kind has one."""

    code: Any
    text: str
    test_name: str
    icon: str = ""
    chosen: bool = False
    colour: tuple[float, ...] = ()


class Choices(GridLayout):
    """Shows `items`, and tells the one touched by `on_choose(code)`. Widgets are used again."""

    kind: type[Tap] = Quiet
    items = ListProperty()

    __events__ = ("on_choose",)

    def on_choose(self, code: Any) -> None:
        """Somebody chose; for whoever listens."""

    def on_items(self, *_: Any) -> None:
        widgets = self.children[::-1]
        for widget in widgets[len(self.items) :]:
            self.remove_widget(widget)
        for _missing in self.items[len(widgets) :]:
            widget = self.kind()
            widget.bind(on_release=self._chosen)
            self.add_widget(widget)
        for widget, item in zip(self.children[::-1], self.items, strict=True):
            widget.code, widget.text, widget.test_name = item.code, item.text, item.test_name
            widget.chosen = item.chosen
            if item.icon:
                widget.icon = item.icon
            self.dress(widget, item)

    def dress(self, widget: Any, item: Choice) -> None:
        """What is particular to this kind."""

    def _chosen(self, widget: Any) -> None:
        self.dispatch("on_choose", widget.code)


class Needs(Choices):
    kind = Tile


class Row(Quiet):
    """A choice as wide as the page: icon, then text."""


class Rows(Choices):
    kind = Row

    def dress(self, widget: Any, item: Choice) -> None:
        widget.icon_ink = item.colour or look.main


class Face(Row):
    """How it was."""


class Faces(Rows):
    kind = Face


class LanguagePill(Pill):
    """Dark when it is the one spoken, so that it is found at a glance."""


class LanguagePills(Choices):
    kind = LanguagePill


class Chip(Tap):
    """A colour to wear. Its word is for tests and for whoever reads the screen aloud."""

    text = StringProperty("")
    colour = ColorProperty()


class Chips(Choices):
    kind = Chip

    def dress(self, widget: Any, item: Choice) -> None:
        widget.colour = item.colour


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
