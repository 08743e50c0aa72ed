"""The device's own database: what is tapped survives, and leaves only on the server's answer."""

import sqlite3
import stat
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from msgspec import structs

from sync_server.device import outbox as outbox_module
from sync_server.device.outbox import KEEP_MS, REFUSALS_KEPT_MS, TRACES_MS, Outbox, OutboxError
from sync_server.device.wordless import RATED_WITHIN_MS, wordless
from sync_server.domain import ops
from sync_server.domain.events import Resolution
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.ticket import Counter
from sync_server.protocol.messages import Submit
from tests.shop import MONDAY_10

STALE = Refusal(Code.STALE_REV, "4")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kiosk.db"


def submit(number: int, alias: str | None = None) -> Submit:
    visit_id = f"{number:032x}"
    return Submit(visit_id, MONDAY_10 + number, ops.OpenVisit(visit_id, "A-1", "ask", "en", alias=alias))


def test_ops_survive_in_the_order_they_were_made(path):
    outbox = Outbox(path)
    for number in (3, 1, 2):
        outbox.put(submit(number))
    outbox.close()
    assert Outbox(path).pending() == [submit(3), submit(1), submit(2)]


def test_its_files_are_for_nobody_elses_eyes(path):
    outbox = Outbox(path)
    outbox.put(submit(1, "Rumpelstiltskin"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    outbox.close()


def test_an_op_is_on_disk_when_put_returns(path):
    outbox = Outbox(path)
    outbox.put(submit(1), Counter("2026-03-02", 7))
    copy = path.with_name("copy.db")  # what a power cut would leave: the files as they are now
    for suffix in ("", "-wal"):
        copy.with_name(copy.name + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())
    again = Outbox(copy)
    assert again.pending() == [submit(1)]
    assert again.counter() == Counter("2026-03-02", 7)


def test_every_commit_reaches_the_disk(path):
    outbox = Outbox(path)
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert outbox._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_settled_op_is_gone_and_the_others_stay(path):
    outbox = Outbox(path)
    for number in (1, 2, 3):
        outbox.put(submit(number))
    outbox.settle(submit(2).op_id)
    outbox.settle("f" * 32)
    outbox.close()
    assert Outbox(path).pending() == [submit(1), submit(3)]


def test_an_op_is_found_by_its_id_until_it_is_settled(path):
    outbox = Outbox(path)
    outbox.put(submit(1))
    assert outbox.find(submit(1).op_id) == submit(1)
    outbox.settle(submit(1).op_id)
    assert outbox.find(submit(1).op_id) is None


def test_an_op_with_the_same_id_is_not_put_twice(path):
    outbox = Outbox(path)
    outbox.put(submit(1))
    with pytest.raises(OutboxError):
        outbox.put(submit(1))
    assert outbox.pending() == [submit(1)]


def test_a_put_that_fails_does_not_use_up_the_ticket_either(path):
    outbox = Outbox(path)
    outbox.put(submit(1), Counter("2026-03-02", 1))
    with pytest.raises(OutboxError):
        outbox.put(submit(1), Counter("2026-03-02", 2))
    assert outbox.counter() == Counter("2026-03-02", 1)


def test_a_refused_op_is_kept_until_a_person_has_seen_it(path):
    outbox = Outbox(path)
    outbox.put(submit(1))
    outbox.refuse(submit(1).op_id, STALE, MONDAY_10)
    outbox.close()
    outbox = Outbox(path)
    assert outbox.pending() == []
    assert outbox.refused() == [(submit(1), STALE)]
    outbox.dismiss(submit(1).op_id)
    assert outbox.refused() == []


def test_refusals_come_oldest_first_and_one_is_told_once(path):
    outbox = Outbox(path)
    for number, at in ((1, MONDAY_10 + 5), (2, MONDAY_10)):
        outbox.put(submit(number))
        outbox.refuse(submit(number).op_id, STALE, at)
    outbox.refuse(submit(2).op_id, Refusal(Code.MALFORMED), MONDAY_10 + 9)  # no longer pending
    assert [op.op_id for op, _ in outbox.refused()] == [submit(2).op_id, submit(1).op_id]
    assert outbox.refused()[0][1] == STALE


def test_refusals_of_one_moment_come_in_the_order_of_the_taps(path):
    outbox = Outbox(path)
    for number in (7, 3, 5):  # ids made within a millisecond do not sort by time
        outbox.put(submit(number))
    for number in (7, 3, 5):
        outbox.refuse(submit(number).op_id, STALE, MONDAY_10)
    outbox.forget(MONDAY_10, to_the_last_byte=True)
    assert [op for op, _ in outbox.refused()] == [submit(7), submit(3), submit(5)]


def test_a_refused_op_may_hold_an_alias_and_that_is_gone_after_a_day_from_every_byte(path):
    outbox = Outbox(path)
    outbox.put(submit(1, alias="Rumpelstiltskin"))
    outbox.refuse(submit(1).op_id, STALE, MONDAY_10 + 1)
    outbox.forget(MONDAY_10 + KEEP_MS)
    assert found("Rumpelstiltskin", path)
    outbox.forget(MONDAY_10 + 1 + KEEP_MS)  # tapped at 10:00:00.001
    assert not found("Rumpelstiltskin", path)
    assert len(outbox.refused()) == 1
    outbox.forget(MONDAY_10 + REFUSALS_KEPT_MS + 2)
    assert outbox.refused() == []


def test_an_op_that_waits_for_a_day_loses_its_words_and_stays_in_the_outbox(path):
    outbox = Outbox(path)
    visit_id, rev = "f" * 32, 3
    given = [
        ops.OpenVisit(visit_id, "A-1", "ask", "en", "Rumpelstiltskin", "red", "door", 2, "L" * 22),
        ops.HandOver(visit_id, rev, "Rumpelstiltskin", "buy"),
        ops.AddNote(visit_id, rev, "Rumpelstiltskin"),
        ops.Complete(visit_id, rev, Resolution.SOLVED, "Rumpelstiltskin", "dry"),
        ops.QuickResolution(visit_id, "A-2", "ask", "en", Resolution.SOLVED, "Rumpelstiltskin"),
        ops.Rate(visit_id, 5, 9, "Rumpelstiltskin"),
        ops.Start(visit_id, rev),
    ]
    for number, op in enumerate(given):
        outbox.put(Submit(f"{number:032x}", MONDAY_10, op))
    outbox.forget(MONDAY_10 + KEEP_MS - RATED_WITHIN_MS - 1)
    assert [s.op for s in outbox.pending()] == given
    outbox.forget(MONDAY_10 + KEEP_MS - 1)
    # A comment is of a visit that may have ended an hour before.
    assert [s.op for s in outbox.pending()] == [
        wordless(op) if isinstance(op, ops.Rate) else op for op in given
    ]
    outbox.forget(MONDAY_10 + KEEP_MS)
    assert not found("Rumpelstiltskin", path)
    kept = [s.op for s in outbox.pending()]
    assert kept == [wordless(op) for op in given]
    assert [type(op) for op in kept] == [type(op) for op in given]
    assert kept[0] == ops.OpenVisit(visit_id, "A-1", "ask", "en", party_size=2, link="L" * 22)
    assert kept[3] == ops.Complete(visit_id, rev, Resolution.SOLVED, tip="dry")
    assert kept[5] == ops.Rate(visit_id, 5, 9)


def test_a_shop_may_keep_words_for_less_long_and_a_wrong_clock_keeps_none_for_ever(path):
    outbox = Outbox(path)
    assert outbox.hours() is None
    outbox.keep_hours(2)
    assert outbox.hours() == 2
    outbox.put(submit(1, alias="Rumpelstiltskin"))
    outbox.forget(MONDAY_10 - 7_200_000 + 2, 7_200_000)
    assert found("Rumpelstiltskin", path)
    outbox.forget(MONDAY_10 - 7_200_000 + 1, 7_200_000)  # the clock was two hours ahead at the tap
    assert not found("Rumpelstiltskin", path)
    assert [s.op_id for s in outbox.pending()] == [submit(1).op_id]


def test_no_op_has_words_that_are_not_known_here():
    """Whoever adds a field of free words to an op adds it to `wordless` too."""
    words = {"alias", "colour", "place", "note", "comment"}
    for op in get_args(ops.DeviceOp):
        free = {f.name for f in structs.fields(op) if f.encode_name in words}
        codes = {"visit_id", "ticket", "need", "language", "party_size", "link", "expected_rev", "ces", "nps"}
        codes |= {"presence", "resolution", "tip", "gift", "goodwill_cents"}
        assert {f.name for f in structs.fields(op)} <= free | codes, op


def test_the_alias_of_an_answered_op_leaves_the_file_while_the_kiosk_runs_on(path):
    outbox = Outbox(path)
    outbox.put(submit(1, alias="Rumpelstiltskin"))
    outbox.settle(submit(1).op_id)
    outbox.forget(MONDAY_10)
    assert not found("Rumpelstiltskin", path)


def test_the_file_is_written_anew_now_and_then_and_only_after_a_change(path):
    outbox = Outbox(path)
    statements: list[str] = []
    outbox._db.set_trace_callback(statements.append)

    def written_anew(at: int, **how) -> bool:
        statements.clear()
        outbox.forget(at, **how)
        return "VACUUM" in statements

    assert written_anew(MONDAY_10)  # whatever an earlier run left
    assert not written_anew(MONDAY_10 + 10 * TRACES_MS)
    outbox.put(submit(1))
    outbox.settle(submit(1).op_id)
    assert not written_anew(MONDAY_10 + TRACES_MS - 1)
    assert written_anew(MONDAY_10 + TRACES_MS)
    outbox.put(submit(2))
    assert written_anew(MONDAY_10)  # the clock was set back
    assert written_anew(MONDAY_10, to_the_last_byte=True)
    outbox.put(submit(3, alias="Rumpelstiltskin"))
    assert written_anew(MONDAY_10, keep_ms=0)  # words were due


def found(word: str, path: Path) -> list[Path]:
    """The files beside `path`, and itself, in which a word stands."""
    return [p for p in path.parent.iterdir() if word.encode() in p.read_bytes()]


# --- a file that cannot be used --------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_named_with_the_reason(path):
    path.write_text("this is a shopping list, not a database " * 100)
    with pytest.raises(OutboxError, match=r"kiosk\.db: file is not a database"):
        Outbox(path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OutboxError, match=r"unable to open.*check that the folder exists"):
        Outbox(tmp_path / "nowhere" / "kiosk.db")


@pytest.mark.parametrize("read", [Outbox.pending, Outbox.refused, Outbox.counter, Outbox.catalogue])
def test_a_damaged_file_is_named_and_what_to_do(path, read):
    outbox = Outbox(path)
    for number in range(50):
        outbox.put(submit(number))
        outbox.refuse(submit(number).op_id, STALE, MONDAY_10)
        outbox.put(submit(number + 100))
    outbox.keep_counter(Counter("2026-03-02", 1))
    outbox.close()
    whole = path.read_bytes()
    page = int.from_bytes(whole[16:18], "big")
    path.write_bytes(whole[:page] + b"\xff" * (len(whole) - page))
    with pytest.raises(OutboxError, match=r"kiosk\.db: .*malformed.*move this file away"):
        read(Outbox(path))


def test_an_op_of_another_version_is_named_and_not_thrown_away(path):
    outbox = Outbox(path)
    outbox._db.execute("INSERT INTO pending (op_id, submit) VALUES ('x', CAST('{\"op\":{}}' AS BLOB))")
    with pytest.raises(OutboxError, match=r"kiosk\.db: .*another version"):
        outbox.pending()
    assert outbox._db.execute("SELECT count(*) FROM pending").fetchone() == (1,)


def test_a_full_disk_means_the_tap_did_not_count_and_says_so(path):
    outbox = Outbox(path)
    outbox.put(submit(1))
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    put = [1]
    with pytest.raises(OutboxError, match="full; free some space"):
        fill(outbox, put)
    assert [s.op_id for s in outbox.pending()] == [submit(number).op_id for number in put]
    outbox._db.execute("PRAGMA max_page_count = 100000")
    outbox.put(submit(put[-1] + 1))
    assert outbox.pending()[-1] == submit(put[-1] + 1)


def fill(outbox: Outbox, put: list[int]) -> None:
    while put[-1] < 500:
        outbox.put(submit(put[-1] + 1))
        put.append(put[-1] + 1)


def test_a_file_that_cannot_be_written_is_named(path):
    Outbox(path).close()
    outbox = Outbox(path)
    outbox._db.execute("PRAGMA query_only = ON")
    with pytest.raises(OutboxError, match=r"kiosk\.db: .*readonly"):
        outbox.put(submit(1))


def test_a_second_welkom_on_the_same_file_is_stopped_and_told_why(path, monkeypatch):
    monkeypatch.setattr(outbox_module.sqlite3, "connect", partial(sqlite3.connect, timeout=0))
    first = Outbox(path)
    with pytest.raises(OutboxError, match=r"kiosk\.db: .*locked.* no second Welkom runs"):
        Outbox(path)
    first.put(submit(1))
    first.close()
    assert Outbox(path).pending() == [submit(1)]


@pytest.mark.fault(
    "A device is away from its server until its outbox is full",
    "no more taps are taken and the screen says so; what is in it stays, and there is room after an answer",
)
def test_a_full_outbox_takes_no_more_says_so_and_has_room_again_after_an_answer(path, monkeypatch):
    monkeypatch.setattr(outbox_module, "MOST_PENDING", 2)
    outbox = Outbox(path)
    outbox.put(submit(1))
    outbox.put(submit(2))
    with pytest.raises(OutboxError, match="2 taps wait here to be sent and no more are taken"):
        outbox.put(submit(3))
    assert outbox.pending() == [submit(1), submit(2)]
    outbox.settle(submit(1).op_id)
    outbox.put(submit(3))
    assert outbox.pending() == [submit(2), submit(3)]
