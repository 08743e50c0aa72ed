"""What must not outlive its use is gone from every table, the log's own lines and every byte of the file."""

from pathlib import Path

import pytest

from sync_server.domain import ops
from sync_server.domain.floor import Floor
from sync_server.service import queries
from sync_server.service.retention import DESCRIPTION_MS, LINK_MS, forget
from sync_server.service.store import connect, migrate
from tests.ledger import rows, write
from tests.shop import KIOSK, Play

SECRETS = ("Rumpelstiltskin", "QQQQQQQQQQQQQQQQQQQQQQ")


@pytest.fixture
def store(tmp_path: Path):
    migrate(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    yield db
    db.close()


def a_visit(play: Play, **more) -> str:
    description = {"alias": SECRETS[0], "colour": "red", "place": "door", "link": SECRETS[1]}
    return play.open("repair", **{**description, **more})


def told(db, visit_id: str) -> tuple:
    (row,) = rows(db, "SELECT alias, colour, place, link FROM visits WHERE visit_id = ?", visit_id)
    return tuple(row.values())


def test_alias_colour_and_place_are_gone_a_day_after_the_end_and_the_link_after_an_hour(store):
    play = Play()
    visit_id = a_visit(play)
    play.yes(KIOSK, ops.Cancel(visit_id))
    write(store, play.catalogue, play.records)
    ended = play.clock.now
    assert (LINK_MS, DESCRIPTION_MS) == (3_600_000, 86_400_000)
    assert forget(store, ended + LINK_MS - 1) == 0
    assert told(store, visit_id) == (SECRETS[0], "red", "door", SECRETS[1])
    assert forget(store, ended + LINK_MS) == 1
    assert told(store, visit_id) == (SECRETS[0], "red", "door", None)
    assert forget(store, ended + DESCRIPTION_MS - 1) == 0
    assert forget(store, ended + DESCRIPTION_MS) == 1
    assert told(store, visit_id) == (None, None, None, None)
    assert forget(store, ended + DESCRIPTION_MS) == 0


def test_a_visit_that_has_not_ended_keeps_what_it_needs(store):
    play = Play()
    visit_id = a_visit(play)
    write(store, play.catalogue, play.records)
    assert forget(store, play.clock.now + 10 * DESCRIPTION_MS) == 0
    assert told(store, visit_id)[0] == SECRETS[0]


def test_it_is_gone_from_the_log_and_the_log_can_be_replayed_as_before(store):
    play = Play()
    play.sign_on("tom")
    visit_id = a_visit(play)
    play.accept("tom", visit_id)
    play.start("tom", visit_id)
    play.complete("tom", visit_id)
    fresh = a_visit(play, link="F" * 22)
    write(store, play.catalogue, play.records)
    forget(store, play.clock.now + DESCRIPTION_MS)
    bodies = " ".join(row["body"] for row in rows(store, "SELECT body FROM visit_events ORDER BY seq"))
    assert SECRETS[1] not in bodies
    assert bodies.count(SECRETS[0]) == 1  # that of the visit still open
    again = Floor.replay(play.catalogue, queries.records(store))
    assert again.people == play.floor.people
    assert again.visits[fresh] == play.visit(fresh)
    gone, kept = again.visits[visit_id], play.visit(visit_id)
    assert (gone.alias, gone.colour, gone.place, gone.link) == (None,) * 4
    assert (gone.rev, gone.state, gone.ended_at, gone.ticket) == (
        kept.rev,
        kept.state,
        kept.ended_at,
        kept.ticket,
    )


def test_only_one_of_them_having_been_said_is_enough_to_be_forgotten(store):
    play = Play()
    visit_id = play.open("repair", place="door")
    play.yes(KIOSK, ops.Cancel(visit_id))
    write(store, play.catalogue, play.records)
    assert forget(store, play.clock.now + DESCRIPTION_MS) == 1
    assert told(store, visit_id) == (None,) * 4


def test_no_byte_of_it_stays_in_the_files(store, tmp_path):
    play = Play()
    for _ in range(40):
        visit_id = a_visit(play, link=None)
        play.yes(KIOSK, ops.Cancel(visit_id))
    write(store, play.catalogue, play.records)
    assert found(tmp_path)
    forget(store, play.clock.now + DESCRIPTION_MS)
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not found(tmp_path)


def found(folder: Path) -> list[Path]:
    return [p for p in folder.iterdir() if any(secret.encode() in p.read_bytes() for secret in SECRETS)]
