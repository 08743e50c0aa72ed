"""Large choices in a grid, a calm number at a time."""

from math import ceil
from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import ListProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.touch import Tap

from .headline import Headline as Headline


class ChoiceTile(Tap):
    """One choice: an icon or an initial in a colour, a text, and a quieter line."""

    code = StringProperty("")
    text = StringProperty("")
    icon = StringProperty("")
    under = StringProperty("")
    colour = StringProperty("")


class Tiles(BoxLayout):
    """`choices` as tiles named `<prefix>-<code>`, at most `most` a page; a touch is `on_choose(code)`.

    `across` sets the number of columns; with 0 it is the calmest for so many. No tile is higher than
    `tallest`, in units.
    """

    choices = ObjectProperty(())
    prefix = StringProperty("")
    most = NumericProperty(9)
    tallest = NumericProperty(190)
    across = NumericProperty(0)
    page = NumericProperty(0)
    pages = NumericProperty(1)
    columns = NumericProperty(3)
    rows = NumericProperty(1)
    shown = ListProperty()

    __events__ = ("on_choose",)

    def on_choices(self, *_: Any) -> None:
        self.pages = max(1, ceil(len(self.choices) / self.most))
        self.page = min(self.page, self.pages - 1)
        self._fill()

    def turn(self, by: int) -> None:
        """Turns the page; from the last to the first again."""
        self.page = (self.page + by) % self.pages
        self._fill()

    def on_choose(self, code: str) -> None:
        """A tile was touched."""

    def _fill(self) -> None:
        first = int(self.page * self.most)
        shown = list(self.choices[first : first + int(self.most)])
        grid = self.ids.grid
        if [choice.code for choice in shown] != self.shown:
            self.shown = [choice.code for choice in shown]
            self.columns = self.across or _columns(len(self.choices) if self.pages == 1 else int(self.most))
            self.rows = ceil((len(shown) if self.pages == 1 else self.most) / self.columns)
            grid.clear_widgets()
            for choice in shown:
                grid.add_widget(self._tile(choice))
        for tile, choice in zip(reversed(grid.children), shown, strict=True):
            tile.text, tile.under = choice.text, choice.under

    def _tile(self, choice: Any) -> ChoiceTile:
        tile = ChoiceTile(
            code=choice.code, icon=choice.icon, colour=choice.colour, test_name=f"{self.prefix}-{choice.code}"
        )
        tile.bind(on_release=lambda touched: self.dispatch("on_choose", touched.code))
        return tile


def _columns(count: int) -> int:
    """How many columns make the calmest grid of so many tiles."""
    return {1: 1, 2: 2, 4: 2}.get(count, 3 if count <= 9 else 4)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
