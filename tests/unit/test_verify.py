"""`verify` finds nothing in a sound store, and every fault in a broken one."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Presence, PresenceChanged
from sync_server.service.privacy.retention import DESCRIPTION_MS, LINK_MS
from sync_server.service.storage.catalogue_mirror import mirror_catalogue
from sync_server.service.storage.connection import connect
from sync_server.service.upkeep.replay_check import UNSETTLED_MS
from sync_server.service.upkeep.verify import LATE_MS, MAX_OF_A_KIND, verify, verify_file
from tests.floor_harness import KIOSK, FloorHarness
from tests.store_rows import empty_store_file, write_records

DESCRIPTION: dict[str, Any] = {"alias": "Rumpelstiltskin", "colour": "red", "place": "door", "link": "Q" * 22}


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> tuple[Path, FloorHarness]:
    """A store with events of many kinds."""
    play = FloorHarness()
    play.sign_on("tom", "lea")
    done = play.open("repair", **DESCRIPTION)
    play.clock.after(5)
    play.accept("tom", done)
    play.start("tom", done)
    play.on("tom", ops.Hold, done)
    play.clock.after(30)
    play.on("tom", ops.Resume, done)
    play.complete("tom", done, note="new cable", gift="cable")
    play.yes(KIOSK, ops.Rate(done, ces=5, nps=9, comment="lovely"))
    left = play.open("buy", **{**DESCRIPTION, "link": "R" * 22})
    play.yes(KIOSK, ops.Cancel(left))
    play.after(20)
    play.open("buy")
    play.open("repair_phone")
    play.open("buy")
    play.sign_on("maya")
    path = tmp_path_factory.mktemp("lived") / "store.db"
    empty_store_file(path)
    db = connect(path)
    mirror_catalogue(db, play.catalogue)
    write_records(db, play.catalogue, play.records)
    db.execute(
        "INSERT INTO ops VALUES ('a', zeroblob(16), NULL, NULL, 1), ('b', zeroblob(16), 'stale_rev', '2', 1)"
    )
    db.close()
    return path, play


@pytest.fixture
def path(lived, tmp_path: Path) -> Path:
    return Path(shutil.copy(lived[0], tmp_path / "store.db"))


@pytest.fixture
def catalogue(lived) -> Catalogue:
    return lived[1].catalogue


@pytest.fixture
def now(lived) -> int:
    return lived[1].clock.now


def found(path: Path, catalogue: Catalogue, now: int) -> list[str]:
    findings = verify_file(path, catalogue, now)
    assert all("; " in finding.text for finding in findings), "a finding without the way out"
    return [finding.about for finding in findings]


def spoil(path: Path, *statements: str) -> None:
    db = connect(path)
    db.execute("PRAGMA foreign_keys=OFF")
    for statement in statements:
        assert db.execute(statement).rowcount != 0, f"changes nothing: {statement}"
    db.close()


def test_a_sound_store_has_no_findings(path, catalogue, now):
    assert verify_file(path, catalogue, now) == []
    assert verify_file(path, None, now) == []


def test_a_new_store_is_sound(folder):
    assert verify(folder) == []


FIRST = "visit_id = (SELECT visit_id FROM visits WHERE ticket = 'A-1')"


@pytest.mark.parametrize(
    ("about", "statements"),
    [
        # 9: the log has no gaps, and matches the tables
        ("seq", ["DELETE FROM visit_events WHERE seq = 3"]),
        ("seq", ["UPDATE visit_events SET seq = seq + 1000 WHERE seq = (SELECT max(seq) FROM visit_events)"]),
        ("visits", [f"UPDATE visits SET resolution = 'sold' WHERE {FIRST}"]),
        ("visits", [f"UPDATE visits SET described = 0 WHERE {FIRST}"]),
        ("visits", [f"UPDATE visits SET linked = 1 - linked WHERE {FIRST}"]),
        ("visits", ["DELETE FROM visits WHERE ticket = 'A-3'"]),
        ("visits", ["INSERT INTO visits (visit_id, ticket, day, source, need, state, rev, created_at)"
                    " VALUES ('f', 'Z-1', '2026-03-02', 'kiosk', 'ask', 'waiting', 1, 1)"]),
        ("feedback", ["UPDATE feedback SET nps = 3"]),
        ("feedback", ["DELETE FROM feedback"]),
        ("presence", ["DELETE FROM presence_log WHERE seq = (SELECT max(seq) FROM presence_log)"]),
        ("presence", ["UPDATE presence_log SET presence = 'on_break' WHERE employee = 'tom'"]),
        ("presence", ["INSERT INTO presence_log VALUES (5000, 'tom', 'off_floor', 1)"]),
        ("log", ["UPDATE visit_events SET body = '{\"event\":\"nonsense\"}' WHERE seq = 4"]),
        ("log", ["UPDATE visit_events SET event = 'held' WHERE seq = 4"]),
        # 6, 7: revs and transitions
        ("rev", [f"UPDATE visit_events SET rev = 99 WHERE {FIRST} AND rev = 3"]),
        ("transition", ["UPDATE visit_events SET body = json_set(body, '$.event', 'resumed')"
                        f" WHERE {FIRST} AND event = 'accepted'"]),
        ("state", [f"UPDATE visits SET state = 'lost' WHERE {FIRST}"]),
        # 12: tickets
        ("ticket", ["UPDATE visit_events SET body = json_set(body, '$.ticket', 'A-1')"
                    " WHERE event = 'opened' AND json_extract(body, '$.ticket') = 'A-2'"]),
        # 5: one open offer
        ("offer", ["UPDATE visit_events SET body = json_set(body, '$.employee', 'maya')"
                   " WHERE event = 'offered'"]),
        # 3: stored answers
        ("ops", ["UPDATE ops SET refusal = 'whatever' WHERE op_id = 'b'"]),
        ("ops", ["UPDATE ops SET digest = x'00' WHERE op_id = 'b'"]),
        ("answers", ["INSERT INTO ops VALUES ('0', zeroblob(16), NULL, NULL, 1)"]),
        ("file", ["UPDATE feedback SET visit_id = 'nobody'"]),
        ("older", ["DELETE FROM _sqlite_migrations"]),
        ("newer", ["INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
                     " VALUES ('welkom', 'soon', 'x')"]),
    ],
)  # fmt: skip
def test_every_broken_invariant_is_found(path, catalogue, now, about, statements):
    spoil(path, *statements)
    assert about in found(path, catalogue, now)


def test_overdue_descriptions_are_found_in_the_log_itself(path, catalogue, now):
    late = now + DESCRIPTION_MS + LATE_MS
    assert found(path, catalogue, now + LINK_MS) == []  # the next round of retention removes it
    assert found(path, catalogue, now + LINK_MS + LATE_MS) == ["retention"]
    spoil(path, "UPDATE visits SET described = 0, linked = 0 WHERE ended_at > 0")
    (text,) = [
        f.text for f in verify_file(path, catalogue, late) if f.about == "retention" and "alias" in f.text
    ]
    assert text.startswith("2 visits still have their alias or colour or place")


def test_a_visit_waiting_while_an_employee_is_free_is_found(tmp_path):
    play = FloorHarness()
    play.open("repair")
    records = list(play.records)
    play.sign_on("tom")
    signed_on = next(r for r in play.records if r not in records)
    on_break = PresenceChanged("maya", Presence.ON_BREAK, "spare")
    later = replace(signed_on, seq=signed_on.seq + 1, at=signed_on.at + UNSETTLED_MS, event=on_break)
    for name, mirrored, log, wanted in (
        ("same", True, [signed_on, later], ["waiting"]),
        ("changed", False, [signed_on, later], []),
        ("just started", True, [signed_on], []),
        ("just started again", True, [signed_on, replace(later, at=later.at - 1)], []),
    ):
        path = tmp_path / f"{name}.db"
        empty_store_file(path)
        db = connect(path)
        if mirrored:
            mirror_catalogue(db, play.catalogue)
        write_records(db, play.catalogue, [*records, *log])
        db.close()
        assert found(path, play.catalogue, play.clock.now) == wanted


def test_a_damaged_file_is_named_and_nothing_more_is_asked_of_it(path, catalogue, now):
    whole = path.read_bytes()
    middle = 4096 * 5
    path.write_bytes(whole[:middle] + b"\x55" * 8192 + whole[middle + 8192 :])
    assert set(found(path, catalogue, now)) == {"file"}
    path.write_bytes(b"this is no database at all" * 100)
    assert set(found(path, catalogue, now)) == {"file"}
    path.unlink()
    assert found(path, catalogue, now) == ["file"]


def test_many_faults_of_one_kind_are_shortened(path, catalogue, now):
    spoil(path, "UPDATE ops SET digest = x'00'", *(
        f"INSERT INTO ops VALUES ('op{n}', x'00', NULL, NULL, 1)" for n in range(20)
    ))  # fmt: skip
    findings = verify_file(path, catalogue, now)
    assert len(findings) == MAX_OF_A_KIND + 1
    assert findings[-1].text.startswith("and 17 more")


def test_verify_never_waits_for_the_writer_and_reads_only_commits(path, catalogue, now):
    writer = connect(path)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM feedback")
    assert found(path, catalogue, now) == []
    writer.execute("COMMIT")
    writer.close()
    assert found(path, catalogue, now) == ["feedback"]
