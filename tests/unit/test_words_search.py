"""Full-text search over notes and comments, and that it leaves no word behind."""

import contextlib
from pathlib import Path

import pytest

from sync_server.domain import ops
from sync_server.domain.events import CorrectedBecause
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.resolution import Resolution
from sync_server.service.privacy import retention
from sync_server.service.reports import words_search
from sync_server.service.storage.connection import connect, reading
from tests.floor_harness import KIOSK, FloorHarness
from tests.store_rows import empty_store_file, write_records

ANNA = Actor(ActorKind.MANAGER, account="anna")
DAY_MS = 86_400_000


@pytest.fixture
def play() -> FloorHarness:
    played = FloorHarness()
    played.sign_on("maya")
    return played


@pytest.fixture
def store(play: FloorHarness, tmp_path: Path) -> Path:
    """A visit with a note, a comment and a correction, and one with a note alone."""
    first = play.open_with("maya", "repair", ticket="A-1")
    play.on("maya", ops.AddNote, first, note="Needs a Pâté-coloured cable, not the 20 cm one")
    play.complete("maya", first, note="came back after lunch")
    play.yes(KIOSK, ops.Rate(first, ces=5, comment="what a lovely shop"))
    rev = play.visit(first).rev
    correction = ops.Correct(first, rev, CorrectedBecause.OTHER, Resolution.SOLD, note="paid at desk 4")
    play.yes(ANNA, correction)
    play.after(10)
    second = play.open_with("maya", "repair", ticket="A-2")
    play.on("maya", ops.AddNote, second, note="a charging cable")
    path = tmp_path / "store.db"
    empty_store_file(path)
    with contextlib.closing(connect(path)) as db:
        write_records(db, play.catalogue, play.records)
    return path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cable", 2),
        ("CABLE", 2),
        ("cab", 2),  # the beginning of a word
        ("able", 0),
        ("pate", 1),  # without accents
        ("lovely cable", 1),  # of different notes
        ('"lovely shop"', 1),
        ('"shop lovely"', 0),
        ('"lovely sho"', 0),  # quoted words are whole
        ("desk", 1),  # of a correction
        ("20 cm", 1),
        ("lunch NOT cable", 1),  # nothing is an operator: “not” is a word of the note
        ("cable OR lunch", 0),
        ("*", 0),
        ('"', 0),
        ('""', 0),
        ("text:cable", 0),
        ("') --", 0),
        ("a-1", 0),
        ("", 0),
        ("ka" * 5000, 0),
    ],
)
def test_words_are_found(store, text, found):
    with reading(store) as db:
        assert len(words_search.visits_with_words(db, text)) == found


def test_a_search_leaves_nothing_on_the_disk_and_finds_nothing_after_retention(store, play):
    with reading(store) as db:
        assert words_search.visits_with_words(db, "lovely")
        assert not db.execute("SELECT name FROM temp.sqlite_master").fetchall()
    files = {path.name for path in store.parent.iterdir()}
    assert files <= {"store.db", "store.db-wal", "store.db-shm"}
    assert store.read_bytes().count(b"lovely") == 1  # in the log, and nowhere else
    with contextlib.closing(connect(store)) as db:
        retention.forget(db, play.clock.now + DAY_MS)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with reading(store) as db:
        assert words_search.visits_with_words(db, "lovely") == []
        assert words_search.visits_with_words(db, "charging")  # its visit has not ended
    for path in store.parent.iterdir():
        assert b"lovely" not in path.read_bytes()
