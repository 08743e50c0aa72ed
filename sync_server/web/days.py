"""Which days a page is about, from its address: one day, or the week it lies in."""

from datetime import date, timedelta

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request

WEEK = "week"
BEFORE = 4  # so many of the same weekday, or weeks, are what a figure is compared with


class Days(Struct, frozen=True):
    """`length` days from `first` on: 1, or the 7 of a week from Monday. `today` is the store's."""

    first: date
    length: int
    today: date

    @property
    def last(self) -> date:
        return self.first + timedelta(self.length - 1)

    @property
    def is_week(self) -> bool:
        return self.length > 1

    @property
    def running(self) -> bool:
        """Whether they are not over yet."""
        return self.first <= self.today <= self.last

    @property
    def each(self) -> list[str]:
        return [(self.first + timedelta(at)).isoformat() for at in range(self.length)]

    @property
    def before(self) -> list[str]:
        """The days to compare with: the same weekday in the four weeks before, or those weeks whole."""
        weeks = range(1, BEFORE + 1)
        return [
            (self.first + timedelta(at) - timedelta(weeks=week)).isoformat()
            for week in weeks
            for at in range(self.length)
        ]

    def moved(self, by: int) -> date:
        """The day that the page `by` steps away begins with."""
        return self.first + timedelta(self.length * by)


def chosen(request: Request, today: str) -> Days:
    """`?day=2026-11-21&span=week`; without them today. Raises 400 for a day that is none."""
    text = request.query_params.get("day") or today
    day = a_day(text)
    if request.query_params.get("span") != WEEK:
        return Days(day, 1, date.fromisoformat(today))
    return Days(day - timedelta(day.weekday()), 7, date.fromisoformat(today))


def a_day(text: str) -> date:
    """Raises 400, with what was written, for a day that is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise HTTPException(400, text[:40]) from None
    # Four weeks before and a week after must be days as well.
    if not 1900 <= day.year <= 9000:
        raise HTTPException(400, text[:40])
    return day
