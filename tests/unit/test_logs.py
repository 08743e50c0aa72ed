"""What is written to the log however often it happens."""

import logging

from sync_server.service.limits import WARNINGS_ALIKE
from sync_server.service.logs import Seldom


def warned(minute: int, text: str = "%s was turned away", *values: object, level: int = logging.WARNING):
    record = logging.LogRecord("gate", level, "", 0, text, values or ("a stranger",), None)
    record.created = minute * 60.0
    return record


def test_warnings_alike_are_told_so_often_a_minute_and_then_counted():
    seldom = Seldom()
    assert sum(seldom.filter(warned(1)) for _ in range(1000)) == WARNINGS_ALIKE
    assert seldom.filter(warned(1, "something else: %s"))
    assert all(seldom.filter(warned(1, level=logging.INFO)) for _ in range(WARNINGS_ALIKE + 1))
    again = warned(2, "%s was turned away", "another")
    assert seldom.filter(again)
    assert again.getMessage() == "another was turned away (and 980 more like it)"
    last = warned(3)
    assert seldom.filter(last)
    assert last.getMessage() == "a stranger was turned away"


def test_warnings_of_very_many_kinds_take_no_more_room():
    seldom = Seldom()
    assert all(seldom.filter(warned(1, f"kind {n} of %s")) for n in range(5000))
    assert len(seldom._kinds) <= 1001
