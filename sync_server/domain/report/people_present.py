"""How many seconds people were on the floor, by skill and by the hour of the week."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from .histogram import Counts
from .period_summary import cell_of

EVERYBODY = ""  # in place of a skill
HOUR_MS = 3_600_000


class Stay(Struct, frozen=True):
    """Somebody with these skills was on the floor from `at` to before `until`, ms UTC."""

    skills: frozenset[str]
    at: int
    until: int


def people_present(stays: Iterable[Stay], local: Callable[[int], datetime]) -> Mapping[str, Counts]:
    """Seconds by skill and cell (see `PeriodSummary`). `local` gives the store's time of an instant."""
    found: dict[str, Counts] = {EVERYBODY: {}}
    for stay in stays:
        for cell, seconds in _hours(stay, local):
            for skill in (EVERYBODY, *stay.skills):
                cells = found.setdefault(skill, {})
                cells[cell] = cells.get(cell, 0) + seconds
    return found


def _hours(stay: Stay, local: Callable[[int], datetime]) -> Iterable[tuple[int, int]]:
    """The cells that a stay goes through, with the seconds in each."""
    at = stay.at
    while at < stay.until:
        clock = local(at)
        into_hour = (clock.minute * 60 + clock.second) * 1000 + clock.microsecond // 1000
        end = min(stay.until, at + HOUR_MS - into_hour)
        yield cell_of(clock.weekday(), clock.hour), round((end - at) / 1000)
        at = end
