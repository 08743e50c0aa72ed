"""What a request asks for in its address and headers: which days, which language."""

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from sync_server.web.http.language import browser_language, requested_language
from sync_server.web.manager.day_span import parse_date

TODAY = "2026-03-07"


def request(query: str = "", accept_language: str = "") -> Request:
    headers = [(b"accept-language", accept_language.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "1899-12-31", "9001-01-01"])
def test_a_wrong_date_is_refused_and_named(day: str) -> None:
    with pytest.raises(HTTPException) as refused:
        parse_date(day)
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
