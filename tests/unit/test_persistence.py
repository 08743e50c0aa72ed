"""What a device saves of the server's rows, when, what it does if that fails, and what it removes."""

import asyncio
import logging
from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from sync_server.device.environment import Environment
from sync_server.device.storage.outbox import ScreenState
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.device.storage.persistence import (
    HOUR_MS,
    RETENTION_INTERVAL_S,
    SAVE_DELAY_S,
    SAVE_UNCHANGED_MS,
    Persistence,
)
from sync_server.device.sync.engine import Engine
from sync_server.device.sync.saved_rows import SavedState, SavedUpdate
from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import ClosedNeedRow, OverridesRow, PersonRow, QuoteRow
from tests.sample_store import MONDAY_10

from .persisted import persisted
from .replica_rows import VID, row
from .virtual_time import loop, virtual_time

TOM = PersonRow("tom", "available", MONDAY_10)
MIA = row(alias="Mia")
DAY_MS = 24 * HOUR_MS
SAVED = SavedState(MONDAY_10, 250, visits=(MIA,), people=(TOM,))
NOTE = Submit("1" * 32, MONDAY_10, ops.AddNote(VID, 1, "tall"))


# --- saving ------------------------------------------------------------------------------------------


@virtual_time
async def test_rows_are_saved_some_seconds_after_they_arrived(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        on.persistence.save_soon()
        await asyncio.sleep(60)
        assert on.saves == [], "the server has not sent anything"
        assert on.persistence.unsaved_update() is None
        on.connect(people=(TOM,))
        on.persistence.save_soon()
        await asyncio.sleep(SAVE_DELAY_S / 2)
        on.persistence.save_soon()
        await asyncio.sleep(60)
        assert on.saves == [(65_000, 60_000, 1)]
        assert on.outbox.saved_state() == SavedState(MONDAY_10 + 60_000, 0, people=(TOM,))
        assert on.persistence.unsaved_update() is None


@virtual_time
async def test_the_first_save_replaces_all_rows(tmp_path: Path) -> None:
    with persisted(tmp_path, saved=SAVED) as on:
        on.engine.replica.clear()
        on.connect(people=(TOM,))
        on.persistence.save_soon()
        update = on.persistence.unsaved_update()
        assert update == SavedUpdate(SavedState(MONDAY_10, 0), {("person", "tom"): TOM}, replace_all=True)
        on.persistence.save()
        assert on.outbox.saved_state() == SavedState(MONDAY_10, 0, people=(TOM,))


@virtual_time
async def test_a_failed_save_is_tried_again(tmp_path: Path, caplog: Any) -> None:
    with persisted(tmp_path) as on:
        on.connect(people=(TOM,))
        on.persistence.save_soon()
        on.outbox._db.execute("PRAGMA query_only = ON")
        with caplog.at_level(logging.ERROR):
            await asyncio.sleep(SAVE_DELAY_S + 1)
        (record,) = caplog.record_tuples
        assert record[:2] == ("sync_server.device.storage.persistence", logging.ERROR)
        assert "free some space" in record[2]
        assert on.persistence.unsaved_update() is not None
        on.outbox._db.execute("PRAGMA query_only = OFF")
        await asyncio.sleep(SAVE_DELAY_S)
        assert [at for at, _, _ in on.saves] == [5_000, 10_000]
        assert on.persistence.unsaved_update() is None
        assert on.outbox.saved_state() == SavedState(MONDAY_10, 0, people=(TOM,))


@virtual_time
async def test_the_time_of_the_last_contact_is_not_saved_with_each_change(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        on.connect(people=(TOM,))
        for at in (10, 20, 5_009, 5_010, 5_020):
            await asyncio.sleep(at / 1000 - loop().time())
            on.update(on.engine.replica.n + 1, quotes=(QuoteRow("ask", at),))
            on.persistence.save_soon()
            on.persistence.save()
        assert [header_at for _, header_at, _ in on.saves] == [10, None, None, 5_010, None]
        assert on.engine.replica.unsaved == {}
        quotes = (QuoteRow("ask", 5_020),)
        assert on.outbox.saved_state() == SavedState(MONDAY_10 + 5_010, 0, people=(TOM,), quotes=quotes)
        await asyncio.sleep(60)
        assert len(on.saves) == 5, "no timer is left"


@virtual_time
async def test_a_save_that_is_no_longer_needed_does_not_make_the_next_one_early(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        on.connect()
        on.persistence.save_soon()
        on.persistence.save()
        await asyncio.sleep(2)
        on.update(2, people=(TOM,))
        on.persistence.save_soon()
        await asyncio.sleep(60)
        assert [at for at, _, _ in on.saves] == [0, 7_000]


@virtual_time
async def test_a_server_whose_clock_was_set_back_is_saved_with_its_time(tmp_path: Path) -> None:
    with persisted(tmp_path, saved=SAVED) as on:
        on.engine.replica.mark_saved()
        on.connect()
        on.persistence.save_soon()
        assert on.persistence.unsaved_update().header is None, "the saved time is the same"
        on.persistence._saved = replace(SAVED, at=MONDAY_10 + 1)
        assert on.persistence.unsaved_update().header == SavedState(MONDAY_10, 0)


@virtual_time
async def test_a_contact_without_changes_is_saved_once_a_minute(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        on.persistence.save_if_stale()
        assert on.persistence.save_timer is None, "the server has not sent anything"
        on.connect()
        on.persistence.save_if_stale()
        await asyncio.sleep(SAVE_DELAY_S)
        assert [header_at for _, header_at, _ in on.saves] == [0]
        for at_ms, stale in ((SAVE_UNCHANGED_MS - 1, False), (SAVE_UNCHANGED_MS, True)):
            await asyncio.sleep(at_ms / 1000 - loop().time())
            on.engine.receive(msg.Beat(1, MONDAY_10 + loop().ms()), loop().ms())
            on.persistence.save_if_stale()
            assert (on.persistence.save_timer is not None) is stale


@virtual_time
async def test_everything_is_saved_at_the_end(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        on.persistence.start()
        on.connect(people=(TOM,))
        on.persistence.save_soon()
        on.persistence.stop()
        assert on.saves == [(0, 0, 1)]
        await asyncio.sleep(2 * RETENTION_INTERVAL_S)
        assert on.redacted == 1, "the timer has ended too"


# --- the server's time ---------------------------------------------------------------------------------


@virtual_time
async def test_before_the_first_contact_the_time_is_this_devices_own(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        await asyncio.sleep(1)
        assert on.persistence.server_time() == MONDAY_10 + 1000
        assert (on.persistence.ahead_ms(), on.persistence.last_contact_at) == (None, None)


@virtual_time
async def test_until_the_next_contact_the_saved_difference_counts(tmp_path: Path) -> None:
    with persisted(tmp_path, saved=SAVED) as on:
        assert on.persistence.server_time() == MONDAY_10 + 250
        assert (on.persistence.ahead_ms(), on.persistence.last_contact_at) == (250, MONDAY_10)
        await asyncio.sleep(1)
        on.wall -= 40
        on.connect()
        assert on.persistence.server_time() == MONDAY_10 + 1000
        assert (on.persistence.ahead_ms(), on.persistence.last_contact_at) == (40, MONDAY_10 + 1000)


# --- retention -----------------------------------------------------------------------------------------


@virtual_time
async def test_the_retention_is_applied_at_the_start_and_every_ten_minutes(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        on.persistence.start()
        assert on.redacted == 1
        await asyncio.sleep(3 * RETENTION_INTERVAL_S + 1)
        assert (on.redacted, RETENTION_INTERVAL_S) == (4, 600)
        on.persistence.start()
        await asyncio.sleep(RETENTION_INTERVAL_S - 1)
        assert on.redacted == 5, "the earlier timer has ended"


@virtual_time
async def test_a_device_that_was_suspended_applies_the_retention_when_it_wakes(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        on.persistence.start()
        on.persistence.retention_timer.cancel()  # timers do not run while a device is suspended
        await asyncio.sleep(RETENTION_INTERVAL_S - 0.001)
        on.persistence.save_if_stale()
        assert on.redacted == 1
        await asyncio.sleep(0.001)
        on.persistence.save_if_stale()
        assert on.redacted == 2
        on.persistence.save_if_stale()
        assert on.redacted == 2


@pytest.mark.parametrize(
    ("age_ms", "shown"),
    [(2 * HOUR_MS - 1, MIA), (2 * HOUR_MS, row()), (DAY_MS - 1, row()), (DAY_MS, None)],
)
@virtual_time
async def test_rows_lose_their_text_and_then_are_deleted(tmp_path: Path, age_ms: int, shown: Any) -> None:
    with persisted(tmp_path, saved=SAVED, wall=MONDAY_10 - 250 + age_ms) as on:
        on.engine.replica.mark_saved()
        on.persistence.set_retention_hours(2)
        on.outbox.apply_retention(on.wall, lambda _submit: 0)  # the file was vacuumed a moment ago
        on.persistence.apply_retention()
        visits = () if shown is None else (shown,)
        people = () if shown is None else (TOM,)
        assert tuple(on.engine.replica.visits.values()) == visits
        assert on.outbox.saved_state() == replace(SAVED, visits=visits, people=people)
        assert on.redacted == 1
        assert (b"Mia" in b"".join(f.read_bytes() for f in tmp_path.iterdir())) is (shown is MIA)
        on.saves.clear()
        on.persistence.apply_retention()
        assert on.saves == [], "nothing is left to be removed"


@virtual_time
async def test_rows_of_a_live_server_are_never_removed(tmp_path: Path) -> None:
    with persisted(tmp_path, saved=SAVED) as on:
        on.connect(visits=(MIA,))
        on.engine.tick(0)
        on.persistence._saved = replace(SAVED, at=MONDAY_10 - 2 * DAY_MS)
        on.persistence.apply_retention()
        assert on.engine.replica.visits == {VID: MIA}
        statements: list[str] = []
        on.outbox._db.set_trace_callback(statements.append)
        on.outbox.save_epoch("e1")
        on.persistence.apply_retention()
        assert "VACUUM" not in statements
        on.disconnect()
        on.persistence.apply_retention()
        assert on.engine.replica.visits == {}


@virtual_time
async def test_a_device_that_never_saved_anything_removes_no_rows(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        on.persistence.apply_retention()
        on.persistence.clear_rows()
        assert (on.saves, on.redacted) == ([], 2)


@virtual_time
async def test_ops_lose_their_text_in_memory_and_on_disk(tmp_path: Path) -> None:
    with persisted(tmp_path, pending=(NOTE,)) as on:
        on.persistence.set_retention_hours(3)
        on.persistence.set_retention_hours(3)
        assert (on.outbox.retention_hours(), on.persistence.retention_ms) == (3, 3 * HOUR_MS)
        on.wall += 3 * HOUR_MS - 1
        on.persistence.apply_retention()
        assert on.engine.pending == on.outbox.pending() == [NOTE]
        on.wall += 1
        on.persistence.apply_retention()
        without_text = replace(NOTE, op=ops.AddNote(VID, 1, "–"))
        assert on.engine.pending == on.outbox.pending() == [without_text]
    with persisted(tmp_path) as on:
        assert on.persistence.retention_ms == 3 * HOUR_MS


@virtual_time
async def test_the_retention_is_a_day_until_the_store_says_otherwise(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        assert on.persistence.retention_ms == DAY_MS
        statements: list[str] = []
        on.outbox._db.set_trace_callback(statements.append)
        on.persistence.set_retention_hours(24)
        assert statements == []


@virtual_time
async def test_a_revoked_device_removes_all_text_at_once(tmp_path: Path) -> None:
    with persisted(tmp_path, pending=(NOTE,)) as on:
        on.outbox.save_screen(ScreenState(b"the ticket of Mia"))
        on.outbox.apply_retention(on.wall, lambda _submit: 0)  # the file was vacuumed a moment ago
        on.wall += 1  # a millisecond after the tap
        on.persistence.redact_all()
        assert on.outbox.screen() is None
        assert on.engine.pending == on.outbox.pending() == [replace(NOTE, op=ops.AddNote(VID, 1, "–"))]
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"Mia" not in content
        assert b"tall" not in content


@virtual_time
async def test_rows_that_may_not_be_known_any_more_leave_no_traces(tmp_path: Path) -> None:
    with persisted(tmp_path, saved=SAVED) as on:
        on.outbox.apply_retention(MONDAY_10, lambda _submit: 0)  # the file was vacuumed a moment ago
        on.engine.replica.clear()
        on.persistence.clear_rows()
        assert on.outbox.saved_state() == replace(SAVED, visits=(), people=())
        assert b"Mia" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert on.redacted == 1


@virtual_time
async def test_rows_that_an_older_version_saved_in_the_header_are_removed_too(tmp_path: Path) -> None:
    with persisted(tmp_path) as on:
        on.outbox._db.execute("INSERT INTO kept VALUES ('last', ?)", (msgspec.json.encode(SAVED),))
    with persisted(tmp_path) as on:
        saved = on.outbox.saved_state()
        assert saved == SAVED
        engine = Engine((), saved=saved)
        clocks = Environment(lambda: MONDAY_10 + DAY_MS, lambda: 0, boot_id=str)
        persistence = Persistence(on.outbox, engine, clocks, saved)
        persistence.apply_retention()
        assert on.outbox.saved_state() == replace(SAVED, visits=(), people=())


@virtual_time
async def test_a_disk_that_fails_is_logged(tmp_path: Path, caplog: Any) -> None:
    with persisted(tmp_path, pending=(NOTE,)) as on:
        on.outbox._db.execute("PRAGMA query_only = ON")
        with caplog.at_level(logging.ERROR):
            on.persistence.apply_retention()
        assert "free some space" in caplog.text
        with pytest.raises(OutboxError):
            on.persistence.redact_all()


@virtual_time
async def test_once_all_text_is_removed_no_file_of_the_device_has_any_of_it(tmp_path: Path) -> None:
    word = b"Rumpelstiltskin"

    def files_with_it() -> list[Path]:
        return [path for path in tmp_path.iterdir() if b64encode(word) in path.read_bytes()]

    with persisted(tmp_path) as on:
        on.connect()
        on.persistence.apply_retention()  # so that the next look at traces is not due
        on.outbox.save_screen(ScreenState(word))
        assert files_with_it()
        on.persistence.redact_all()
        assert files_with_it() == []


@virtual_time
async def test_what_a_kiosk_offers_and_says_is_there_after_a_start_without_the_server(tmp_path: Path) -> None:
    closed = OverridesRow((ClosedNeedRow("repair", MONDAY_10 + 3_600_000),))
    with persisted(tmp_path) as on:
        on.connect()
        on.persistence.save_soon()
        on.persistence.save()
        on.update(2, overrides=closed)  # the saved contact is a moment old: it is saved all the same
        on.persistence.save_soon()
        await asyncio.sleep(SAVE_DELAY_S + 1)
        saved = on.outbox.saved_state()
    assert saved is not None
    assert Engine((), saved=saved).replica.overrides == closed
