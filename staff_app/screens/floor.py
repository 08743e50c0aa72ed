"""The floor: who waits, who is here, and a quick resolution always in reach."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from staff_app.widgets.line_row import LineRow
from staff_app.widgets.page import Page
from staff_app.widgets.person_row import PersonRow


class FloorScreen(Page):
    """Rows stay the same widgets for as long as their visit is in line: nothing moves under a finger."""

    title = StringProperty("")
    as_of = StringProperty("")
    rows = ObjectProperty(())
    people = ObjectProperty(())
    empty = BooleanProperty(True)

    __events__ = ("on_take", "on_resume", "on_open", "on_take_break")

    def __init__(self, **kwargs: Any) -> None:
        self._rows: dict[str, LineRow] = {}
        self._people: dict[str, PersonRow] = {}
        super().__init__(**kwargs)

    def on_rows(self, *_: Any) -> None:
        shown = {}
        for told in self.rows:
            row = self._rows.get(told.visit_id) or self._row()
            row.show(told)
            row.first = told is next((r for r in self.rows if not r.held), None)
            shown[told.visit_id] = row
        if _replace(self.ids.rows, self._rows, shown):
            self.dispatch("on_moved")
        self._rows = shown
        self.empty = not shown

    def on_people(self, *_: Any) -> None:
        shown = {}
        for told in self.people:
            shown[told.person] = self._people.get(told.person) or PersonRow()
            shown[told.person].show(told)
        _replace(self.ids.people, self._people, shown)
        self._people = shown

    def _row(self) -> LineRow:
        row = LineRow()
        row.bind(on_take=lambda touched: self._touched(touched))
        return row

    def _touched(self, row: LineRow) -> None:
        self.dispatch("on_resume" if row.held else "on_take", row.visit_id)


def _replace(box: Any, before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Puts the rows `now` into the box, in order; leaves it alone where nothing came, went or moved.

    Whether a row that was there has gone or moved; one that only came last moves no other.
    """
    if list(before) == list(now):
        return False
    box.clear_widgets()
    for row in now.values():
        box.add_widget(row)
    return list(before) != list(now)[: len(before)]


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
