"""When the nightly backup is due, and what happens when it fails."""

import asyncio

import pytest
from msgspec.structs import replace

from sync_server.service.config.load import load_settings
from sync_server.service.config.model import BackupSettings
from sync_server.service.storage.connection import connect
from sync_server.service.upkeep import backup_schedule
from sync_server.service.upkeep.backup import back_up
from sync_server.service.upkeep.backup_schedule import BackupScheduler, due_at
from sync_server.service.upkeep.backup_set import backups
from sync_server.service.upkeep.verify import verify_file
from tests.fake_clock import FakeClock
from tests.sample_store import catalogue, ms

NIGHT = ms(2026, 3, 2, 2, 30)  # 03:30 in Amsterdam


@pytest.mark.parametrize(
    ("now", "at", "expected"),
    [
        (NIGHT, "03:30", NIGHT),
        (NIGHT - 1, "03:30", NIGHT - 86_400_000),
        (NIGHT + 3_600_000, "03:30", NIGHT),
        # clocks go forward on 29 March at 02:00, back on 25 October at 03:00
        (ms(2026, 3, 29, 1, 30), "03:30", ms(2026, 3, 29, 1, 30)),
        (ms(2026, 3, 29, 0, 59), "02:30", ms(2026, 3, 28, 1, 30)),
        (ms(2026, 3, 29, 2), "02:30", ms(2026, 3, 29, 1, 30)),
        (ms(2026, 10, 25, 3), "02:30", ms(2026, 10, 25, 0, 30)),
    ],
)
def test_it_is_due_once_a_night_whatever_the_clocks_do(now, at, expected):
    assert due_at(catalogue(), at, now) == expected


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NIGHT - 10 * 3_600_000)


@pytest.fixture
def night(folder, clock) -> BackupScheduler:
    """The scheduler of a store that was created at half past five in the afternoon."""
    db = connect(folder.store)
    db.execute("UPDATE epochs SET began_at = ?", (clock.now,))
    db.close()
    return BackupScheduler(folder, load_settings(folder.settings), clock)


def test_a_new_store_waits_for_its_first_night(night, clock):
    assert not night.is_due()
    clock.now = NIGHT - 1
    assert not night.is_due()
    clock.now = NIGHT
    assert night.is_due()


def test_one_backup_is_due_each_night_and_after_a_missed_night(night, clock, folder):
    clock.now = NIGHT
    back_up(folder, night.backups_dir, clock.now)
    assert night.latest() == NIGHT
    assert not night.is_due()
    clock.after(86_400 - 1)
    assert not night.is_due()
    clock.after(86_400 * 3 + 7000)
    assert night.is_due()


def test_a_nights_backup_is_made_at_the_stores_time_and_is_not_due_again(night, clock):
    """The computer's clock may be wrong, and say that it is not night, or that it was made in the future."""
    clock.now = NIGHT
    asyncio.run(night.make_backup())
    assert night.problem is None
    assert night.latest() == NIGHT
    assert not night.is_due()
    clock.after(86_400)
    assert night.is_due()


def test_an_incomplete_backup_does_not_count(night, clock, folder):
    clock.now = NIGHT
    (back_up(folder, night.backups_dir, clock.now) / "backup.json").write_text("{}")
    assert night.is_due()


def test_another_process_makes_the_backup_and_removes_the_oldest(folder, clock):
    settings = replace(load_settings(folder.settings), backup=BackupSettings(folder="nights", keep=2))
    night = BackupScheduler(folder, settings, clock)
    for day in (3, 2, 1):
        back_up(folder, night.backups_dir, NIGHT - day * 86_400_000)
    clock.now = NIGHT
    asyncio.run(night.make_backup())
    assert (night.problem, night.failures) == (None, 0)
    kept = backups(folder.path / "nights")
    assert len(kept) == 2
    assert kept[1].name == "welkom-20260301T023000Z"
    assert verify_file(kept[0] / "store.db") == []


def test_a_failed_backup_is_reported_until_one_succeeds(folder, clock, caplog):
    settings = replace(load_settings(folder.settings), backup=BackupSettings(folder="store.toml/in-a-file"))
    night = BackupScheduler(folder, settings, clock)
    asyncio.run(night.make_backup())
    assert "no backup could be made" in night.problem
    assert "tried again in a quarter of an hour: " + night.problem in caplog.text
    night.backups_dir = folder.path / "backups"
    asyncio.run(night.make_backup())
    assert (night.problem, night.failures) == (None, 1)


def test_while_it_fails_it_is_tried_less_often_and_a_fault_ends_nothing(night, monkeypatch):
    waits = []

    async def wait(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            raise asyncio.CancelledError

    answers = iter([False, RuntimeError("no such luck"), False])

    def is_due():
        if isinstance(answer := next(answers), Exception):
            raise answer
        return answer

    monkeypatch.setattr(night, "is_due", is_due)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(night.run(wait))
    assert waits == [backup_schedule.LOOK_EVERY_S, backup_schedule.RETRY_S, backup_schedule.RETRY_S]
    assert night.problem == "no such luck"
