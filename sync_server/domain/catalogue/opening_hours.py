"""A store's opening hours: by weekday, with exceptions by date, as instants in ms UTC.

Every day has one closing time, at which visits still in line expire and everybody is signed off. A day on
which the store stays closed has it at `closes`. A local time that daylight saving skips or repeats is
converted as Python's zoneinfo does it, so it happens once.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = "closed"
_TIME = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})")  # some countries write 21.30
_DASH = re.compile(r"\s*[-–—]\s*")
_MIDNIGHT = "24:00"
LOOK_AHEAD_DAYS = 60  # a store that stays closed for longer does not show when it opens again

Span = tuple[
    time, time
]  # opens, closes; a closing time that is not later than the opening belongs to the next day


def parse_time(text: str) -> time:
    """A time of day: `21:30`, `9:00`, `21.30`, or `24:00`, which is 00:00. Raises ValueError."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hour, minute = int(match[1]), int(match[2])
    return time(0 if (hour, minute) == (24, 0) else hour, minute)


def parse_span(text: str) -> Span | None:
    """`09:00-18:00` as two local times, `closed` as None. Raises ValueError for anything else."""
    if text.strip().lower() == CLOSED:
        return None
    opens, *closes = _DASH.split(text.strip())
    if len(closes) != 1 or opens.startswith("24"):
        raise ValueError(text)
    return parse_time(opens), parse_time(closes[0])


def span_text(span: Span | None) -> str:
    """The form in which devices get hours: `09:00-18:00`, `18:00-24:00` or `closed`."""
    if span is None:
        return CLOSED
    opens, closes = span
    return f"{opens:%H:%M}-{_MIDNIGHT if closes == time() else f'{closes:%H:%M}'}"


def _parse_closes(text: str) -> time:
    try:
        return parse_time(text)
    except ValueError:
        return time.fromisoformat(text)  # an older server sends other forms too


class OpeningHours:
    """A store's opening hours. Raises ValueError if a text is not such a time.

    Without `week` and `dates` the hours are not `known`, and the store counts as always open.
    """

    def __init__(
        self, zone: ZoneInfo, closes: str, week: Mapping[str, str], dates: Mapping[str, str]
    ) -> None:
        self._zone = zone
        self._closes = _parse_closes(closes)
        self._week = {WEEKDAYS.index(day): parse_span(text) for day, text in week.items()}
        self._dates = {date.fromisoformat(day): parse_span(text) for day, text in dates.items()}
        self.known = bool(self._week or self._dates)
        # Caches: nearly every question is about the same day as the one before.
        self._between = (0, 0)  # two consecutive closing times
        self._today = (0, 0, date.min, "")  # when a day begins, when it ends, and its date, twice

    def last_closing(self, at: int) -> int:
        """The latest closing time that is not after `at`."""
        return self._closings(at)[0]

    def next_closing(self, at: int) -> int:
        """The earliest closing time after `at`."""
        return self._closings(at)[1]

    def is_open(self, at: int) -> bool:
        """Whether the store is open at `at`."""
        if not self.known:
            return True
        today = self.day(at)
        return any(
            opening is not None and opening <= at < self._closing(day)
            for day in (today - timedelta(days=1), today)
            for opening in [self._opening(day)]
        )

    def next_opening(self, at: int) -> int | None:
        """When the store next opens after `at`; None if that is not known."""
        if not self.known:
            return None
        today = self.day(at)
        openings = (self._opening(today + timedelta(days=n)) for n in range(LOOK_AHEAD_DAYS))
        return next((opening for opening in openings if opening is not None and opening > at), None)

    def day(self, at: int) -> date:
        """The local date at `at`."""
        return self._day(at)[2]

    def day_text(self, at: int) -> str:
        """The local date at `at` as `YYYY-MM-DD`."""
        return self._day(at)[3]

    def _day(self, at: int) -> tuple[int, int, date, str]:
        """When the day of `at` begins and ends, and its date, as a date and as text."""
        if not self._today[0] <= at < self._today[1]:
            day = datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone).date()
            begins, ends = (self._instant(day + timedelta(days=n), time()) for n in (0, 1))
            self._today = begins, ends, day, day.isoformat()
        return self._today

    def _span(self, day: date) -> Span | None:
        if day in self._dates:
            return self._dates[day]
        if self._week:
            return self._week.get(day.weekday())
        return time(), self._closes  # only exceptions are given

    def _opening(self, day: date) -> int | None:
        span = self._span(day)
        return None if span is None else self._instant(day, span[0])

    def _closing(self, day: date) -> int:
        span = self._span(day) if self.known else None
        opens, closes = span or (time(), self._closes)  # midnight is the end of the day
        return self._instant(day + timedelta(days=1) if closes <= opens else day, closes)

    def _closings(self, at: int) -> tuple[int, int]:
        """The closing times not after `at`, and after it."""
        last, following = self._between
        if not last <= at < following:
            today = self.day(at)
            closings = [self._closing(today + timedelta(days=n)) for n in range(-2, 3)]
            last, following = max(c for c in closings if c <= at), min(c for c in closings if c > at)
            self._between = last, following
        return last, following

    def _instant(self, day: date, local: time) -> int:
        # Instants can be compared; two local times cannot: 02:30 happens twice when the clocks go back.
        return int(datetime.combine(day, local, self._zone).timestamp() * 1000)
