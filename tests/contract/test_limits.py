"""docs/reference/limits.md has every limit and every counter of the code."""

import importlib
import re

import msgspec
import pytest

from sync_server.domain import ops
from sync_server.service.limits import numbers
from sync_server.service.observe.counters import COUNTED, Counters

from .docs_pages import page, rows, sections

PAGE = page("limits.md")
NUMBERED = [row for row in rows(PAGE) if re.fullmatch(r"`[\w.]+\.[A-Z_]+`", row[1])]


@pytest.mark.parametrize("row", NUMBERED, ids=[row[1].strip("`") for row in NUMBERED])
def test_a_number_is_the_one_in_the_code(row):
    room, _, name = row[1].strip("`").rpartition(".")
    assert str(getattr(importlib.import_module(f"sync_server.{room}"), name)) == row[2]


def test_page_has_every_limit_of_the_server():
    named = {row[1].strip("`").rpartition(".")[2] for row in NUMBERED}
    assert {name for name in vars(numbers) if name.isupper()} <= named


def test_page_has_every_counter_and_no_other():
    last = {row[-1].strip("`") for row in rows(PAGE) if len(row) == 5 and row[-1].startswith("`")}
    others = set(re.findall(r"`(\w+)`", sections(PAGE, 2)["Other counters"]))
    assert last | others == set(COUNTED)
    assert set(Counters().values()) == set(COUNTED)


OPEN = {"visit_id": "a" * 32, "ticket": "A-1", "need": "ask", "language": "en"}


@pytest.mark.parametrize(
    ("limit", "field", "at_most", "more"),
    [
        ("a shopper's alias, characters", "alias", "x" * 40, "x" * 41),
        ("the code of a need, a place, a tip, a gift, an employee", "place", "x" * 40, "x" * 41),
        ("people in a party", "party_size", 20, 21),
        ("a ticket's number", "ticket", "A-9999", "A-10000"),
    ],
)
def test_a_message_may_hold_what_the_page_says(limit, field, at_most, more):
    number = next(row[1] for row in rows(PAGE) if row[0] == limit)
    assert number in (str(at_most), str(len(str(at_most))), str(at_most).removeprefix("A-"))
    msgspec.convert({**OPEN, field: at_most}, ops.OpenVisit)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**OPEN, field: more}, ops.OpenVisit)


def test_a_quick_resolution_may_take_as_long_as_the_page_says():
    limit = "how long a quick resolution took, as the employee says, s"
    number = int(next(row[1] for row in rows(PAGE) if row[0] == limit))
    quick = {**OPEN, "resolution": "solved"}
    for service_s in (1, number):
        msgspec.convert({**quick, "service_s": service_s}, ops.QuickResolution)
    for service_s in (0, number + 1):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**quick, "service_s": service_s}, ops.QuickResolution)


def test_words_may_be_as_long_as_the_page_says():
    assert next(row[1] for row in rows(PAGE) if row[0] == "a note, a comment") == "500"
    for kind, field in ((ops.AddNote, "note"), (ops.Complete, "note"), (ops.Rate, "comment")):
        base = {"visit_id": "a" * 32, "expected_rev": 1, "resolution": "solved"}
        given = {name: value for name, value in base.items() if name in kind.__struct_fields__}
        msgspec.convert({**given, field: "x" * 500}, kind)
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**given, field: "x" * 501}, kind)
