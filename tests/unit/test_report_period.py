"""Which days the address of a report asks for."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from sync_server.web.manager.report.period import Period, Span, period_of, requested_period

from .test_page_requests import TODAY, request

DATES = st.dates(date(2000, 1, 1), date(2199, 12, 31))
KINDS = st.sampled_from([Span.DAY, Span.WEEK, Span.MONTH, Span.YEAR])


def asked(query: str, today: str = TODAY) -> tuple[str, str]:
    period = requested_period(request(query), today)
    return period.first.isoformat(), period.last.isoformat()


def test_without_a_choice_it_is_the_week_that_yesterday_was_in() -> None:
    assert asked("") == ("2026-03-02", "2026-03-08")
    assert asked("", "2026-03-09") == ("2026-03-02", "2026-03-08")  # on Monday morning: the last week


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("span=day&day=2026-02-28", ("2026-02-28", "2026-02-28")),
        ("span=week&day=2026-03-01", ("2026-02-23", "2026-03-01")),
        ("span=month&day=2024-02-10", ("2024-02-01", "2024-02-29")),
        ("span=year&day=2026-07-01", ("2026-01-01", "2026-12-31")),
        ("from=2026-02-01&to=2026-02-20", ("2026-02-01", "2026-02-20")),
        ("from=2026-02-20&to=2026-02-01", ("2026-02-01", "2026-02-20")),  # the wrong way round
        ("from=2026-02-20&to=", ("2026-02-20", "2026-02-20")),
        ("to=2026-02-20", ("2026-02-20", "2026-02-20")),
    ],
)
def test_periods(query: str, days: tuple[str, str]) -> None:
    assert asked(query) == days


@pytest.mark.parametrize(
    "query", ["day=0000-01-01", "from=2026-02-30", "to=9999-01-01", "span=century", "span=range"]
)
def test_what_is_no_period_is_refused(query: str) -> None:
    with pytest.raises(HTTPException) as refused:
        requested_period(request(query), TODAY)
    assert refused.value.status_code == 400


@given(KINDS, DATES)
def test_neighbours_touch_and_lead_back(kind: Span, day: date) -> None:
    period = period_of(kind, day, date.fromisoformat(TODAY))
    for step in (-1, 1):
        beside = period.neighbour(step)
        if beside is None:
            continue
        assert beside.kind is kind
        if step > 0:
            assert beside.first == period.last + timedelta(days=1)
        else:
            assert beside.last == period.first - timedelta(days=1)
        back = beside.neighbour(-step)
        assert back is None or back == period


def test_a_range_moves_by_its_length() -> None:
    period = Period(Span.RANGE, date(2026, 2, 10), date(2026, 2, 12), date.fromisoformat(TODAY))
    earlier, later = period.neighbour(-1), period.neighbour(1)
    assert earlier is not None
    assert later is not None
    assert (earlier.first, earlier.last) == (date(2026, 2, 7), date(2026, 2, 9))
    assert (later.first, later.last) == (date(2026, 2, 13), date(2026, 2, 15))


def test_outside_the_years_there_is_no_neighbour() -> None:
    today = date.fromisoformat(TODAY)
    assert period_of(Span.YEAR, date(2000, 5, 5), today).neighbour(-1) is None
    assert period_of(Span.DAY, date(2199, 12, 31), today).neighbour(1) is None


def test_a_period_is_compared_with_the_same_weekdays_of_four_weeks_before() -> None:
    today = date.fromisoformat(TODAY)
    day = period_of(Span.DAY, today, today)
    assert [str(one) for one in day.days_to_compare] == [
        "2026-02-28",
        "2026-02-21",
        "2026-02-14",
        "2026-02-07",
    ]
    for kind in (Span.WEEK, Span.MONTH, Span.YEAR):
        period = period_of(kind, today, today)
        before = sorted(period.days_to_compare)
        assert len(set(before)) == 28
        assert before[-1] == period.first - timedelta(days=1)


def test_choosing_another_kind_stays_near() -> None:
    today = date.fromisoformat(TODAY)
    march = period_of(Span.MONTH, today, today)
    assert march.around(Span.DAY).first == today
    assert period_of(Span.MONTH, date(2025, 12, 1), today).around(Span.DAY).first == date(2025, 12, 31)
