"""The picture of the page Staffing: one strip of bars for each day, and the table with the same numbers.

The strips are drawn by the server as SVG, so that they need no script and print as they are shown.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from sync_server.domain.staffing.advice import Slot

from .staffing_texts import StaffingTexts

WIDTH = 10  # of a half-hour, in the units of the drawing
HEIGHT = 60  # of a strip
INSET = 1  # between the bars
WEEK = 7


class BarPart(Struct, frozen=True):
    """One part of a bar. `kind` is a class of the style: met, short, spare or needed."""

    kind: str
    x: float
    y: float
    width: float
    height: float


class Row(Struct, frozen=True):
    """One half-hour in the table."""

    time: str
    visits: float
    slot: Slot


class Strip(Struct, frozen=True):
    """One day. `said` is in words what its bars show."""

    day: date
    title: str
    said: str
    parts: list[BarPart]
    rows: list[Row]


class PictureWeek(Struct, frozen=True):
    """Seven days. `hours` are those below the strips, `most` is how many people the tallest bar is."""

    title: str
    days: list[Strip]
    hours: list[int]
    width: int
    most: int

    @property
    def has_rows(self) -> bool:
        return any(day.rows for day in self.days)


def picture_weeks(slots: Sequence[Slot], today: date, days: int, texts: StaffingTexts) -> list[PictureWeek]:
    """The weeks from `today` on. All strips have the same hours and the same scale."""
    if not slots:
        return []
    first = min(slot.slot for slot in slots) // 2 * 2
    end = (max(slot.slot for slot in slots) + 2) // 2 * 2
    most = max(max(slot.needed, slot.planned or 0) for slot in slots) or 1
    weeks = []
    for begin in range(0, days, WEEK):
        dates = [today + timedelta(days=begin + n) for n in range(WEEK)]
        strips = [_strip(day, [s for s in slots if s.day == day], first, most, texts) for day in dates]
        hours = [slot // 2 for slot in range(first, end, 2)]
        title = texts.week(dates[0], dates[-1])
        weeks.append(PictureWeek(title, strips, hours, (end - first) * WIDTH, most))
    return weeks


def _strip(day: date, slots: Iterable[Slot], first: int, most: int, texts: StaffingTexts) -> Strip:
    found = sorted(slots, key=lambda slot: slot.slot)
    parts = [part for slot in found for part in _bar(slot, (slot.slot - first) * WIDTH, HEIGHT / most)]
    rows = [Row(texts.half_hour(slot.slot), slot.visits, slot) for slot in found]
    return Strip(day, texts.day(day), texts.said_of_day(found), parts, rows)


def _bar(slot: Slot, x: float, unit: float) -> list[BarPart]:
    """From below: who is needed and there, who is missing, who is there beyond that."""
    if slot.planned is None:
        stack = [("needed", slot.needed)]
    else:
        stack = [("met", slot.needed - slot.short), ("short", slot.short), ("spare", slot.spare)]
    parts, below = [], 0
    for kind, people in stack:
        if people:
            top = HEIGHT - (below + people) * unit
            parts.append(BarPart(kind, x + INSET, round(top, 2), WIDTH - 2 * INSET, round(people * unit, 2)))
            below += people
    return parts
