"""What makes one day of a year unlike the next: weekday, season, holidays, who is away, and a bad week."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.catalogue.opening_hours import CLOSED
from sync_server.simulation.behaviour import ARRIVALS, CLOSES, OPENS, frequency, needs_met_by

# Shoppers as a multiple of an ordinary day's: from Monday on, and from January on.
WEEKDAYS = (0.90, 0.85, 0.95, 1.00, 1.10, 1.25, 0.70)
MONTHS = (0.95, 0.85, 0.90, 0.95, 1.00, 0.95, 0.85, 0.90, 1.00, 1.00, 1.15, 1.35)
BEFORE_HOLIDAY = 1.35  # the day before the shop stays closed
GROWTH = 0.10  # over a year
SCATTER = 0.08  # the standard deviation of the logarithm: one Tuesday is not like another
BAD_WEEK = 1.15
SATURDAY, SUNDAY = 5, 6
LEAVE_WEEKS = 2  # of each employee, in summer
ILL_SHARE = 0.01  # of the days on which an employee falls ill
ILL_DAYS = (1, 2, 3, 5)

# The hours of a store that the year is made for. Its holidays follow from the years that the days are in.
HOURS = {**dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-19:00"), "sat": "09:00-18:00"}
HOURS |= {"sun": "12:00-17:00"}
HOLIDAYS = {(1, 1): CLOSED, (12, 24): "09:00-17:00", (12, 25): CLOSED, (12, 26): CLOSED}
HOLIDAYS |= {(12, 31): "09:00-17:00"}


class DayShape(NamedTuple):
    """One day: shoppers as a multiple of an ordinary day's, and the employees who do not work."""

    rush: float = 1.0
    away: frozenset[str] = frozenset()


def holidays(first: date, days: int) -> dict[date, str]:
    """The holidays among these days, with their hours as `store.toml` has them."""
    found = (first + timedelta(days=n) for n in range(days))
    return {day: HOLIDAYS[day.month, day.day] for day in found if (day.month, day.day) in HOLIDAYS}


def year(catalogue: Catalogue, first: date, days: int, seed: int) -> dict[date, DayShape]:
    """The shape of each of these days, one ordinary day on average. The store's own hours and dates count.

    Everybody has two days off a week, leave in summer, and falls ill now and then. Of those who know the
    skill that is asked for most, two work on Saturdays. In one week, about two thirds through, two
    more people are away and more shoppers come.
    """
    chance = Random(seed)
    employees = [employee.id for employee in catalogue.employees]
    thin = _scarce(catalogue)
    bad = first + timedelta(days=days * 2 // 3)
    bad -= timedelta(days=bad.weekday())
    missing = frozenset(chance.sample(employees, min(2, len(employees) // 2)))
    ill: dict[str, date] = {}  # until when
    found = {}
    for day in (first + timedelta(days=n) for n in range(days)):
        in_bad_week = days > 28 and bad <= day < bad + timedelta(days=7)
        away = {who for n, who in enumerate(employees) if _is_off(n, day)}
        if day.weekday() == SATURDAY:
            away = set(thin[2:])
        for who in employees:
            if chance.random() < ILL_SHARE:
                ill[who] = day + timedelta(days=chance.choice(ILL_DAYS))
        away |= {who for who, until in ill.items() if day < until}
        if in_bad_week:
            away |= missing
        rush = WEEKDAYS[day.weekday()] * MONTHS[day.month - 1] * chance.lognormvariate(0, SCATTER)
        rush *= 1 + GROWTH * (day - first).days / 365
        rush *= BAD_WEEK if in_bad_week else 1
        rush *= BEFORE_HOLIDAY if _is_closed(catalogue, day + timedelta(days=1)) else 1
        found[day] = DayShape(rush, frozenset(away) if len(away) < len(employees) else frozenset())
    return _scaled(catalogue, found)


def _scarce(catalogue: Catalogue) -> list[str]:
    """Those who know the skill that is asked for most, for each who knows it; none where nobody is asked."""
    needs = needs_met_by(catalogue, [employee.id for employee in catalogue.employees])
    asked: Counter[str] = Counter()
    for place, need in enumerate(needs):
        for skill in need.skills:
            asked[skill] += round(1000 * frequency(place))
    able = {skill: [e.id for e in catalogue.employees if skill in e.skills] for skill in asked}
    return able[max(able, key=lambda skill: asked[skill] / len(able[skill]))] if able else []


def _is_off(number: int, day: date) -> bool:
    """Whether an employee has the day off, or is on leave. `number` is their place in the settings."""
    leave_begins = date(day.year, 7, 1) + timedelta(weeks=LEAVE_WEEKS * (number % 4))
    on_leave = leave_begins <= day < leave_begins + timedelta(weeks=LEAVE_WEEKS)
    sundays = (day.toordinal() // 7 + number) % 3 == 0
    return on_leave or day.weekday() == number % 5 or (day.weekday() == SUNDAY and sundays)


def at_hour(catalogue: Catalogue, day: date, hour: int) -> int:
    """A local hour of a day, ms UTC."""
    local = datetime.combine(day, time(hour), ZoneInfo(catalogue.store.timezone))
    return int(local.timestamp() * 1000)


def shopping_hours(catalogue: Catalogue, day: date) -> tuple[int, int] | None:
    """From when to when people come on a day, ms UTC; None where the store stays closed.

    It is OPENS to CLOSES, as far as the store is open then.
    """
    begins, ends = at_hour(catalogue, day, OPENS), at_hour(catalogue, day, CLOSES)
    if catalogue.hours.known:
        opening = catalogue.hours.next_opening(at_hour(catalogue, day, 0) - 1)
        if opening is None or opening >= ends:
            return None
        begins = max(begins, opening)
    ends = min(ends, catalogue.hours.next_closing(begins))
    return (begins, ends) if ends > begins else None


def _is_closed(catalogue: Catalogue, day: date) -> bool:
    """Whether the store stays closed on a day by exception."""
    return catalogue.store.dates.get(day.isoformat()) == CLOSED


def _scaled(catalogue: Catalogue, days: dict[date, DayShape]) -> dict[date, DayShape]:
    """The same days, so that on average as many come on an open day as on an ordinary one."""
    expected = []  # shoppers, as a multiple of an ordinary day's
    for day, shape in days.items():
        if hours := shopping_hours(catalogue, day):
            first, after = (catalogue.local(at).hour for at in hours)
            expected.append(shape.rush * sum(ARRIVALS[first : after or 24]) / sum(ARRIVALS))
    if not expected:
        return days
    mean = sum(expected) / len(expected)
    return {day: shape._replace(rush=shape.rush / mean) for day, shape in days.items()}
