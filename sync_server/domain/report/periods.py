"""Days, months and years as texts: `2026-03-01`, `2026-03`, `2026`. A report is made of whole ones."""

from collections.abc import Iterator
from datetime import date, timedelta

ONE = timedelta(days=1)
YEAR, MONTH, DAY = 4, 7, 10  # the lengths of the texts


def is_day(period: str) -> bool:
    """Whether the period is one day."""
    return len(period) == DAY


def begin_of(period: str) -> date:
    """The first day."""
    return date.fromisoformat(period + "-01-01"[len(period) - YEAR :])


def end_of(period: str) -> date:
    """The last day."""
    first = begin_of(period)
    if is_day(period):
        return first
    if len(period) == YEAR:
        return first.replace(month=12, day=31)
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - ONE


def parts_of(period: str) -> list[str]:
    """The days of a month, or the months of a year; none of a day."""
    if len(period) == YEAR:
        return [f"{period}-{month:02d}" for month in range(1, 13)]
    if len(period) == MONTH:
        return [f"{period}-{day:02d}" for day in range(1, end_of(period).day + 1)]
    return []


def periods_with(day: str) -> tuple[str, str, str]:
    """The day, its month and its year."""
    return day, day[:MONTH], day[:YEAR]


def cover(first: date, last: date) -> Iterator[str]:
    """The fewest whole periods that are all days from `first` to `last`, both included, in order."""
    day = first
    while day <= last:
        whole = [
            period
            for period in periods_with(day.isoformat())
            if begin_of(period) == day and end_of(period) <= last
        ]
        yield whole[-1]
        day = end_of(whole[-1]) + ONE
