"""Which days a report is about: a day, a week, a month, a year, or from one day to another."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct
from starlette.requests import Request

from sync_server.days import YEARS
from sync_server.web.manager.day_span import InvalidAddress, parse_date

WEEK_DAYS = 7
COMPARED_WEEKS = 4  # figures are compared with the same weekdays of so many weeks before


class Span(StrEnum):
    """How a period is chosen."""

    DAY = "day"
    WEEK = "week"  # from Monday
    MONTH = "month"
    YEAR = "year"
    RANGE = "range"  # from one day to another, both included


class Period(Struct, frozen=True):
    """From `first` to `last`, both included. `today` is the store's date."""

    kind: Span
    first: date
    last: date
    today: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def includes_today(self) -> bool:
        return self.first <= self.today <= self.last

    @property
    def is_to_come(self) -> bool:
        return self.first > self.today

    @property
    def days_to_compare(self) -> list[date]:
        """The same weekdays of the four weeks before; of a week or more those weeks whole."""
        weekdays = range(min(self.days, WEEK_DAYS))
        return [
            self.first + timedelta(days=at - WEEK_DAYS * week)
            for week in range(1, COMPARED_WEEKS + 1)
            for at in weekdays
        ]

    @property
    def address(self) -> Mapping[str, str]:
        """The parameters of the page's address that ask for this period."""
        if self.kind is Span.RANGE:
            return {"from": str(self.first), "to": str(self.last)}
        return {"span": self.kind.value, "day": str(self.first)}

    def neighbour(self, steps: int) -> "Period | None":
        """The period that ends before this one, or begins after it; None outside the years there are."""
        beside = self.first - timedelta(days=1) if steps < 0 else self.last + timedelta(days=1)
        if self.kind is not Span.RANGE:
            found = period_of(self.kind, beside, self.today)
        else:
            other = beside + timedelta(days=(self.days - 1) * (1 if steps > 0 else -1))
            found = Period(self.kind, min(beside, other), max(beside, other), self.today)
        inside = YEARS[0] <= found.first.year and found.last.year <= YEARS[1]
        return found if inside else None

    def around(self, kind: Span) -> "Period":
        """The period of another kind that the end of this one is in; today, if this one is not over."""
        day = self.today if self.includes_today else self.last
        return period_of(kind, day, self.today)


def period_of(kind: Span, day: date, today: date) -> Period:
    """The day, the week, the month or the year that `day` is in."""
    if kind is Span.WEEK:
        first = day - timedelta(days=day.weekday())
        return Period(kind, first, first + timedelta(days=WEEK_DAYS - 1), today)
    if kind is Span.MONTH:
        last = day.replace(day=monthrange(day.year, day.month)[1])
        return Period(kind, day.replace(day=1), last, today)
    if kind is Span.YEAR:
        return Period(kind, date(day.year, 1, 1), date(day.year, 12, 31), today)
    return Period(Span.DAY, day, day, today)


def requested_period(request: Request, today: str) -> Period:
    """The period of `?span=month&day=2026-11-21`, or of `?from=2026-11-01&to=2026-11-21`.

    Of one day alone that day, and two days the wrong way round are put in order. Without any: the week that
    yesterday was in. Raises InvalidAddress and 400 for a period or a date that is none.
    """
    asked, now = request.query_params, date.fromisoformat(today)
    if asked.get("from") or asked.get("to"):
        days = [parse_date(text) for name in ("from", "to") if (text := asked.get(name))]
        return Period(Span.RANGE, min(days), max(days), now)
    span = asked.get("span") or Span.WEEK.value
    if span not in set(Span) - {Span.RANGE}:
        raise InvalidAddress("manager.error.span", span)
    day = asked.get("day")
    return period_of(Span(span), parse_date(day) if day else now - timedelta(days=1), now)
