"""What must not outlive its use is gone from every table, the log's own lines and every byte of the file."""

from pathlib import Path

import pytest

from sync_server.domain import ops
from sync_server.domain.events import Resolution
from sync_server.domain.floor import Floor
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.ticket import uuid7
from sync_server.service import queries
from sync_server.service.accounts import AccountError
from sync_server.service.answers import Answered, Answers
from sync_server.service.retention import (
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
from sync_server.service.store import connect, migrate
from tests.ledger import rows, write
from tests.shop import KIOSK, Play

SECRETS = ("Rumpelstiltskin", "QQQQQQQQQQQQQQQQQQQQQQ")
SAID = ("Rumpelstiltskin", "spindle", "firstborn", "goldthread", "midnight")


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
    fields = ", ".join(f"json_extract(body, '$.{name}')" for name in ("alias", "colour", "place", "link"))
    said = db.execute(
        f"SELECT {fields} FROM visit_events WHERE event = 'opened' AND visit_id = ?", (visit_id,)
    ).fetchone()
    (flags,) = rows(db, "SELECT described, linked FROM visits WHERE visit_id = ?", visit_id)
    assert tuple(flags.values()) == (int(any(said[:3])), int(said[3] is not None))
    return tuple(said)


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


@pytest.mark.parametrize("place", WORDS + LINK)
def test_what_one_visit_said_is_found_by_its_id_however_long_the_log_is(store, place):
    """With years of events of one kind it would hold up all writing for seconds otherwise."""
    table, setting, of = place
    plan = store.execute(f"EXPLAIN QUERY PLAN UPDATE {table} SET {setting} WHERE {of} AND visit_id = 'a'")
    assert ["(visit_id=?)" in row[3] for row in plan] == [True]


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


def test_what_is_put_in_its_place_fills_the_same_bytes(store):
    """A row of another size would be moved, and SQLite leaves copies of what else stood on its page."""
    play = Play()
    told_much(play, "Žluťoučký 🙂")
    a_visit(play, ticket="B-1")
    write(store, play.catalogue, play.records)
    sizes = "SELECT seq, length(CAST(body AS BLOB)) FROM visit_events ORDER BY seq"
    bodies = "SELECT body FROM visit_events ORDER BY seq"
    before, said = store.execute(sizes).fetchall(), store.execute(bodies).fetchall()
    remove_all(store)
    assert store.execute(sizes).fetchall() == before
    assert sum(a != b for a, b in zip(said, store.execute(bodies).fetchall(), strict=True)) == 6
    assert list(queries.records(store))[-1].visit_id == play.records[-1].visit_id


def found(folder: Path) -> list[Path]:
    return [p for p in folder.iterdir() if any(secret.encode() in p.read_bytes() for secret in SECRETS)]


# --- notes and comments ----------------------------------------------------------------------------------


def told_much(play: Play, alias: str = SAID[0]) -> str:
    """A visit of which something was written down wherever it can be."""
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


def test_notes_and_comments_are_gone_with_the_alias_and_what_was_answered_stays(store, tmp_path):
    play = Play()
    visit_id = told_much(play)
    write(store, play.catalogue, play.records)
    for word in SAID:
        assert word in everything(store)
    assert forget(store, play.clock.now + DESCRIPTION_MS - 1) == 0
    assert forget(store, play.clock.now + DESCRIPTION_MS) == 1
    text = everything(store)
    assert not [word for word in SAID if word in text]
    assert not [p for p in tmp_path.iterdir() for word in SAID if word.encode() in p.read_bytes()]
    (row,) = rows(store, "SELECT ces, resolution, handovers FROM visits WHERE visit_id = ?", visit_id)
    assert tuple(row.values()) == (5, Resolution.SOLVED.value, 1)
    again = Floor.replay(play.catalogue, queries.records(store))
    assert again.visits[visit_id].notes == ()
    assert again.visits[visit_id].rev == play.visit(visit_id).rev
    assert forget(store, play.clock.now + 2 * DESCRIPTION_MS) == 0


@pytest.mark.parametrize("keep_h", [2, 12])
def test_a_shop_may_keep_them_for_less(store, keep_h):
    play = Play()
    told_much(play)
    write(store, play.catalogue, play.records)
    assert forget(store, play.clock.now + keep_h * 3_600_000 - 1, keep_h * 3_600_000) == 0
    assert forget(store, play.clock.now + keep_h * 3_600_000, keep_h * 3_600_000) == 1


def test_what_is_erased_is_gone_at_once_also_of_a_visit_still_open(store):
    play = Play()
    ended = told_much(play)
    fresh = play.open("buy", alias="Robin", link="F" * 22)
    write(store, play.catalogue, play.records)
    day = play.catalogue.day(play.clock.now)
    store.execute("INSERT INTO ops VALUES ('1', randomblob(16), NULL, NULL, ?)", (play.clock.now,))
    erase(store, day, play.visit(ended).ticket)
    assert rows(store, "SELECT hex(digest) AS of FROM ops") == [{"of": "0" * 32}]
    text = everything(store)
    assert not [word for word in SAID if word in text]
    assert "Robin" in text
    erase(store, day, play.visit(fresh).ticket)
    assert "Robin" not in everything(store)
    assert "F" * 22 not in everything(store)
    again = Floor.replay(play.catalogue, queries.records(store))
    assert (again.visits[fresh].alias, again.visits[fresh].state) == (None, play.visit(fresh).state)
    for of, ticket in ((day, "Z-99"), ("2020-01-01", play.visit(ended).ticket)):
        with pytest.raises(AccountError, match=f"no ticket {ticket} on {of}"):
            erase(store, of, ticket)


def test_a_copy_that_is_kept_for_longer_holds_no_words_at_all(store):
    play = Play()
    told_much(play)
    a_visit(play, ticket="B-1")
    write(store, play.catalogue, play.records)
    remove_all(store)
    text = everything(store)
    assert not [word for word in (*SAID, *SECRETS) if word in text]


# --- answers kept of ops ---------------------------------------------------------------------------------


def test_an_answer_tells_nothing_of_the_op_after_a_day_and_still_answers_it(store):
    asked = [("a" * 32, b"1" * 16, None, None), ("b" * 32, b"2" * 16, "unknown_place", "behind Rumpel")]
    asked.append(("c" * 32, b"3" * 16, "wrong_pin", "5"))
    for op_id, digest, refusal, about in asked:
        store.execute("INSERT INTO ops VALUES (?,?,?,?,?)", (op_id, digest, refusal, about, 1000))
    assert forget_answers(store, 1000 + DESCRIPTION_MS - 1) == []
    assert sorted(forget_answers(store, 1000 + DESCRIPTION_MS)) == [row[0] for row in asked]
    assert forget_answers(store, 1000 + DESCRIPTION_MS) == []
    assert rows(store, "SELECT DISTINCT digest, about FROM ops ORDER BY op_id") == [
        {"digest": NO_DIGEST, "about": None},
        {"digest": NO_DIGEST, "about": " " * len("behind Rumpel")},
        {"digest": NO_DIGEST, "about": "5"},
    ]
    known = Answers(queries.ops_done(store), queries.ops_refused(store))
    for digest in (b"2" * 16, b"another op......"):
        assert known.find("b" * 32, digest) == Answered(NO_DIGEST, Refusal(Code.UNKNOWN_PLACE, ""))
    assert known.find("d" * 32, b"4" * 16) is None


def test_answers_are_dropped_once_their_ops_would_be_refused_for_their_age(store):
    now = 2 * ANSWERS_KEPT_MS
    old, new = uuid7(now - ANSWERS_KEPT_MS - 1, b"x" * 10), uuid7(now - ANSWERS_KEPT_MS, b"x" * 10)
    assert too_old(old, now)
    assert not too_old(new, now)
    # One of a slow clock came lately; one of a fast clock would not be refused yet.
    asked = {old: 0, f"{old[:-1]}a": now - ANSWERS_KEPT_MS, new: 0, "f" * 32: 0}
    for op_id, at in asked.items():
        store.execute("INSERT INTO ops VALUES (?, x'00', NULL, NULL, ?)", (op_id, at))
    assert drop_answers(store, now) == [old]
    assert drop_answers(store, now) == []
    assert {row["op_id"] for row in rows(store, "SELECT op_id FROM ops")} == asked.keys() - {old}
    answers = Answers([(old, NO_DIGEST), (new, NO_DIGEST)])
    answers.drop([old, "unknown"])
    assert answers.find(old, NO_DIGEST) is None
    assert answers.find(new, NO_DIGEST) is not None


def test_the_running_server_forgets_them_too():
    answers = Answers([("a" * 32, b"1" * 16)], [("b" * 32, b"1" * 16, Refusal(Code.UNKNOWN_NEED, "x"))])
    assert answers.find("a" * 32, b"2" * 16).refusal.code is Code.OP_ID_REUSED
    answers.forget(["a" * 32, "b" * 32, "unknown"])
    assert answers.find("a" * 32, b"2" * 16) == Answered(NO_DIGEST, None)
    assert answers.find("b" * 32, b"2" * 16) == Answered(NO_DIGEST, Refusal(Code.UNKNOWN_NEED, "x"))
    assert answers.find("unknown", b"2" * 16) is None
