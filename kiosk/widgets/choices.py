"""ChoiceGrid in rows and columns. A touch reports the code of a choice."""

from pathlib import Path
from typing import Any, NamedTuple

from kivy.lang import Builder
from kivy.properties import ColorProperty, ListProperty, StringProperty
from kivy.uix.gridlayout import GridLayout

from assets.ui.style import style
from assets.ui.widgets.basic import Pill, SecondaryButton, Tappable, Tile


class Choice(NamedTuple):
    """One choice. Tests find its widget by `test_name`.

    `colour` and `note`, a line below the text, are used by the kinds that show one. `quiet`: it can be
    touched, and is not what the shop wants to be chosen.
    """

    code: Any
    text: str
    test_name: str
    icon: str = ""
    chosen: bool = False
    colour: tuple[float, ...] = ()
    ink: tuple[float, ...] = ()
    note: str = ""
    quiet: bool = False


class ChoiceGrid(GridLayout):
    """Shows `items`; a touch on one is `on_choose(code)`. Widgets are reused when the items change."""

    kind: type[Tappable] = SecondaryButton
    items = ListProperty()

    __events__ = ("on_choose",)

    def on_choose(self, code: Any) -> None:
        """A choice was touched."""

    def on_items(self, *_: Any) -> None:
        widgets = self.children[::-1]
        for widget in widgets[len(self.items) :]:
            self.remove_widget(widget)
        for _new in self.items[len(widgets) :]:
            widget = self.kind()
            widget.bind(on_release=self._touched)
            self.add_widget(widget)
        for widget, item in zip(self.children[::-1], self.items, strict=True):
            widget.code, widget.text, widget.test_name = item.code, item.text, item.test_name
            widget.chosen = item.chosen
            if item.icon:
                widget.icon = item.icon
            self.update_widget(widget, item)

    def update_widget(self, widget: Any, item: Choice) -> None:
        """Sets what only this kind of widget has."""

    def _touched(self, widget: Any) -> None:
        self.dispatch("on_choose", widget.code)


class NeedTiles(ChoiceGrid):
    kind = Tile

    def update_widget(self, widget: Any, item: Choice) -> None:
        widget.note, widget.quiet = item.note, item.quiet


class WordButton(SecondaryButton):
    """One word."""


class WordButtons(ChoiceGrid):
    kind = WordButton


class ChoiceRow(SecondaryButton):
    """A choice as wide as the page: icon, then text."""


class ChoiceRows(ChoiceGrid):
    kind = ChoiceRow

    def update_widget(self, widget: Any, item: Choice) -> None:
        widget.icon_ink = item.colour or style.main


class Face(ChoiceRow):
    """One answer to the rating question."""


class Faces(ChoiceRows):
    kind = Face


class LanguagePill(Pill):
    """A language. The present one is dark."""


class LanguagePills(ChoiceGrid):
    kind = LanguagePill


class Chip(Tappable):
    """A colour that a shopper may wear, with its name on it."""

    text = StringProperty("")
    colour = ColorProperty((1, 1, 1, 1))
    ink = ColorProperty((0, 0, 0, 1))


class Chips(ChoiceGrid):
    kind = Chip

    def update_widget(self, widget: Any, item: Choice) -> None:
        widget.colour, widget.ink = item.colour, item.ink


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
