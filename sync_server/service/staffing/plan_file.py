"""Reads the file of a shift plan: CSV, or an iCalendar as planning programs export it."""

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING

from sync_server.days import parse_day
from sync_server.domain.catalogue.opening_hours import parse_time
from sync_server.domain.staffing.shift_plan import PlanLine, PlanProblem
from sync_server.text_files import decode_table

if TYPE_CHECKING:
    from icalendar import Component as Event

MAX_SHIFTS = 5000
COLUMNS = {
    "who": ("employee", "name", "person", "medewerker", "naam", "työntekijä", "nimi"),
    "day": ("day", "date", "dag", "datum", "päivä", "pvm"),
    "from": ("from", "start", "van", "begin", "alkaa", "mistä"),
    "to": ("to", "end", "until", "tot", "eind", "loppuu", "mihin"),
}
_LOCAL_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")  # 7.3.2026, 7-3-2026, 7/3/2026


class FileProblem(StrEnum):
    """Why a file as a whole is no plan."""

    EMPTY = "empty"  # it has no shifts
    COLUMNS = "columns"  # the first line of a CSV does not name the four columns
    CALENDAR = "calendar"  # it begins like a calendar and cannot be read as one
    TOO_LONG = "too_long"  # more than MAX_SHIFTS shifts


class PlanFileError(Exception):
    """The file is no plan. `problem` says why."""

    def __init__(self, problem: FileProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def read_plan(content: bytes, zone: tzinfo) -> list[PlanLine]:
    """The shifts of a file. Times without a time zone are the store's. Raises PlanFileError."""
    text = decode_table(content)
    is_calendar = text.lstrip()[:15].upper() == "BEGIN:VCALENDAR"
    lines = []
    for line in _calendar(text, zone) if is_calendar else _csv(text, zone):
        lines.append(line)
        if len(lines) > MAX_SHIFTS:
            raise PlanFileError(FileProblem.TOO_LONG)
    if not lines:
        raise PlanFileError(FileProblem.EMPTY)
    return lines


def _csv(text: str, zone: tzinfo) -> Iterator[PlanLine]:
    lines = text.splitlines()
    if not any(line.strip() for line in lines):
        return
    separator = max(",;\t", key=lines[0].count)
    reader = csv.reader(lines, delimiter=separator)
    try:
        places = _places([cell.strip().casefold() for cell in next(reader)])
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found = {c: cells[at].strip() if at < len(cells) else "" for c, at in places.items()}
                yield PlanLine(reader.line_num, found["who"], *_times(found, zone))
    except csv.Error:
        raise PlanFileError(FileProblem.COLUMNS) from None


def _places(header: list[str]) -> dict[str, int]:
    """At which place each column is. Raises PlanFileError if one is missing."""
    places = {}
    for column, names in COLUMNS.items():
        at = next((header.index(name) for name in names if name in header), None)
        if at is None:
            raise PlanFileError(FileProblem.COLUMNS)
        places[column] = at
    return places


def _times(cells: dict[str, str], zone: tzinfo) -> tuple[int | None, int | None]:
    """From and to, ms UTC. A shift that does not end later than it begins ends on the next day."""
    try:
        day = _day(cells["day"])
        first, end = parse_time(cells["from"]), parse_time(cells["to"])
        last = day + timedelta(days=1) if end <= first else day
        return _ms(datetime.combine(day, first, zone)), _ms(datetime.combine(last, end, zone))
    except (ValueError, OverflowError):
        return None, None


def _day(text: str) -> date:
    if found := _LOCAL_DAY.fullmatch(text):
        return date(int(found[3]), int(found[2]), int(found[1]))
    return parse_day(text)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _calendar(text: str, zone: tzinfo) -> Iterator[PlanLine]:
    from icalendar import Calendar  # takes 0.1 s to import, and few need it

    try:
        events = Calendar.from_ical(text).walk("VEVENT")
    except Exception:  # a damaged calendar makes the library raise errors of many kinds, also of files
        raise PlanFileError(FileProblem.CALENDAR) from None
    for number, event in enumerate(events, start=1):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        who = str(event.get("SUMMARY", "")).strip()
        if "RRULE" in event or "RDATE" in event:
            yield PlanLine(number, who, None, None, PlanProblem.REPEATS)
            continue
        starts_at, ends_at = (_of_event(_value(event, name), zone) for name in ("DTSTART", "DTEND"))
        length = _value(event, "DURATION")
        if ends_at is None and starts_at is not None and isinstance(length, timedelta):
            ends_at = starts_at + int(length.total_seconds() * 1000)
        yield PlanLine(number, who, starts_at, ends_at)


def _value(event: "Event", name: str) -> object:
    """A time or a duration of an event. None if it has none, two, or one that cannot be read."""
    try:
        return getattr(event.get(name), "dt", None)
    except Exception:  # of a value that cannot be read the library raises errors of many kinds
        return None


def _of_event(at: object, zone: tzinfo) -> int | None:
    """The instant of a time. None for a day without a time, and for none."""
    if not isinstance(at, datetime):
        return None
    try:
        return _ms(at if at.tzinfo else at.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None
