"""What a device's database holds for the next start beside the ops."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync_server.device.storage.outbox import Outbox, ScreenState
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.device.sync.saved_rows import SavedState, SavedUpdate
from sync_server.domain import ops
from sync_server.domain.visit.ticket import TicketCounter
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow
from sync_server.protocol.wire import catalogue_digest
from tests.sample_store import MONDAY_10, catalogue

TAP = Submit("1" * 32, MONDAY_10, ops.Start("f" * 32, 3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tablet.db"


def test_the_counter_starts_empty_and_is_saved(path):
    outbox = Outbox(path)
    assert outbox.counter() == TicketCounter()
    outbox.save_counter(TicketCounter("2026-03-02", 12))
    outbox.close()
    assert Outbox(path).counter() == TicketCounter("2026-03-02", 12)


def test_the_catalogue_is_saved_with_its_digest(path):
    outbox = Outbox(path)
    assert outbox.catalogue() == (None, "")
    shop = catalogue()
    outbox.save_catalogue(shop, catalogue_digest(shop))
    outbox.close()
    assert Outbox(path).catalogue() == (shop, catalogue_digest(shop))


def test_a_catalogue_of_another_version_counts_as_none(path):
    outbox = Outbox(path)
    outbox._db.execute("""INSERT INTO kept VALUES ('catalogue', X'7B7D'), ('digest', X'226422')""")
    assert outbox.catalogue() == (None, "")


def visit_row(number: int, **more: Any) -> VisitRow:
    return VisitRow(f"{number:032x}", f"A-{number}", 1, "waiting", "ask", "en", MONDAY_10, **more)


VISITS = (visit_row(1), visit_row(2, alias="Mia"))
TOM, ASK = PersonRow("tom", "available", MONDAY_10, "t1"), QuoteRow("ask", 60, 120)
STATE = SavedState(MONDAY_10, 7, VISITS, (TOM,), (ASK,))
UPDATE = SavedUpdate(
    SavedState(MONDAY_10, 7),
    {**{("visit", v.visit_id): v for v in VISITS}, ("person", "tom"): TOM, ("quote", "ask"): ASK},
)


def test_the_servers_rows_are_saved(path):
    outbox = Outbox(path)
    assert outbox.saved_state() is None
    outbox.save_update(UPDATE)
    outbox.close()
    assert Outbox(path).saved_state() == STATE


@pytest.mark.parametrize("write", ["put", "settle", "save_update"])
def test_changed_rows_are_saved_with_an_op_an_answer_or_alone(path, write):
    outbox = Outbox(path)
    outbox.put(TAP)
    outbox.save_update(UPDATE)
    changed, new = visit_row(2, alias="Mia", place="door"), visit_row(3)
    gone = {("visit", VISITS[0].visit_id): None, ("quote", "ask"): None}
    rows = {("visit", changed.visit_id): changed, ("visit", new.visit_id): new, **gone}
    update = SavedUpdate(SavedState(MONDAY_10 + 1, 8), rows)
    if write == "put":
        outbox.put(Submit("2" * 32, MONDAY_10, TAP.op), update=update)
    elif write == "settle":
        outbox.settle(TAP.op_id, update)
    else:
        outbox.save_update(update)
    outbox.close()
    assert Outbox(path).saved_state() == SavedState(MONDAY_10 + 1, 8, (changed, new), (TOM,))


def test_replace_all_deletes_the_other_rows(path):
    outbox = Outbox(path)
    outbox.save_update(UPDATE)
    outbox.save_update(SavedUpdate(SavedState(MONDAY_10 + 1, 7), {("person", "tom"): TOM}, replace_all=True))
    outbox.close()
    assert Outbox(path).saved_state() == SavedState(MONDAY_10 + 1, 7, (), (TOM,))


def test_rows_are_saved_without_the_header_if_it_is_recent(path):
    outbox = Outbox(path)
    outbox.save_update(UPDATE)
    outbox.put(TAP, update=SavedUpdate(None, {("quote", "ask"): None}))
    outbox.close()
    assert Outbox(path).saved_state() == SavedState(MONDAY_10, 7, VISITS, (TOM,))


def test_rows_are_not_saved_if_their_op_cannot_be(path):
    outbox = Outbox(path)
    outbox.put(TAP)
    with pytest.raises(OutboxError):
        outbox.put(TAP, update=UPDATE)  # the same id twice
    assert outbox.saved_state() is None


def test_the_saved_state_of_an_older_version_is_read(path):
    outbox = Outbox(path)
    outbox._db.execute("INSERT INTO kept VALUES ('last', ?)", (msgspec.json.encode(STATE),))
    assert outbox.saved_state() == STATE
    outbox.save_update(msgspec.structs.replace(UPDATE, replace_all=True))
    (header,) = outbox._db.execute("SELECT value FROM kept WHERE name = 'last'").fetchone()
    assert b"Mia" not in header
    assert outbox.saved_state() == STATE


def test_a_row_of_another_version_counts_as_none(path):
    outbox = Outbox(path)
    outbox.save_update(UPDATE)
    outbox._db.execute("INSERT INTO last_rows VALUES ('visit', 'x', X'7B7D'), ('chair', 'y', X'7B7D')")
    assert outbox.saved_state() == STATE


def test_the_epoch_the_screen_and_the_revoked_key_are_saved(path):
    outbox = Outbox(path)
    assert (outbox.epoch(), outbox.screen(), outbox.revoked_key()) == ("", None, None)
    outbox.save_epoch("e1")
    outbox.save_screen(ScreenState(b"a ticket"))
    outbox.save_revoked_key("k" * 40)
    outbox.close()
    outbox = Outbox(path)
    assert (outbox.epoch(), outbox.screen(), outbox.revoked_key()) == ("e1", b"a ticket", "k" * 40)
    outbox.save_screen(ScreenState(None))
    outbox.save_revoked_key(None)
    assert (outbox.screen(), outbox.revoked_key()) == (None, None)


@pytest.mark.parametrize("name", ["catalogue", "digest"])
def test_half_a_catalogue_counts_as_none(path, name):
    outbox = Outbox(path)
    outbox.save_catalogue(catalogue(), "d" * 32)
    outbox._db.execute("DELETE FROM kept WHERE name = ?", (name,))
    assert outbox.catalogue() == (None, "")


def test_a_digest_of_another_version_counts_as_none(path):
    outbox = Outbox(path)
    outbox.save_catalogue(catalogue(), "d" * 32)
    outbox._db.execute("UPDATE kept SET value = CAST('7' AS BLOB) WHERE name = 'digest'")
    assert outbox.catalogue() == (None, "")


def test_a_counter_of_another_version_is_reported(path):
    outbox = Outbox(path)
    outbox._db.execute(
        "INSERT INTO kept VALUES ('counter', CAST('[]' AS BLOB)), ('screen', CAST('7' AS BLOB))"
    )
    assert outbox.screen() is None, "a screen is not worth an error"
    with pytest.raises(OutboxError) as error:
        outbox.counter()
    assert str(error.value).startswith(f"{path}: was written by another version of Welkom (")
    assert str(error.value).endswith("; start that version once more to send what is in it")


@pytest.mark.parametrize("save", ["rows", "screen"])
def test_copies_are_saved_without_waiting_for_the_disk_and_ops_are_not(path, save):
    outbox = Outbox(path)
    statements: list[str] = []
    outbox._db.set_trace_callback(statements.append)
    if save == "rows":
        outbox.save_update(UPDATE)
    else:
        outbox.save_screen(ScreenState(b"a ticket"))
    assert (statements[0], statements[-1]) == ("PRAGMA synchronous=NORMAL", "PRAGMA synchronous=FULL")
    assert "COMMIT" in statements
    statements.clear()
    outbox.put(TAP)
    assert not [statement for statement in statements if "synchronous" in statement]


def test_after_a_failed_save_commits_wait_for_the_disk_again(path):
    outbox = Outbox(path)
    outbox._db.execute("PRAGMA query_only = ON")
    with pytest.raises(OutboxError):
        outbox.save_update(UPDATE)
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)
