"""The floor: the line, the employees who are here, and the button for a quick resolution."""

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from staff_app.widgets.line_row import LineRow
from staff_app.widgets.page import Page
from staff_app.widgets.person_row import PersonItem


class FloorScreen(Page):
    """Each visit in line keeps its own widget, so that no button moves or changes under a finger."""

    title = StringProperty("")
    as_of = StringProperty("")
    rows = ObjectProperty(())
    people = ObjectProperty(())
    empty = BooleanProperty(True)

    __events__ = ("on_claim", "on_resume", "on_open_page", "on_take_break")

    def __init__(self, **kwargs: Any) -> None:
        self._rows: dict[str, LineRow] = {}
        self._people: dict[str, PersonItem] = {}
        super().__init__(**kwargs)

    def on_rows(self, *_: Any) -> None:
        shown = {}
        first = next((text for text in self.rows if not text.held), None)
        for text in self.rows:
            row = self._rows.get(text.visit_id) or self._new_row()
            row.show(text)
            row.first = text is first
            shown[text.visit_id] = row
        if _replace(self.ids.rows, self._rows, shown):
            self.dispatch("on_moved")
        self._rows = shown
        self.empty = not shown

    def on_people(self, *_: Any) -> None:
        shown = {}
        for text in self.people:
            shown[text.person] = self._people.get(text.person) or PersonItem()
            shown[text.person].show(text)
        _replace(self.ids.people, self._people, shown)
        self._people = shown

    def _new_row(self) -> LineRow:
        row = LineRow()
        row.bind(on_touched=lambda touched: self._row_touched(touched))
        return row

    def _row_touched(self, row: LineRow) -> None:
        self.dispatch("on_resume" if row.held else "on_claim", row.visit_id)


def _replace(box: Any, before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Puts the rows `now` into the box, if they are not the same rows in the same order.

    Returns whether a row that was there has gone or moved. A new row at the end moves no other.
    """
    if list(before) == list(now):
        return False
    box.clear_widgets()
    for row in now.values():
        box.add_widget(row)
    return list(before) != list(now)[: len(before)]


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
