"""Retention removes descriptions from every table, from the log, and from every byte of the file."""

from pathlib import Path

import pytest

from sync_server.domain import ops
from sync_server.domain.floor.floor import Floor
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.ticket import uuid7
from sync_server.service.auth.errors import AccountError
from sync_server.service.privacy.retention import (
    ANSWERS_KEPT_MS,
    DESCRIPTION_MS,
    LINK,
    LINK_MS,
    NO_DIGEST,
    WORDS,
    drop_answers,
    erase,
    forget,
    forget_answers,
    remove_all,
    too_old,
)
from sync_server.service.processing.op_results import OpResult, OpResults
from sync_server.service.storage import event_log, startup
from sync_server.service.storage.connection import connect
from tests.floor_harness import KIOSK, FloorHarness
from tests.store_rows import empty_store_file, query, write_records

SECRETS = ("Rumpelstiltskin", "QQQQQQQQQQQQQQQQQQQQQQ")
SAID = ("Rumpelstiltskin", "spindle", "firstborn", "goldthread", "midnight")


@pytest.fixture
def store(tmp_path: Path):
    empty_store_file(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    yield db
    db.close()


def a_visit(play: FloorHarness, **more) -> str:
    description = {"alias": SECRETS[0], "colour": "red", "place": "door", "link": SECRETS[1]}
    return play.open("repair", **{**description, **more})


def description_of(db, visit_id: str) -> tuple:
    fields = ", ".join(f"json_extract(body, '$.{name}')" for name in ("alias", "colour", "place", "link"))
    said = db.execute(
        f"SELECT {fields} FROM visit_events WHERE event = 'opened' AND visit_id = ?", (visit_id,)
    ).fetchone()
    (flags,) = query(db, "SELECT described, linked FROM visits WHERE visit_id = ?", visit_id)
    assert tuple(flags.values()) == (int(any(said[:3])), int(said[3] is not None))
    return tuple(said)


def test_descriptions_are_removed_after_a_day_and_links_after_an_hour(store):
    play = FloorHarness()
    visit_id = a_visit(play)
    play.yes(KIOSK, ops.Cancel(visit_id))
    write_records(store, play.catalogue, play.records)
    ended = play.clock.now
    assert (LINK_MS, DESCRIPTION_MS) == (3_600_000, 86_400_000)
    assert forget(store, ended + LINK_MS - 1) == 0
    assert description_of(store, visit_id) == (SECRETS[0], "red", "door", SECRETS[1])
    assert forget(store, ended + LINK_MS) == 1
    assert description_of(store, visit_id) == (SECRETS[0], "red", "door", None)
    assert forget(store, ended + DESCRIPTION_MS - 1) == 0
    assert forget(store, ended + DESCRIPTION_MS) == 1
    assert description_of(store, visit_id) == (None, None, None, None)
    assert forget(store, ended + DESCRIPTION_MS) == 0


@pytest.mark.parametrize("place", WORDS + LINK)
def test_the_events_of_a_visit_are_found_by_its_id_in_a_long_log(store, place):
    """Otherwise, with years of events of one kind, it would block all writing for seconds."""
    table, setting, of = place
    plan = store.execute(f"EXPLAIN QUERY PLAN UPDATE {table} SET {setting} WHERE {of} AND visit_id = 'a'")
    assert ["(visit_id=?)" in row[3] for row in plan] == [True]


def test_an_open_visit_keeps_its_description(store):
    play = FloorHarness()
    visit_id = a_visit(play)
    write_records(store, play.catalogue, play.records)
    assert forget(store, play.clock.now + 10 * DESCRIPTION_MS) == 0
    assert description_of(store, visit_id)[0] == SECRETS[0]


def test_descriptions_leave_the_log_and_the_log_replays_as_before(store):
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = a_visit(play)
    play.accept("tom", visit_id)
    play.start("tom", visit_id)
    play.complete("tom", visit_id)
    fresh = a_visit(play, link="F" * 22)
    write_records(store, play.catalogue, play.records)
    forget(store, play.clock.now + DESCRIPTION_MS)
    bodies = " ".join(row["body"] for row in query(store, "SELECT body FROM visit_events ORDER BY seq"))
    assert SECRETS[1] not in bodies
    assert bodies.count(SECRETS[0]) == 1  # that of the visit still open
    again = Floor.replay(play.catalogue, event_log.records(store))
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


def test_each_kind_of_description_alone_is_removed(store):
    play = FloorHarness()
    visit_id = play.open("repair", place="door")
    play.yes(KIOSK, ops.Cancel(visit_id))
    write_records(store, play.catalogue, play.records)
    assert forget(store, play.clock.now + DESCRIPTION_MS) == 1
    assert description_of(store, visit_id) == (None,) * 4


def test_no_byte_of_it_stays_in_the_files(store, tmp_path):
    play = FloorHarness()
    for _ in range(40):
        visit_id = a_visit(play, link=None)
        play.yes(KIOSK, ops.Cancel(visit_id))
    write_records(store, play.catalogue, play.records)
    assert found(tmp_path)
    forget(store, play.clock.now + DESCRIPTION_MS)
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not found(tmp_path)


def test_the_replacement_has_the_same_number_of_bytes(store):
    """A row of another size would be moved, and SQLite leaves copies of other rows on its page."""
    play = FloorHarness()
    visit_with_descriptions(play, "Žluťoučký 🙂")
    a_visit(play, ticket="B-1")
    write_records(store, play.catalogue, play.records)
    sizes = "SELECT seq, length(CAST(body AS BLOB)) FROM visit_events ORDER BY seq"
    bodies = "SELECT body FROM visit_events ORDER BY seq"
    before, said = store.execute(sizes).fetchall(), store.execute(bodies).fetchall()
    remove_all(store)
    assert store.execute(sizes).fetchall() == before
    assert sum(a != b for a, b in zip(said, store.execute(bodies).fetchall(), strict=True)) == 6
    assert list(event_log.records(store))[-1].visit_id == play.records[-1].visit_id


def found(folder: Path) -> list[Path]:
    return [p for p in folder.iterdir() if any(secret.encode() in p.read_bytes() for secret in SECRETS)]


# --- notes and comments ----------------------------------------------------------------------------------


def visit_with_descriptions(play: FloorHarness, alias: str = SAID[0]) -> str:
    """A visit with a description in every place that can have one."""
    play.sign_on("tom", "maya")
    visit_id = play.open("repair", alias=alias)
    first = play.visit(visit_id).offer_to
    second = "maya" if first == "tom" else "tom"
    play.accept(first, visit_id)
    play.start(first, visit_id)
    play.on(first, ops.AddNote, visit_id, note=SAID[1])
    play.on(first, ops.HandOver, visit_id, note=SAID[2])
    play.on(second, ops.Claim, visit_id)
    play.start(second, visit_id)
    play.complete(second, visit_id, note=SAID[3])
    play.yes(KIOSK, ops.Rate(visit_id, ces=5, comment=SAID[4]))
    return visit_id


def everything(db) -> str:
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return "\n".join(db.iterdump())


def test_notes_and_comments_are_removed_and_ratings_stay(store, tmp_path):
    play = FloorHarness()
    visit_id = visit_with_descriptions(play)
    write_records(store, play.catalogue, play.records)
    for word in SAID:
        assert word in everything(store)
    assert forget(store, play.clock.now + DESCRIPTION_MS - 1) == 0
    assert forget(store, play.clock.now + DESCRIPTION_MS) == 1
    text = everything(store)
    assert not [word for word in SAID if word in text]
    assert not [p for p in tmp_path.iterdir() for word in SAID if word.encode() in p.read_bytes()]
    (row,) = query(store, "SELECT ces, resolution, handovers FROM visits WHERE visit_id = ?", visit_id)
    assert tuple(row.values()) == (5, Resolution.SOLVED.value, 1)
    again = Floor.replay(play.catalogue, event_log.records(store))
    assert again.visits[visit_id].notes == ()
    assert again.visits[visit_id].rev == play.visit(visit_id).rev
    assert forget(store, play.clock.now + 2 * DESCRIPTION_MS) == 0


@pytest.mark.parametrize("keep_h", [2, 12])
def test_a_shop_may_keep_them_for_less(store, keep_h):
    play = FloorHarness()
    visit_with_descriptions(play)
    write_records(store, play.catalogue, play.records)
    assert forget(store, play.clock.now + keep_h * 3_600_000 - 1, keep_h * 3_600_000) == 0
    assert forget(store, play.clock.now + keep_h * 3_600_000, keep_h * 3_600_000) == 1


def test_an_erasure_acts_at_once_also_on_an_open_visit(store):
    play = FloorHarness()
    ended = visit_with_descriptions(play)
    fresh = play.open("buy", alias="Robin", link="F" * 22)
    write_records(store, play.catalogue, play.records)
    day = play.catalogue.day(play.clock.now)
    store.execute("INSERT INTO ops VALUES ('1', randomblob(16), NULL, NULL, ?)", (play.clock.now,))
    erase(store, day, play.visit(ended).ticket)
    assert query(store, "SELECT hex(digest) AS of FROM ops") == [{"of": "0" * 32}]
    text = everything(store)
    assert not [word for word in SAID if word in text]
    assert "Robin" in text
    erase(store, day, play.visit(fresh).ticket)
    assert "Robin" not in everything(store)
    assert "F" * 22 not in everything(store)
    again = Floor.replay(play.catalogue, event_log.records(store))
    assert (again.visits[fresh].alias, again.visits[fresh].state) == (None, play.visit(fresh).state)
    for of, ticket in ((day, "Z-99"), ("2020-01-01", play.visit(ended).ticket)):
        with pytest.raises(AccountError, match=f"no ticket {ticket} on {of}"):
            erase(store, of, ticket)


def test_remove_all_removes_every_description(store):
    play = FloorHarness()
    visit_with_descriptions(play)
    a_visit(play, ticket="B-1")
    write_records(store, play.catalogue, play.records)
    remove_all(store)
    text = everything(store)
    assert not [word for word in (*SAID, *SECRETS) if word in text]


# --- answers kept of ops ---------------------------------------------------------------------------------


def test_the_result_of_an_op_has_no_contents_after_a_day_and_still_counts(store):
    asked = [("a" * 32, b"1" * 16, None, None), ("b" * 32, b"2" * 16, "unknown_place", "behind Rumpel")]
    asked.append(("c" * 32, b"3" * 16, "wrong_pin", "5"))
    for op_id, digest, refusal, about in asked:
        store.execute("INSERT INTO ops VALUES (?,?,?,?,?)", (op_id, digest, refusal, about, 1000))
    assert forget_answers(store, 1000 + DESCRIPTION_MS - 1) == []
    assert sorted(forget_answers(store, 1000 + DESCRIPTION_MS)) == [row[0] for row in asked]
    assert forget_answers(store, 1000 + DESCRIPTION_MS) == []
    assert query(store, "SELECT DISTINCT digest, about FROM ops ORDER BY op_id") == [
        {"digest": NO_DIGEST, "about": None},
        {"digest": NO_DIGEST, "about": " " * len("behind Rumpel")},
        {"digest": NO_DIGEST, "about": "5"},
    ]
    known = OpResults(startup.ops_done(store), startup.ops_refused(store))
    for op in (ops.Cancel("a" * 32), ops.Cancel("b" * 32)):
        assert known.find("b" * 32, op) == OpResult(NO_DIGEST, Refusal(Code.UNKNOWN_PLACE, ""))
    assert known.find("d" * 32, ops.Cancel("a" * 32)) is None


def test_answers_are_dropped_once_their_ops_would_be_refused_for_their_age(store):
    now = 2 * ANSWERS_KEPT_MS
    old, new = uuid7(now - ANSWERS_KEPT_MS - 1, b"x" * 10), uuid7(now - ANSWERS_KEPT_MS, b"x" * 10)
    assert too_old(old, now)
    assert not too_old(new, now)
    # The id of a slow clock is old and came lately; the id of a fast clock is not old yet.
    asked = {old: 0, f"{old[:-1]}a": now - ANSWERS_KEPT_MS, new: 0, "f" * 32: 0}
    for op_id, at in asked.items():
        store.execute("INSERT INTO ops VALUES (?, x'00', NULL, NULL, ?)", (op_id, at))
    assert drop_answers(store, now) == [old]
    assert drop_answers(store, now) == []
    assert {row["op_id"] for row in query(store, "SELECT op_id FROM ops")} == asked.keys() - {old}
    answers = OpResults([(old, NO_DIGEST), (new, NO_DIGEST)])
    answers.remove([old, "unknown"])
    assert answers.find(old, ops.Cancel("a" * 32)) is None
    assert answers.find(new, ops.Cancel("a" * 32)) is not None


def test_the_running_server_forgets_them_too():
    answers = OpResults([("a" * 32, b"1" * 16)], [("b" * 32, b"1" * 16, Refusal(Code.UNKNOWN_NEED, "x"))])
    assert answers.find("a" * 32, ops.Cancel("a" * 32)).refusal.code is Code.OP_ID_REUSED
    answers.remove_digests(["a" * 32, "b" * 32, "unknown"])
    assert answers.find("a" * 32, ops.Cancel("a" * 32)) == OpResult(NO_DIGEST, None)
    assert answers.find("b" * 32, ops.Cancel("a" * 32)) == OpResult(
        NO_DIGEST, Refusal(Code.UNKNOWN_NEED, "x")
    )
    assert answers.find("unknown", ops.Cancel("a" * 32)) is None
