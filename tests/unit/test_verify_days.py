"""Verifying a store of several days: old visits are compared, and then no longer kept in memory."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_server.domain.catalogue.catalogue import Catalogue, StoreInfo
from sync_server.service.storage.connection import connect
from sync_server.service.upkeep.create_store import make_store
from sync_server.service.upkeep.replay_check import ReplayChecker
from sync_server.simulation.history.fill import fill_store


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = make_store(tmp_path_factory.mktemp("days") / "store", None, None)
    fill_store(data_dir.path, days=5, visits=20, seed=1)
    return data_dir.store


@pytest.fixture
def db(made: Path) -> Iterator[sqlite3.Connection]:
    """The store in a transaction that is rolled back."""
    db = connect(made)
    db.execute("BEGIN")
    yield db
    db.execute("ROLLBACK")
    db.close()


@pytest.fixture
def checker(db: sqlite3.Connection) -> ReplayChecker:
    return ReplayChecker(db, Catalogue(StoreInfo(name="-"), (), (), ()))


WAY_OUT = "; put back the latest backup with `welkom restore`"


def texts(checker: ReplayChecker) -> list[str]:
    return [finding.text for finding in checker.findings()]


def test_a_sound_store_is_sound_and_only_its_last_days_are_kept_in_memory(checker, db) -> None:
    assert texts(checker) == []
    total = db.execute("SELECT count(*) FROM visits").fetchone()[0]
    assert len(checker._floor.visits) < 0.7 * total


def first(db: sqlite3.Connection) -> tuple[str, str, str]:
    sql = "SELECT visit_id, ticket, day FROM visits ORDER BY created_at LIMIT 1"
    row: tuple[str, str, str] = db.execute(sql).fetchone()
    return row


def test_what_is_wrong_with_an_old_visit_is_found(checker, db) -> None:
    visit_id, ticket, day = first(db)
    db.execute("UPDATE visits SET handovers = 9 WHERE visit_id = ?", (visit_id,))
    assert texts(checker) == [f"visits: {ticket} of {day} differs from the log in handovers (9){WAY_OUT}"]


def test_an_old_visit_that_is_missing_is_found(checker, db) -> None:
    visit_id, ticket, day = first(db)
    db.execute("PRAGMA defer_foreign_keys=ON")
    db.execute("DELETE FROM visits WHERE visit_id = ?", (visit_id,))
    assert texts(checker) == [f"visits: {ticket} of {day} is in the log but not there (9){WAY_OUT}"]


def test_a_visit_that_is_not_in_the_log_is_found(checker, db) -> None:
    visit_id, _, day = first(db)
    columns = [row[1] for row in db.execute("PRAGMA table_info(visits)")]
    values = ", ".join({"visit_id": "'x'", "ticket": "'Z-1'"}.get(name, name) for name in columns)
    db.execute(f"INSERT INTO visits SELECT {values} FROM visits WHERE visit_id = ?", (visit_id,))
    assert texts(checker) == [f"visits: Z-1 of {day} is not in the log (9){WAY_OUT}"]


def test_a_line_about_a_visit_that_was_forgotten_belongs_to_it(checker, db) -> None:
    """The manager corrects it days later."""
    sql = "SELECT visit_id, rev FROM visits WHERE state = 'completed' ORDER BY created_at LIMIT 1"
    visit_id, rev = db.execute(sql).fetchone()
    db.execute(
        "INSERT INTO visit_events (seq, visit_id, rev, event, actor, at_server, body)"
        " SELECT max(seq) + 1, ?, ?, 'corrected', 'manager', max(at_server), ? FROM visit_events",
        (visit_id, rev + 1, '{"event":"corrected","because":"other"}'),
    )
    db.execute("UPDATE visits SET rev = rev + 1, corrections = 1 WHERE visit_id = ?", (visit_id,))
    assert texts(checker) == []
