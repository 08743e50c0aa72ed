"""A list that scrolls. It shows that there is more, and ends between two rows, never in the middle of one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.scrollview import ScrollView

from assets.ui.style import style
from assets.ui.widgets.basic import Icon

from .pill_flow import PillFlow

MORE_UNITS = 26  # the height of the arrow below a list that goes on


class Scroller(ScrollView):
    """The part that scrolls."""


class More(Icon):
    """An arrow: the list goes on below, or, at its end, above."""

    at_end = BooleanProperty(False)


class RowList(BoxLayout):
    """Has one child, a column whose height is that of its rows. `overflow`: the column does not fit."""

    overflow = BooleanProperty(False)
    scroll_y = NumericProperty(1.0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(orientation="vertical", **kwargs)
        self._scroller, self._more = Scroller(size_hint_y=None), More()
        self._scroller.bind(scroll_y=self._scrolled)
        super().add_widget(self._scroller)
        super().add_widget(self._more)
        self.bind(size=self._fit)

    def add_widget(self, widget: Any, *args: Any, **kwargs: Any) -> None:
        """The column goes into the part that scrolls."""
        self._scroller.add_widget(widget, *args, **kwargs)
        for name in ("height", "children", "pos"):
            widget.fbind(name, self._fit)

    def _fit(self, *_: Any) -> None:
        """Gives the scroller as much height as whole rows need."""
        if not self._scroller.children:
            return
        [column] = self._scroller.children
        self.overflow = column.height > self.height + 1
        free = self.height - MORE_UNITS * style.unit
        whole = max((end for end in _ends(column) if end <= free), default=free)
        height = max(1, whole + 2 * style.unit if self.overflow else self.height)
        if abs(height - self._scroller.height) > 1:
            self._scroller.height = height
        self._more.height = max(0, self.height - height) if self.overflow else 0
        self._more.opacity = 1 if self.overflow else 0

    def _scrolled(self, *_: Any) -> None:
        self._more.at_end = self._scroller.scroll_y <= 0.01


def _ends(column: Any) -> Iterator[float]:
    """How far below the column's top its rows end, also those of a flow in it. Not yet placed rows count."""
    if isinstance(column, PillFlow):
        yield from (column.top - pill.y for pill in column.children)
        return
    end = column.padding[1]
    for child in reversed(column.children):
        if isinstance(child, PillFlow):
            yield from (end + child.top - pill.y for pill in child.children)
        end += child.height
        yield end
        end += column.spacing


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
