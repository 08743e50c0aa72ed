"""The condition for visits that arrived in one hour of the day, by the shop's clock."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .visit_log import Condition

FIRST_YEAR = 2020  # no store is older
_HOUR_MS = 3_600_000


def arrived_in_hour(hour: int, zone: ZoneInfo, last_year: int) -> Condition:
    """Visits that were opened between `hour` and the next one, 0 to 23, in summer and in winter.

    SQLite knows no time zones, so the condition holds the offsets to UTC with the moments from which they
    are valid, until the end of `last_year`.
    """
    first, *changes = _offsets(zone, last_year)
    cases = "".join(f" WHEN created_at >= {since} THEN {offset}" for since, offset in reversed(changes))
    offset = f"CASE{cases} ELSE {first[1]} END" if changes else str(first[1])
    return Condition(f"(created_at + {offset}) / {_HOUR_MS} % 24 = :hour", {"hour": hour})


@lru_cache(maxsize=4)
def _offsets(zone: ZoneInfo, last_year: int) -> tuple[tuple[int, int], ...]:
    """From when on, ms UTC, the zone's clocks are how far ahead of UTC, ms."""
    at, end = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    found = [(_ms(at), _offset(at, zone))]
    while at < end:
        following = at + timedelta(days=1)
        if _offset(following, zone) != found[-1][1]:
            at = _first_with(_offset(following, zone), at, following, zone)
            found.append((_ms(at), _offset(at, zone)))
        at = following
    return tuple(found)


def _first_with(offset: int, before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the zone changes to this offset, between two moments."""
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        before, after = (before, middle) if _offset(middle, zone) == offset else (middle, after)
    return after


def _offset(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds() * 1000)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
