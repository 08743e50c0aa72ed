"""A store that was written to by a clock far ahead is set right, and stays sound."""

import sqlite3
from pathlib import Path

import pytest

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.visit.visit import State
from sync_server.service.admin import clock_repair
from sync_server.service.storage import event_log, known_times
from sync_server.service.storage.catalogue_mirror import mirror_catalogue
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.upkeep.verify import verify_file
from tests.floor_harness import KIOSK, FloorHarness
from tests.store_rows import empty_store_file, query, write_records

AHEAD = 400 * 86_400_000
NOTE = "Rumpelstiltskin"


def write(db: sqlite3.Connection, play: FloorHarness) -> None:
    mirror_catalogue(db, play.catalogue)
    write_records(db, play.catalogue, play.records)


@pytest.fixture
def ahead(tmp_path: Path) -> tuple[Path, FloorHarness, int]:
    """A store that was used, then for a while with a clock 400 days ahead; and when that was in truth."""
    play = FloorHarness()
    play.sign_on("tom")
    begun = play.open("repair")
    play.accept("tom", begun)
    play.clock.after(60)
    now = play.clock.now
    play.clock.now += AHEAD
    play.tick()
    play.sign_on("tom", "lea")
    visit_id = play.open("repair", ticket="A-7", alias=NOTE)
    play.accept("tom", visit_id)
    play.start("tom", visit_id)
    play.clock.after(2)
    play.complete("tom", visit_id)
    play.yes(KIOSK, ops.Rate(visit_id, ces=4))
    play.open("buy", ticket="A-1")
    play.yes(Actor(ActorKind.MANAGER), ops.CloseNeed("repair"))
    path = tmp_path / "store.db"
    empty_store_file(path)
    db = connect(path)
    write(db, play)
    db.execute("INSERT INTO ops VALUES ('a', zeroblob(16), NULL, NULL, ?)", (play.clock.now,))
    db.execute("INSERT INTO tries VALUES ('employee:tom', 9, ?, ?)", (play.clock.now, play.clock.now))
    db.execute("UPDATE epochs SET began_at = 1")
    db.close()
    return path, play, now + 3000


def test_nothing_of_the_store_is_in_the_future_any_more_and_it_is_sound(ahead):
    path, play, now = ahead
    db = connect(path)
    with transaction(db):
        moved = clock_repair.trust_clock(db, play.catalogue, now)
    assert moved == db.execute("SELECT count(*) FROM visit_events WHERE at_server = ?", (now,)).fetchone()[0]
    assert moved > 5
    assert verify_file(path, play.catalogue, now) == []
    for table, column in (
        *clock_repair.TIMES,
        ("visit_events", "at_server"),
        ("visit_events", "happened_at"),
    ):
        assert (db.execute(f"SELECT max({column}) FROM {table}").fetchone()[0] or 0) <= now, (table, column)
    assert query(db, "SELECT max(created_at, ended_at) <= ? AS past FROM visits WHERE ended_at", now)[0][
        "past"
    ]
    assert known_times.clock_trusted_at(db) == now
    floor = Floor.replay(play.catalogue, event_log.records(db))
    assert floor._now <= now
    assert floor.people["lea"].presence is Presence.AVAILABLE
    assert [one.until for one in floor.overrides.closed_needs(now)] == [play.catalogue.next_closing(now)]
    db.close()


def test_tickets_of_the_future_day_are_of_today_unless_today_has_them(ahead):
    """Invariant 12."""
    path, play, now = ahead
    db = connect(path)
    today = play.catalogue.day(now)
    with transaction(db):
        clock_repair.trust_clock(db, play.catalogue, now)
    days = {
        row["ticket"]: row["day"]
        for row in query(db, "SELECT ticket, day FROM visits ORDER BY created_at, rowid")
    }
    assert days["A-7"] == today
    assert sorted(row["day"] for row in query(db, "SELECT day FROM visits WHERE ticket = 'A-1'")) == [
        today,
        play.catalogue.day(play.clock.now),
    ]
    db.close()


def test_an_offer_that_would_have_lasted_for_a_year_lapses_and_the_visit_is_offered_again(ahead):
    path, play, now = ahead
    db = connect(path)
    with transaction(db):
        clock_repair.trust_clock(db, play.catalogue, now)
    floor = Floor.replay(play.catalogue, event_log.records(db))
    [offered] = [visit for visit in floor.open_visits() if visit.state is State.OFFERED]
    assert offered.offer_until <= now
    assert floor.tick(now + 1)
    db.close()


def test_no_body_of_the_log_changes_its_length(ahead):
    """Invariant 16: SQLite leaves a copy of a row that it moves."""
    path, play, now = ahead
    db = connect(path)
    lengths = "SELECT seq, length(CAST(body AS BLOB)) AS bytes FROM visit_events"
    before = query(db, lengths)
    with transaction(db):
        clock_repair.trust_clock(db, play.catalogue, now)
    assert query(db, lengths) == before
    db.close()


def test_a_store_without_times_in_the_future_stays_as_it_is(tmp_path):
    play = FloorHarness()
    play.open("repair")
    empty_store_file(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    write(db, play)
    before = query(db, "SELECT * FROM visit_events"), query(db, "SELECT * FROM visits")
    with transaction(db):
        assert clock_repair.trust_clock(db, play.catalogue, play.clock.now) == 0
    assert (query(db, "SELECT * FROM visit_events"), query(db, "SELECT * FROM visits")) == before
    db.close()
