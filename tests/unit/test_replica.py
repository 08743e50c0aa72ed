"""A device's replica: the server's rows, updated in order, and what of them is not saved yet."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.device.sync.redaction import redact_row
from sync_server.device.sync.replica import Replica
from sync_server.domain.violation import InvariantViolated
from sync_server.protocol.messages import Beat, Update
from sync_server.protocol.rows import PersonRow, QuoteRow
from tests.sample_store import MONDAY_10

from .replica_rows import VID, row, snapshot


def test_nothing_is_applied_before_the_first_snapshot():
    replica = Replica()
    assert (replica.n, replica.replace_all) == (0, True)
    assert not replica.apply(Update(1, MONDAY_10, visits=(row(),)))
    assert (replica.ready, replica.visits) == (False, {})
    assert not replica.is_behind(Beat(9, MONDAY_10))


def test_an_update_replaces_rows_and_deletes_those_that_are_gone():
    replica = Replica()
    people = (PersonRow("tom", "available", MONDAY_10),)
    replica.load_snapshot(
        snapshot(4, visits=(row(), row("b" * 32)), people=people, quotes=(QuoteRow("ask", 0, 60),))
    )
    assert replica.ready
    changed = Update(
        5,
        MONDAY_10,
        visits=(row(rev=2, state="offered"),),
        gone=("b" * 32, "c" * 32),
        people=(PersonRow("tom", "serving", MONDAY_10),),
        quotes=(QuoteRow("ask"),),
    )
    assert replica.apply(changed)
    assert replica.visits == {VID: row(rev=2, state="offered")}
    assert replica.people["tom"].presence == "serving"
    assert replica.quotes["ask"].low_s is None


STEPS = st.sampled_from(("snapshot", "new", "changed", "gone", "person", "quote", "redact", "clear", "save"))


@given(st.lists(STEPS, max_size=25))
def test_the_unsaved_rows_add_up_to_the_replica(steps):
    replica, n = Replica(), 0
    disk: dict[tuple[str, str], Any] = {("visit", "old"): row()}
    replica.load_snapshot(snapshot(0))
    for number, step in enumerate([*steps, "save"]):
        fields: dict[str, Any] = {}
        gone: tuple[str, ...] = ()
        match step:
            case "snapshot":
                replica.load_snapshot(snapshot(n, visits=(row("b" * 32),)))
            case "new" | "changed":
                fields = {
                    "visits": (
                        row(VID if step == "changed" else f"{number:032x}", rev=number + 1, alias="Mia"),
                    )
                }
            case "gone":
                gone = tuple(replica.visits)[:1]
            case "person":
                fields = {"people": (PersonRow("tom", "available", MONDAY_10 + number),)}
            case "quote":
                fields = {"quotes": (QuoteRow("ask", number),)}
            case "redact":
                replica.redact(redact_row)
            case "clear":
                replica.clear()
            case "save":
                disk = {} if replica.replace_all else disk
                disk.update(replica.unsaved)
                disk = {key: saved for key, saved in disk.items() if saved is not None}
                replica.mark_saved()
        if fields or gone:
            n += 1
            assert replica.apply(Update(n, MONDAY_10, gone=gone, **fields))
    shown: dict[tuple[str, str], Any] = {("visit", i): v for i, v in replica.visits.items()}
    shown |= {("person", i): p for i, p in replica.people.items()}
    assert disk == shown | {("quote", i): q for i, q in replica.quotes.items()}


def test_only_the_changed_rows_of_a_snapshot_are_unsaved():
    replica, other = Replica(), "b" * 32
    replica.load_snapshot(snapshot(0, visits=(row(), row(other))))
    replica.mark_saved()
    replica.load_snapshot(snapshot(3, visits=(row(), row("c" * 32))))
    assert (replica.unsaved, replica.replace_all) == (
        {("visit", "c" * 32): row("c" * 32), ("visit", other): None},
        False,
    )


def test_people_and_quotes_that_a_snapshot_repeats_are_saved_already():
    replica = Replica()
    tom, kim = PersonRow("tom", "available", 0), PersonRow("kim", "available", 0)
    ask, buy = QuoteRow("ask", 60, 120), QuoteRow("buy", 60, 120)
    replica.load_snapshot(snapshot(0, people=(tom, kim), quotes=(ask, buy)))
    replica.mark_saved()
    replica.load_snapshot(snapshot(1, people=(tom,), quotes=(ask,)))
    assert replica.unsaved == {("person", "kim"): None, ("quote", "buy"): None}


def test_a_rev_that_goes_back_is_an_error_and_nothing_is_applied():
    replica, other = Replica(), "b" * 32
    replica.load_snapshot(snapshot(0, visits=(row(rev=5),)))
    replica.mark_saved()
    with pytest.raises(InvariantViolated) as error:
        replica.apply(Update(1, MONDAY_10, visits=(row(other), row(rev=4))))
    assert str(error.value) == "A-1: rev 4 was sent after rev 5 (invariant 10)"
    assert (replica.n, replica.visits, replica.unsaved) == (0, {VID: row(rev=5)}, {})
    assert replica.apply(Update(1, MONDAY_10, visits=(row(rev=5, state="offered"),)))


def test_only_a_row_that_is_gone_from_the_replica_is_deleted_on_disk():
    replica, other = Replica(), "b" * 32
    replica.load_snapshot(snapshot(0, visits=(row(),)))
    replica.mark_saved()
    replica.apply(Update(1, MONDAY_10, gone=(VID, other)))
    assert replica.unsaved == {("visit", VID): None}


def test_text_that_is_removed_is_removed_on_disk_too():
    replica, other = Replica(), "b" * 32
    replica.load_snapshot(snapshot(0, visits=(row(alias="Mia"), row(other))))
    replica.mark_saved()
    replica.redact(redact_row)
    assert replica.visits == {VID: row(), other: row(other)}
    assert replica.unsaved == {("visit", VID): row()}


@given(st.lists(st.integers(1, 12), max_size=30))
def test_updates_are_applied_only_in_order(numbers):
    replica = Replica()
    replica.load_snapshot(snapshot(0))
    expected = 0
    for n in numbers:
        applied = replica.apply(Update(n, MONDAY_10, visits=(row(rev=n),)))
        assert applied == (n == expected + 1)
        expected += applied
        assert replica.n == expected
        assert [r.rev for r in replica.visits.values()] == ([expected] if expected else [])


def test_a_beat_shows_whether_an_update_was_missed():
    replica = Replica()
    replica.load_snapshot(snapshot(3))
    assert [replica.is_behind(Beat(n, MONDAY_10)) for n in (2, 3, 4)] == [False, False, True]
