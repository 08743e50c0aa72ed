"""The device's own database: an op survives a crash, and leaves only with the server's answer."""

import sqlite3
import stat
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import structs

from sync_server.device.storage import outbox as outbox_module
from sync_server.device.storage.outbox import (
    DEFAULT_RETENTION_MS,
    MAX_PENDING,
    REFUSED_RETENTION_MS,
    VACUUM_INTERVAL_MS,
    Outbox,
)
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.device.sync.redaction import RATING_WINDOW_MS
from sync_server.domain import ops
from sync_server.domain.op_redaction import redact_op
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.ticket import TicketCounter
from sync_server.protocol.messages import Submit
from tests.sample_store import MONDAY_10

STALE = Refusal(Code.STALE_REV, "4")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kiosk.db"


def apply_retention(outbox: Outbox, at: int, *how: Any, **more: Any) -> None:
    """`at` is the time by both clocks."""
    outbox.apply_retention(at, lambda submit: abs(at - submit.at_device), *how, **more)


def submit(number: int, alias: str | None = None) -> Submit:
    visit_id = f"{number:032x}"
    return Submit(visit_id, MONDAY_10 + number, ops.OpenVisit(visit_id, "A-1", "ask", "en", alias=alias))


def test_ops_survive_in_the_order_they_were_made(path):
    outbox = Outbox(path)
    for number in (3, 1, 2):
        outbox.put(submit(number))
    outbox.close()
    assert Outbox(path).pending() == [submit(3), submit(1), submit(2)]


def test_only_the_owner_can_read_its_files(path):
    outbox = Outbox(path)
    outbox.put(submit(1, "Rumpelstiltskin"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    outbox.close()


def test_an_op_is_on_disk_when_put_returns(path):
    outbox = Outbox(path)
    outbox.put(submit(1), counter=TicketCounter("2026-03-02", 7))
    copy = path.with_name("copy.db")  # the files as a power cut would leave them
    for suffix in ("", "-wal"):
        copy.with_name(copy.name + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())
    again = Outbox(copy)
    assert again.pending() == [submit(1)]
    assert again.counter() == TicketCounter("2026-03-02", 7)


def test_every_commit_reaches_the_disk(path):
    outbox = Outbox(path)
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert outbox._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_deleted_text_is_overwritten_and_a_commit_is_small(path):
    outbox = Outbox(path)
    names = ("secure_delete", "page_size", "locking_mode")
    values = [outbox._db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert values == [1, 1024, "exclusive"]


def test_the_limits_of_an_outbox():
    assert (MAX_PENDING, VACUUM_INTERVAL_MS) == (5000, 540_000)


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
    with pytest.raises(OutboxError, match=r"UNIQUE.*; free some space on this device"):
        outbox.put(submit(1))
    assert not outbox._db.in_transaction
    assert outbox.pending() == [submit(1)]


def test_a_failed_put_does_not_use_up_the_ticket(path):
    outbox = Outbox(path)
    outbox.put(submit(1), counter=TicketCounter("2026-03-02", 1))
    with pytest.raises(OutboxError):
        outbox.put(submit(1), counter=TicketCounter("2026-03-02", 2))
    assert outbox.counter() == TicketCounter("2026-03-02", 1)


def test_a_refused_op_stays_until_it_is_dismissed(path):
    outbox = Outbox(path)
    outbox.put(submit(1))
    outbox.refuse(submit(1).op_id, STALE, MONDAY_10)
    outbox.close()
    outbox = Outbox(path)
    assert outbox.pending() == []
    assert outbox.refused() == [(submit(1), STALE)]
    outbox.dismiss(submit(1).op_id)
    assert outbox.refused() == []


def test_refusals_are_oldest_first_and_each_op_is_refused_once(path):
    outbox = Outbox(path)
    for number, at in ((1, MONDAY_10 + 5), (2, MONDAY_10)):
        outbox.put(submit(number))
        outbox.refuse(submit(number).op_id, STALE, at)
    outbox.refuse(submit(2).op_id, Refusal(Code.MALFORMED), MONDAY_10 + 9)  # no longer pending
    assert [op.op_id for op, _ in outbox.refused()] == [submit(2).op_id, submit(1).op_id]
    assert outbox.refused()[0][1] == STALE


def test_refusals_of_the_same_time_are_in_the_order_of_the_taps(path):
    outbox = Outbox(path)
    for number in (7, 3, 5):  # ids that were made within a millisecond do not sort by time
        outbox.put(submit(number))
    for number in (7, 3, 5):
        outbox.refuse(submit(number).op_id, STALE, MONDAY_10)
    apply_retention(outbox, MONDAY_10, clear_traces=True)
    assert [op for op, _ in outbox.refused()] == [submit(7), submit(3), submit(5)]


def test_a_refused_op_loses_its_text_after_a_day_and_is_deleted_later(path):
    outbox = Outbox(path)
    outbox.put(submit(1, alias="Rumpelstiltskin"))
    outbox.refuse(submit(1).op_id, STALE, MONDAY_10 + 1)
    apply_retention(outbox, MONDAY_10 + DEFAULT_RETENTION_MS)
    assert found("Rumpelstiltskin", path)
    apply_retention(outbox, MONDAY_10 + 1 + DEFAULT_RETENTION_MS)  # tapped at 10:00:00.001
    assert not found("Rumpelstiltskin", path)
    assert len(outbox.refused()) == 1
    apply_retention(outbox, MONDAY_10 + REFUSED_RETENTION_MS + 2)
    assert outbox.refused() == []


def test_an_op_that_waits_for_a_day_loses_its_text_and_stays_in_the_outbox(path):
    outbox = Outbox(path)
    visit_id, rev = "f" * 32, 3
    tapped: list[ops.DeviceOp] = [
        ops.OpenVisit(visit_id, "A-1", "ask", "en", "Rumpelstiltskin", "red", "door", 2, "L" * 22),
        ops.HandOver(visit_id, rev, "Rumpelstiltskin", "buy"),
        ops.AddNote(visit_id, rev, "Rumpelstiltskin"),
        ops.Complete(visit_id, rev, Resolution.SOLVED, "Rumpelstiltskin", "dry"),
        ops.QuickResolution(visit_id, "A-2", "ask", "en", Resolution.SOLVED, "Rumpelstiltskin"),
        ops.Rate(visit_id, 5, 9, "Rumpelstiltskin"),
        ops.Start(visit_id, rev),
    ]
    for number, op in enumerate(tapped):
        outbox.put(Submit(f"{number:032x}", MONDAY_10, op))
    apply_retention(outbox, MONDAY_10 + DEFAULT_RETENTION_MS - RATING_WINDOW_MS - 1)
    assert [s.op for s in outbox.pending()] == tapped
    apply_retention(outbox, MONDAY_10 + DEFAULT_RETENTION_MS - 1)
    # The visit of a comment may have ended an hour before.
    assert [s.op for s in outbox.pending()] == [
        redact_op(op) if isinstance(op, ops.Rate) else op for op in tapped
    ]
    apply_retention(outbox, MONDAY_10 + DEFAULT_RETENTION_MS)
    assert not found("Rumpelstiltskin", path)
    left = [s.op for s in outbox.pending()]
    assert left == [redact_op(op) for op in tapped]
    assert [type(op) for op in left] == [type(op) for op in tapped]
    assert left[0] == ops.OpenVisit(visit_id, "A-1", "ask", "en", party_size=2, link="L" * 22)
    assert left[3] == ops.Complete(visit_id, rev, Resolution.SOLVED, tip="dry")
    assert left[5] == ops.Rate(visit_id, 5, 9)


def test_a_store_may_shorten_the_retention_and_a_wrong_clock_never_extends_it(path):
    outbox = Outbox(path)
    assert outbox.retention_hours() is None
    outbox.save_retention_hours(2)
    assert outbox.retention_hours() == 2
    outbox.put(submit(1, alias="Rumpelstiltskin"))
    apply_retention(outbox, MONDAY_10 - 7_200_000 + 2, 7_200_000)
    assert found("Rumpelstiltskin", path)
    apply_retention(outbox, MONDAY_10 - 7_200_000 + 1, 7_200_000)  # at the tap the clock was two hours ahead
    assert not found("Rumpelstiltskin", path)
    assert [s.op_id for s in outbox.pending()] == [submit(1).op_id]


def test_every_text_field_of_an_op_is_redacted():
    """A new text field of an op has to be added to redaction.py too."""
    text_names = {"alias", "colour", "place", "note", "comment"}
    for op in get_args(ops.DeviceOp):
        text = {f.name for f in structs.fields(op) if f.encode_name in text_names}
        codes = {"visit_id", "ticket", "need", "language", "party_size", "link", "expected_rev", "ces", "nps"}
        codes |= {"presence", "resolution", "tip", "gift", "goodwill_cents", "service_s", "reason", "taps"}
        codes |= {"reached", "last", "seconds", "wanted"}
        assert {f.name for f in structs.fields(op)} <= text | codes, op


def test_the_text_of_a_settled_op_is_cleared_from_the_file(path):
    outbox = Outbox(path)
    outbox.put(submit(1, alias="Rumpelstiltskin"))
    outbox.settle(submit(1).op_id)
    apply_retention(outbox, MONDAY_10)
    assert not found("Rumpelstiltskin", path)


def test_the_file_is_vacuumed_at_intervals_and_only_after_a_change(path):
    outbox = Outbox(path)
    statements: list[str] = []
    outbox._db.set_trace_callback(statements.append)

    def vacuums(at: int, **how) -> bool:
        statements.clear()
        apply_retention(outbox, at, **how)
        return "VACUUM" in statements

    assert vacuums(MONDAY_10)  # an earlier run may have left traces
    assert not vacuums(MONDAY_10 + 10 * VACUUM_INTERVAL_MS)
    outbox.put(submit(1))
    outbox.settle(submit(1).op_id)
    assert not vacuums(MONDAY_10 + VACUUM_INTERVAL_MS - 1)
    assert vacuums(MONDAY_10 + VACUUM_INTERVAL_MS)
    outbox.put(submit(2))
    assert vacuums(MONDAY_10)  # the clock was set back
    assert vacuums(MONDAY_10, clear_traces=True)
    outbox.put(submit(3, alias="Rumpelstiltskin"))
    assert vacuums(MONDAY_10, retention_ms=0)  # text was due


def found(word: str, path: Path) -> list[Path]:
    """The files in the folder of `path` that contain a word."""
    return [p for p in path.parent.iterdir() if word.encode() in p.read_bytes()]


# --- a file that cannot be used --------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_reported_with_the_reason(path):
    path.write_text("this is a shopping list, not a database " * 100)
    with pytest.raises(OutboxError, match=r"kiosk\.db: file is not a database"):
        Outbox(path)


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(OutboxError, match=r"unable to open.*check that the folder exists"):
        Outbox(tmp_path / "nowhere" / "kiosk.db")


def test_a_database_that_cannot_be_read_any_more_is_reported(path):
    outbox = Outbox(path)
    outbox._db.execute("DROP TABLE pending")
    with pytest.raises(OutboxError) as error:
        outbox.pending()
    expected = f"{path}: no such table: pending; the file is damaged, start this app again to begin afresh"
    assert str(error.value) == expected


@pytest.mark.parametrize("read", [Outbox.pending, Outbox.refused, Outbox.counter, Outbox.catalogue])
def test_a_damaged_file_is_reported_with_what_to_do(path, read):
    outbox = Outbox(path)
    for number in range(50):
        outbox.put(submit(number))
        outbox.refuse(submit(number).op_id, STALE, MONDAY_10)
        outbox.put(submit(number + 100))
    outbox.save_counter(TicketCounter("2026-03-02", 1))
    outbox.close()
    whole = path.read_bytes()
    page = int.from_bytes(whole[16:18], "big")
    path.write_bytes(whole[:page] + b"\xff" * (len(whole) - page))
    with pytest.raises(OutboxError, match=r"kiosk\.db: .*malformed.*begin afresh"):
        read(Outbox(path))


def test_an_op_of_another_version_is_reported_and_not_deleted(path):
    outbox = Outbox(path)
    outbox._db.execute("INSERT INTO pending (op_id, submit) VALUES ('x', CAST('{\"op\":{}}' AS BLOB))")
    with pytest.raises(OutboxError, match=r"kiosk\.db: .*another version"):
        outbox.pending()
    assert outbox._db.execute("SELECT count(*) FROM pending").fetchone() == (1,)


def test_with_a_full_disk_the_tap_does_not_count(path):
    outbox = Outbox(path)
    outbox.put(submit(1))
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    put = [1]
    with pytest.raises(OutboxError, match="full; free some space"):
        fill(outbox, put)
    assert [s.op_id for s in outbox.pending()] == [submit(number).op_id for number in put]
    assert not outbox._db.in_transaction
    outbox._db.execute("PRAGMA max_page_count = 100000")
    outbox.put(submit(put[-1] + 1))
    assert outbox.pending()[-1] == submit(put[-1] + 1)


def fill(outbox: Outbox, put: list[int]) -> None:
    while put[-1] < 500:
        outbox.put(submit(put[-1] + 1))
        put.append(put[-1] + 1)


def test_a_read_only_file_is_reported(path):
    Outbox(path).close()
    outbox = Outbox(path)
    outbox._db.execute("PRAGMA query_only = ON")
    with pytest.raises(OutboxError, match=r"kiosk\.db: .*readonly"):
        outbox.put(submit(1))


def test_a_second_process_cannot_use_the_same_file(path, monkeypatch):
    monkeypatch.setattr(
        "sync_server.device.storage.outbox.sqlite3.connect", partial(sqlite3.connect, timeout=0)
    )
    first = Outbox(path)
    with pytest.raises(OutboxError, match=r"kiosk\.db: .*locked.* no second Welkom runs"):
        Outbox(path)
    first.put(submit(1))
    first.close()
    assert Outbox(path).pending() == [submit(1)]


@pytest.mark.fault(
    "A device is without its server until its outbox is full",
    "it accepts no more taps and the screen says so; its ops stay, and there is space again after an answer",
)
def test_a_full_outbox_takes_no_more_ops_until_one_is_settled(path, monkeypatch):
    monkeypatch.setattr(outbox_module, "MAX_PENDING", 2)
    outbox = Outbox(path)
    outbox.put(submit(1))
    outbox.put(submit(2))
    with pytest.raises(OutboxError) as error:
        outbox.put(submit(3))
    expected = (
        f"{path}: 2 taps wait here to be sent and no more are taken; bring this device back to the shop's"
    )
    assert str(error.value) == f"{expected} network"
    assert outbox.pending() == [submit(1), submit(2)]
    outbox.settle(submit(1).op_id)
    outbox.put(submit(3))
    assert outbox.pending() == [submit(2), submit(3)]
    with pytest.raises(OutboxError):
        outbox.put(submit(4))
