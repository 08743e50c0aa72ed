"""When the backup of the night is due, and what becomes of one that fails."""

import asyncio

import pytest
from msgspec.structs import replace

from sync_server.service import nightly
from sync_server.service.backup import back_up, backups
from sync_server.service.nightly import Nightly, due, latest
from sync_server.service.settings import Backups, load_settings
from sync_server.service.store import connect
from sync_server.service.verify import verify_file
from tests.shop import Clock, catalogue, ms

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
    assert due(catalogue(), at, now) == expected


@pytest.fixture
def clock() -> Clock:
    return Clock(NIGHT - 10 * 3_600_000)


@pytest.fixture
def night(folder, clock) -> Nightly:
    """Of a store that began at half past five in the afternoon."""
    db = connect(folder.store)
    db.execute("UPDATE epochs SET began_at = ?", (clock.now,))
    db.close()
    return Nightly(folder, load_settings(folder.settings), clock)


def test_a_new_store_waits_for_its_first_night(night, clock):
    assert not night.is_due()
    clock.now = NIGHT - 1
    assert not night.is_due()
    clock.now = NIGHT
    assert night.is_due()


def test_one_a_night_and_a_night_that_was_missed_is_made_up_for(night, clock, folder):
    clock.now = NIGHT
    back_up(folder, night.into, clock.now)
    assert latest(night.into) == NIGHT
    assert not night.is_due()
    clock.after(86_400 - 1)
    assert not night.is_due()
    clock.after(86_400 * 3 + 7000)
    assert night.is_due()


def test_what_is_no_whole_backup_counts_for_nothing(night, clock, folder):
    clock.now = NIGHT
    (back_up(folder, night.into, clock.now) / "backup.json").write_text("{}")
    assert night.is_due()


def test_it_is_made_by_a_process_of_its_own_verified_and_the_oldest_removed(folder, clock):
    settings = replace(load_settings(folder.settings), backup=Backups(folder="nights", keep=2))
    night = Nightly(folder, settings, clock)
    for day in (3, 2, 1):
        back_up(folder, night.into, NIGHT - day * 86_400_000)
    asyncio.run(night.make())
    assert (night.problem, night.failures) == (None, 0)
    kept = backups(folder.path / "nights")
    assert len(kept) == 2
    assert kept[1].name == "welkom-20260301T023000Z"
    assert verify_file(kept[0] / "store.db") == []


def test_one_that_fails_is_told_and_the_next_that_works_puts_it_right(folder, clock, caplog):
    settings = replace(load_settings(folder.settings), backup=Backups(folder="store.toml/in-a-file"))
    night = Nightly(folder, settings, clock)
    asyncio.run(night.make())
    assert "no backup could be made" in night.problem
    assert "tried again in a quarter of an hour: " + night.problem in caplog.text
    night.into = folder.path / "backups"
    asyncio.run(night.make())
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

    monkeypatch.setattr(nightly.asyncio, "sleep", wait)
    monkeypatch.setattr(night, "is_due", is_due)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(night.run())
    assert waits == [nightly.LOOK_EVERY_S, nightly.AGAIN_S, nightly.AGAIN_S]
    assert night.problem == "no such luck"
