"""The limit on warnings in the log."""

import logging

from sync_server.service.limits.numbers import MAX_WARNING_KINDS, WARNINGS_PER_MINUTE
from sync_server.service.observe.logs import RateLimitFilter


def warned(
    minute: int,
    text: str = "%s was turned away",
    *values: object,
    level: int = logging.WARNING,
    line: int = 1,
    error: Exception | None = None,
) -> logging.LogRecord:
    exc_info = (type(error), error, None) if error else None
    record = logging.LogRecord("gate", level, "gate.py", line, text, values or ("a stranger",), exc_info)
    record.created = minute * 60.0
    return record


def test_warnings_of_one_kind_are_limited_per_minute_and_then_counted():
    seldom = RateLimitFilter()
    assert sum(seldom.filter(warned(1)) for _ in range(1000)) == WARNINGS_PER_MINUTE
    assert seldom.filter(warned(1, "something else: %s", line=2))
    assert all(seldom.filter(warned(1, level=logging.INFO)) for _ in range(WARNINGS_PER_MINUTE + 1))
    again = warned(2, "%s was turned away", "another")
    assert seldom.filter(again)
    assert again.getMessage() == "another was turned away (and 980 more like it)"
    last = warned(3)
    assert seldom.filter(last)
    assert last.getMessage() == "a stranger was turned away"


def test_warnings_of_very_many_kinds_take_no_more_room():
    seldom = RateLimitFilter()
    assert all(seldom.filter(warned(1, line=n)) for n in range(5000))
    assert len(seldom._kinds) <= MAX_WARNING_KINDS


def test_warnings_whose_text_is_filled_in_already_are_of_one_kind():
    """asyncio logs each uncaught exception with the address of what failed: no two texts are the same."""
    seldom = RateLimitFilter()
    texts = (f"Fatal error: protocol: <Connection at {n:x}> %s" for n in range(1000))
    assert sum(seldom.filter(warned(1, text)) for text in texts) == WARNINGS_PER_MINUTE


def test_one_line_that_logs_all_exceptions_does_not_hide_a_rare_one_behind_many():
    seldom = RateLimitFilter()
    for n in range(1000):
        seldom.filter(warned(1, error=ValueError(n)))
    assert seldom.filter(warned(1, error=KeyError("rare")))
