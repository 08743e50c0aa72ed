"""Large choices in a grid, on several pages if there are many."""

from math import ceil
from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import ListProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.widgets.basic import Tappable

from .headline import Headline as Headline


class ChoiceTile(Tappable):
    """One choice: an icon or an initial in a colour, a text and a subtitle."""

    code = StringProperty("")
    text = StringProperty("")
    icon = StringProperty("")
    subtitle = StringProperty("")
    colour = StringProperty("")


class ChoiceTiles(BoxLayout):
    """Shows `choices` as tiles; their test names are `<prefix>-<code>`. A touch is `on_choose(code)`.

    A page has at most `max_tiles`. `fixed_columns` is the number of columns; 0 chooses it by the number of
    tiles. No tile is higher than `max_height`, in units.
    """

    choices = ObjectProperty(())
    prefix = StringProperty("")
    max_tiles = NumericProperty(9)
    max_height = NumericProperty(190)
    fixed_columns = NumericProperty(0)
    page = NumericProperty(0)
    pages = NumericProperty(1)
    columns = NumericProperty(3)
    rows = NumericProperty(1)
    shown = ListProperty()

    __events__ = ("on_choose",)

    def on_choices(self, *_: Any) -> None:
        self.pages = max(1, ceil(len(self.choices) / self.max_tiles))
        self.page = min(self.page, self.pages - 1)
        self._fill()

    def turn(self, by: int) -> None:
        """Shows the next page (`by` 1) or the previous one (-1); the first page follows the last."""
        self.page = (self.page + by) % self.pages
        self._fill()

    def on_choose(self, code: str) -> None:
        """A tile was touched."""

    def _fill(self) -> None:
        first = int(self.page * self.max_tiles)
        shown = list(self.choices[first : first + int(self.max_tiles)])
        grid = self.ids.grid
        if [choice.code for choice in shown] != self.shown:
            self.shown = [choice.code for choice in shown]
            self.columns = self.fixed_columns or _columns(
                len(self.choices) if self.pages == 1 else int(self.max_tiles)
            )
            self.rows = ceil((len(shown) if self.pages == 1 else self.max_tiles) / self.columns)
            grid.clear_widgets()
            for choice in shown:
                grid.add_widget(self._tile(choice))
        for tile, choice in zip(reversed(grid.children), shown, strict=True):
            tile.text, tile.subtitle = choice.text, choice.subtitle

    def _tile(self, choice: Any) -> ChoiceTile:
        tile = ChoiceTile(
            code=choice.code, icon=choice.icon, colour=choice.colour, test_name=f"{self.prefix}-{choice.code}"
        )
        tile.bind(on_release=lambda touched: self.dispatch("on_choose", touched.code))
        return tile


def _columns(count: int) -> int:
    """The number of columns for this many tiles."""
    return {1: 1, 2: 2, 4: 2}.get(count, 3 if count <= 9 else 4)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
