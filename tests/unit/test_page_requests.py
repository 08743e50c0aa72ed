"""What a request asks for in its address and headers: which days, which language."""

from datetime import date

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from sync_server.web.http.language import browser_language, requested_language
from sync_server.web.manager.day_span import requested_span

TODAY = "2026-03-07"


def request(query: str = "", accept_language: str = "") -> Request:
    headers = [(b"accept-language", accept_language.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


def test_without_a_date_it_is_today() -> None:
    days = requested_span(request(), TODAY)
    assert days.dates == [TODAY]
    assert days.includes_today
    assert not days.is_week


def test_a_week_begins_on_monday_and_holds_the_day() -> None:
    for day in ("2026-03-02", "2026-03-07", "2026-03-08"):
        days = requested_span(request(f"day={day}&span=week"), TODAY)
        assert (days.first, days.last) == (date(2026, 3, 2), date(2026, 3, 8))
        assert len(days.dates) == 7
        assert days.includes_today


def test_days_are_compared_with_the_same_weekday_of_four_weeks() -> None:
    assert requested_span(request(), TODAY).dates_to_compare == [
        "2026-02-28",
        "2026-02-21",
        "2026-02-14",
        "2026-02-07",
    ]
    before = requested_span(request("span=week"), TODAY).dates_to_compare
    assert len(before) == len(set(before)) == 28
    assert (min(before), max(before)) == ("2026-02-02", "2026-03-01")


def test_the_spans_before_and_after() -> None:
    day = requested_span(request("day=2026-03-01"), TODAY)
    assert (day.first_of_neighbour(-1), day.first_of_neighbour(1), day.includes_today) == (
        date(2026, 2, 28),
        date(2026, 3, 2),
        False,
    )
    week = requested_span(request("day=2026-03-01&span=week"), TODAY)
    assert (week.first_of_neighbour(-1), week.first_of_neighbour(1)) == (date(2026, 2, 16), date(2026, 3, 2))


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "1899-12-31", "9001-01-01"])
def test_a_wrong_date_is_refused_and_named(day: str) -> None:
    with pytest.raises(HTTPException) as refused:
        requested_span(request(f"day={day}"), TODAY)
    assert (refused.value.status_code, refused.value.detail) == (400, day)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("nl", "nl"),
        ("fi-FI,fi;q=0.9,en;q=0.8", "fi"),
        ("sv;q=0.9, nl;q=0.2, en;q=0.1", "nl"),
        ("en;q=0.1, nl;q=0.2", "nl"),
        ("sv", "en"),
        ("*;q=x,,;", "en"),
    ],
)
def test_the_browsers_preferred_language_is_taken(header: str, language: str) -> None:
    assert browser_language(request(accept_language=header), ("en", "nl", "fi")) == language


def test_a_language_that_the_store_does_not_have_is_not_taken() -> None:
    assert requested_language(request("lang=nl"), ("en", "nl")) == "nl"
    assert requested_language(request("lang=fi"), ("en", "nl")) is None
    assert requested_language(request("lang=../etc"), ("en", "nl")) is None
    assert browser_language(request(accept_language="fi"), ("nl", "en")) == "nl"
