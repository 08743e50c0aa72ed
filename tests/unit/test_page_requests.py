"""Which days a page of the manager's is about."""

from datetime import date

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from sync_server.web.days import chosen
from sync_server.web.language import asked, of_browser

TODAY = "2026-03-07"


def request(query: str = "", accept_language: str = "") -> Request:
    headers = [(b"accept-language", accept_language.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


def test_without_a_wish_it_is_today() -> None:
    days = chosen(request(), TODAY)
    assert days.each == [TODAY]
    assert days.running
    assert not days.is_week


def test_a_week_begins_on_monday_and_holds_the_day() -> None:
    for day in ("2026-03-02", "2026-03-07", "2026-03-08"):
        days = chosen(request(f"day={day}&span=week"), TODAY)
        assert (days.first, days.last) == (date(2026, 3, 2), date(2026, 3, 8))
        assert len(days.each) == 7
        assert days.running


def test_days_are_compared_with_the_same_weekday_of_four_weeks() -> None:
    assert chosen(request(), TODAY).before == ["2026-02-28", "2026-02-21", "2026-02-14", "2026-02-07"]
    before = chosen(request("span=week"), TODAY).before
    assert len(before) == len(set(before)) == 28
    assert (min(before), max(before)) == ("2026-02-02", "2026-03-01")


def test_the_days_beside() -> None:
    day = chosen(request("day=2026-03-01"), TODAY)
    assert (day.moved(-1), day.moved(1), day.running) == (date(2026, 2, 28), date(2026, 3, 2), False)
    week = chosen(request("day=2026-03-01&span=week"), TODAY)
    assert (week.moved(-1), week.moved(1)) == (date(2026, 2, 16), date(2026, 3, 2))


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "1899-12-31", "9001-01-01"])
def test_what_is_no_day_is_refused_by_name(day: str) -> None:
    with pytest.raises(HTTPException) as refused:
        chosen(request(f"day={day}"), TODAY)
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
def test_the_browser_s_wish_is_heard(header: str, language: str) -> None:
    assert of_browser(request(accept_language=header), ("en", "nl", "fi")) == language


def test_a_language_the_store_does_not_speak_is_not_taken() -> None:
    assert asked(request("lang=nl"), ("en", "nl")) == "nl"
    assert asked(request("lang=fi"), ("en", "nl")) is None
    assert asked(request("lang=../etc"), ("en", "nl")) is None
    assert of_browser(request(accept_language="fi"), ("nl", "en")) == "nl"
