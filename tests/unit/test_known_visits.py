"""A visit id that exists is never taken for a new one, and nearly all new ones are known to be new."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain.visit.ticket import uuid7
from sync_server.service.processing.known_visits import DAY_MS, MAX_REMEMBERED, KnownVisits
from tests.sample_store import MONDAY_10


def store(*visit_ids: str) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE visits (visit_id TEXT PRIMARY KEY)")
    db.executemany("INSERT INTO visits VALUES (?)", [(each,) for each in visit_ids])
    return db


def made(ms: int, byte: int = 0) -> str:
    return uuid7(MONDAY_10 + ms, bytes([byte]) * 10)


IDS = st.one_of(
    st.builds(made, st.integers(-10, 10) | st.integers(-3 * DAY_MS, 400 * DAY_MS), st.integers(0, 255)),
    st.text("0123456789abcdef", min_size=32, max_size=32),
)


@given(st.sets(IDS), st.sets(IDS), st.sets(IDS), IDS)
def test_an_id_that_exists_is_never_new(written, in_memory, opened, new):
    known = KnownVisits(store(*written), in_memory, MONDAY_10)
    for visit_id in opened:
        known.add(visit_id)
    assert not any(known.is_new(visit_id) for visit_id in written | in_memory | opened)
    if new not in written | in_memory | opened and max([*written, ""]) < new < made(DAY_MS):
        assert known.is_new(new)


def test_ids_of_clocks_far_ahead_and_of_keys_do_not_make_the_others_unknown():
    known = KnownVisits(store(made(-1), made(400 * DAY_MS), "f" * 32), (), MONDAY_10)
    assert known.is_new(made(5))
    assert not known.is_new(made(-2))  # it is looked up
    assert not known.is_new("f" * 32)


def test_it_is_outdated_after_a_day_and_when_it_is_full():
    known = KnownVisits(store(), (), MONDAY_10)
    assert not known.is_outdated(MONDAY_10 + DAY_MS - 1)
    assert known.is_outdated(MONDAY_10 + DAY_MS)
    assert known.is_outdated(MONDAY_10 - DAY_MS)
    for number in range(MAX_REMEMBERED):
        known.add(str(number))
    assert known.is_outdated(MONDAY_10)
