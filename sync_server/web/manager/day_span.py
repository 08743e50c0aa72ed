"""Reads from a page's address which days it is about: one day, or a week."""

from datetime import date, timedelta

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request

from sync_server.days import parse_day

WEEK = "week"
COMPARED_WEEKS = 4  # figures are compared with the same weekday, or the whole weeks, of so many weeks before
MAX_ECHOED = 40  # characters of a wrong date that the error page repeats


class InvalidAddress(HTTPException):
    """A wrong value in a page's address. `text_key` names the sentence that says so; it repeats the value."""

    def __init__(self, text_key: str, value: str) -> None:
        super().__init__(400, value[:MAX_ECHOED])
        self.text_key = text_key


class DaySpan(Struct, frozen=True):
    """`length` days from `first` on: 1, or the 7 of a week from Monday. `today` is the store's date."""

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
    def includes_today(self) -> bool:
        return self.first <= self.today <= self.last

    @property
    def dates(self) -> list[str]:
        """Each of the days, in ISO form."""
        return [(self.first + timedelta(at)).isoformat() for at in range(self.length)]

    @property
    def dates_to_compare(self) -> list[str]:
        """The same weekday of the four weeks before; for a week, those weeks whole."""
        return [
            (self.first + timedelta(at) - timedelta(weeks=week)).isoformat()
            for week in range(1, COMPARED_WEEKS + 1)
            for at in range(self.length)
        ]

    def first_of_neighbour(self, steps: int) -> date:
        """The first day of the span `steps` spans later; negative: earlier."""
        return self.first + timedelta(self.length * steps)


def requested_span(request: Request, today: str) -> DaySpan:
    """The span of `?day=2026-11-21&span=week`; without them today. Raises 400 for a wrong date."""
    day = parse_date(request.query_params.get("day") or today)
    if request.query_params.get("span") != WEEK:
        return DaySpan(day, 1, date.fromisoformat(today))
    return DaySpan(day - timedelta(day.weekday()), 7, date.fromisoformat(today))


def parse_date(text: str) -> date:
    """A date in ISO form. Raises 400, with the text as its detail, for anything else."""
    try:
        return parse_day(text)
    except ValueError:
        raise HTTPException(400, text[:MAX_ECHOED]) from None
