"""When a store is open: its week, its exceptions by date, and the instants that follow from them.

Every day has one closing time, at which visits still in line end and everybody is signed off; a day
on which the store stays shut has it at `closes`. Instants are ms UTC; local times that a change of
the clocks skips or repeats are taken as Python's zoneinfo takes them, and each happens once.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = "closed"
_SPAN = re.compile(r"^(\d{2}:\d{2})\s*[-–]\s*(\d{2}:\d{2})$")
_MIDNIGHT = "24:00"
LOOK_AHEAD_DAYS = 60  # a store that stays shut for longer does not say when it opens again

Span = tuple[time, time]  # opens, closes; a closing time not after the opening is the next day's


def parse_span(text: str) -> Span | None:
    """`09:00-18:00` as two local times, `closed` as None. Raises ValueError for anything else."""
    if text.strip() == CLOSED:
        return None
    match = _SPAN.match(text.strip())
    if match is None:
        raise ValueError(text)
    closes = "00:00" if match[2] == _MIDNIGHT else match[2]
    return time.fromisoformat(match[1]), time.fromisoformat(closes)


class Hours:
    """A store's opening hours. Raises ValueError where a text is no such time.

    Without `week` and `dates` the store is taken for open whenever somebody is in it.
    """

    def __init__(
        self, zone: ZoneInfo, closes: str, week: Mapping[str, str], dates: Mapping[str, str]
    ) -> None:
        self._zone = zone
        self._closes = time.fromisoformat(closes)
        self._week = {WEEKDAYS.index(day): parse_span(text) for day, text in week.items()}
        self._dates = {date.fromisoformat(day): parse_span(text) for day, text in dates.items()}
        self.known = bool(self._week or self._dates)
        # Nearly always what is asked for is as it was last time.
        self._between = (0, 0)  # two closing times with none between them
        self._today = (0, 0, date.min)  # a day, and when it begins and is over

    def last_closing(self, at: int) -> int:
        """The latest closing time that is not after `at`."""
        return self._closings(at)[0]

    def next_closing(self, at: int) -> int:
        """The earliest closing time after `at`."""
        return self._closings(at)[1]

    def is_open(self, at: int) -> bool:
        """Whether shoppers are welcome at `at`."""
        if not self.known:
            return True
        today = self.day(at)
        return any(
            opening is not None and opening <= at < self._closing(day)
            for day in (today - timedelta(days=1), today)
            for opening in [self._opening(day)]
        )

    def next_opening(self, at: int) -> int | None:
        """When the store next opens after `at`; None where that is not known."""
        if not self.known:
            return None
        today = self.day(at)
        openings = (self._opening(today + timedelta(days=n)) for n in range(LOOK_AHEAD_DAYS))
        return next((opening for opening in openings if opening is not None and opening > at), None)

    def day(self, at: int) -> date:
        """The local date at `at`."""
        begins, over, day = self._today
        if not begins <= at < over:
            day = datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone).date()
            begins, over = (self._instant(day + timedelta(days=n), time()) for n in (0, 1))
            self._today = begins, over, day
        return day

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
        if span is None:
            return self._instant(day, self._closes)
        opens, closes = span
        return self._instant(day + timedelta(days=1) if closes <= opens else day, closes)

    def _closings(self, at: int) -> tuple[int, int]:
        """The closing times before and after `at`."""
        last, following = self._between
        if not last <= at < following:
            today = self.day(at)
            closings = [self._closing(today + timedelta(days=n)) for n in range(-2, 3)]
            last, following = max(c for c in closings if c <= at), min(c for c in closings if c > at)
            self._between = last, following
        return last, following

    def _instant(self, day: date, local: time) -> int:
        # As an instant: two local times compared with each other ignore which of the two 02:30s is meant.
        return int(datetime.combine(day, local, self._zone).timestamp() * 1000)
