"""Whole periods: a report's days are covered by few of them, once each."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain.report import periods

DATES = st.dates(date(2023, 11, 1), date(2026, 3, 31))


def days_of(period: str) -> list[date]:
    first, last = periods.begin_of(period), periods.end_of(period)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@given(DATES, DATES)
def test_every_day_is_covered_once_and_in_order(first: date, last: date) -> None:
    covered = [day for period in periods.cover(first, last) for day in days_of(period)]
    assert covered == [first + timedelta(days=n) for n in range((last - first).days + 1)]


@given(DATES)
def test_parts_are_the_whole(day: date) -> None:
    for period in periods.periods_with(str(day))[1:]:
        assert [d for part in periods.parts_of(period) for d in days_of(part)] == days_of(period)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2024-01-01", "2025-12-31", ["2024", "2025"]),
        ("2024-02-28", "2024-04-01", ["2024-02-28", "2024-02-29", "2024-03", "2024-04-01"]),
        ("2024-02-01", "2024-02-29", ["2024-02"]),
        ("2024-12-31", "2026-01-31", ["2024-12-31", "2025", "2026-01"]),
        ("2024-05-02", "2024-05-01", []),
    ],
)
def test_the_largest_periods_are_taken(first: str, last: str, expected: list[str]) -> None:
    assert list(periods.cover(date.fromisoformat(first), date.fromisoformat(last))) == expected


def test_a_day_has_no_parts() -> None:
    assert periods.parts_of("2024-05-01") == []
    assert periods.is_day("2024-05-01")
    assert not periods.is_day("2024-05")
