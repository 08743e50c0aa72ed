"""What a device's database keeps between its starts, besides the taps."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync_server.device.last import Heard, Last
from sync_server.device.outbox import Outbox, OutboxError
from sync_server.domain import ops
from sync_server.domain.ticket import Counter
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow
from sync_server.protocol.wire import catalogue_digest
from tests.shop import MONDAY_10, catalogue

TAP = Submit("1" * 32, MONDAY_10, ops.Start("f" * 32, 3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tablet.db"


def test_the_counter_starts_empty_and_is_kept(path):
    outbox = Outbox(path)
    assert outbox.counter() == Counter()
    outbox.keep_counter(Counter("2026-03-02", 12))
    outbox.close()
    assert Outbox(path).counter() == Counter("2026-03-02", 12)


def test_the_catalogue_is_kept_with_its_digest(path):
    outbox = Outbox(path)
    assert outbox.catalogue() == (None, "")
    shop = catalogue()
    outbox.keep_catalogue(shop, catalogue_digest(shop))
    outbox.close()
    assert Outbox(path).catalogue() == (shop, catalogue_digest(shop))


def test_a_catalogue_of_another_version_counts_as_none(path):
    outbox = Outbox(path)
    outbox._db.execute("""INSERT INTO kept VALUES ('catalogue', X'7B7D'), ('digest', X'226422')""")
    assert outbox.catalogue() == (None, "")


def visit_row(number: int, **more: Any) -> VisitRow:
    return VisitRow(f"{number:032x}", f"A-{number}", 1, "waiting", "ask", "en", MONDAY_10, **more)


VISITS = (visit_row(1), visit_row(2, alias="Mia"))
TOM, ASK = PersonRow("tom", "available", MONDAY_10, "t1"), QuoteRow("ask", 60, 120)
LAST = Last(MONDAY_10, 7, VISITS, (TOM,), (ASK,))
HEARD = Heard(
    Last(MONDAY_10, 7),
    {**{("visit", v.visit_id): v for v in VISITS}, ("person", "tom"): TOM, ("quote", "ask"): ASK},
)


def test_what_the_server_last_said_is_kept(path):
    outbox = Outbox(path)
    assert outbox.last() is None
    outbox.keep_last(HEARD)
    outbox.close()
    assert Outbox(path).last() == LAST


@pytest.mark.parametrize("write", ["put", "settle", "keep_last"])
def test_what_changed_is_written_to_what_the_server_said_before(path, write):
    outbox = Outbox(path)
    outbox.put(TAP)
    outbox.keep_last(HEARD)
    changed, new = visit_row(2, alias="Mia", place="door"), visit_row(3)
    gone = {("visit", VISITS[0].visit_id): None, ("quote", "ask"): None}
    rows = {("visit", changed.visit_id): changed, ("visit", new.visit_id): new, **gone}
    heard = Heard(Last(MONDAY_10 + 1, 8), rows)
    if write == "put":
        outbox.put(Submit("2" * 32, MONDAY_10, TAP.op), None, heard)
    elif write == "settle":
        outbox.settle(TAP.op_id, heard)
    else:
        outbox.keep_last(heard)
    outbox.close()
    assert Outbox(path).last() == Last(MONDAY_10 + 1, 8, (changed, new), (TOM,))


def test_what_the_server_says_anew_replaces_all_it_said_before(path):
    outbox = Outbox(path)
    outbox.keep_last(HEARD)
    outbox.keep_last(Heard(Last(MONDAY_10 + 1, 7), {("person", "tom"): TOM}, anew=True))
    outbox.close()
    assert Outbox(path).last() == Last(MONDAY_10 + 1, 7, (), (TOM,))


def test_rows_are_written_without_the_time_where_that_is_kept_already(path):
    outbox = Outbox(path)
    outbox.keep_last(HEARD)
    outbox.put(TAP, None, Heard(None, {("quote", "ask"): None}))
    outbox.close()
    assert Outbox(path).last() == Last(MONDAY_10, 7, VISITS, (TOM,))


def test_what_was_said_is_not_written_where_the_op_could_not_be(path):
    outbox = Outbox(path)
    outbox.put(TAP)
    with pytest.raises(OutboxError):
        outbox.put(TAP, None, HEARD)  # the same id twice
    assert outbox.last() is None


def test_what_another_version_kept_in_one_piece_is_read(path):
    outbox = Outbox(path)
    outbox._db.execute("INSERT INTO kept VALUES ('last', ?)", (msgspec.json.encode(LAST),))
    assert outbox.last() == LAST
    outbox.keep_last(msgspec.structs.replace(HEARD, anew=True))
    (kept,) = outbox._db.execute("SELECT value FROM kept WHERE name = 'last'").fetchone()
    assert b"Mia" not in kept
    assert outbox.last() == LAST


def test_a_row_of_another_version_counts_as_none(path):
    outbox = Outbox(path)
    outbox.keep_last(HEARD)
    outbox._db.execute("INSERT INTO last_rows VALUES ('visit', 'x', X'7B7D'), ('chair', 'y', X'7B7D')")
    assert outbox.last() == LAST
