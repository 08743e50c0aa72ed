"""Where pages of the log begin, and which visits came on a weekday or in an hour of the shop's day."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sync_server.service.reports import arrival_hours, visit_log
from sync_server.service.reports.visit_log import Beside, LogFilter, Sort
from sync_server.service.storage.connection import connect
from tests.store_rows import empty_store_file

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NEWEST, OLDEST = Sort(), Sort(descending=False)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    empty_store_file(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    yield db
    db.close()


def insert(db: sqlite3.Connection, number: int, at: datetime, need: str = "repair") -> None:
    db.execute(
        "INSERT INTO visits (visit_id, ticket, day, source, need, state, rev, created_at)"
        " VALUES (?, ?, ?, 'kiosk', ?, 'waiting', 1, ?)",
        (
            f"{number:032x}",
            f"A-{number}",
            at.astimezone(AMSTERDAM).date().isoformat(),
            need,
            round(at.timestamp() * 1000),
        ),
    )


def ids(lines: list[dict] | None) -> list[int]:
    return [int(line["visit_id"], 16) for line in lines]


@pytest.mark.parametrize("sort", [NEWEST, OLDEST])
def test_pages_beside_each_other_are_all_visits_once_and_in_order(db, sort):
    start = datetime(2026, 3, 6, 20, tzinfo=UTC)
    for number in range(30):  # pairs came at the same moment; the day changes in between
        insert(db, number, start + timedelta(minutes=number // 2 * 20), "repair" if number % 5 else "buy")
    for log_filter in (LogFilter(), LogFilter(need="repair"), LogFilter(from_day="2026-03-07")):
        everything = ids(visit_log.visit_log(db, log_filter, 100, 0, sort))
        assert everything
        found = page = ids(visit_log.visit_log(db, log_filter, 7, 0, sort))
        pages = [page]
        while page:
            page = ids(visit_log.lines_beside(db, log_filter, Beside(f"{page[-1]:032x}"), 7, sort))
            pages.append(page)
            found = found + page
        assert found == everything
        for page, following in pairwise(pages[:-1]):
            before = Beside(f"{following[0]:032x}", is_after=False)
            assert ids(visit_log.lines_beside(db, log_filter, before, 7, sort)) == page


def test_beside_a_visit_that_there_is_not_is_nothing(db):
    assert visit_log.lines_beside(db, LogFilter(), Beside("x"), 7) is None


@pytest.mark.parametrize("hour", range(24))
def test_an_hour_of_the_shops_day_has_its_visits_in_summer_and_winter(db, hour):
    # Around both changes of the clocks, where an hour is missing and one comes twice, and at the ends.
    moments = [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 28), (10, 24), (1, 1), (12, 31))]
    moments.append(datetime(2019, 7, 1, tzinfo=UTC))
    times = [moment + timedelta(minutes=30 * half) for moment in moments for half in range(96)]
    for number, at in enumerate(times):
        insert(db, number, at)
    condition = arrival_hours.arrived_in_hour(hour, AMSTERDAM, 2026)
    lines = visit_log.visit_log(db, LogFilter(also=(condition,)), 1000)
    expected = [at for at in times if at.astimezone(AMSTERDAM).hour == hour and at.year > 2019]
    found = [datetime.fromisoformat(line["created_at"]) for line in lines]
    assert sorted(at for at in found if at.year > 2019) == sorted(expected)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"])
def test_zones_without_changes_and_with_odd_offsets(db, zone):
    times = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=7 * n) for n in range(1200)]
    for number, at in enumerate(times):
        insert(db, number, at)
    condition = arrival_hours.arrived_in_hour(14, ZoneInfo(zone), 2026)
    expected = sum(at.astimezone(ZoneInfo(zone)).hour == 14 for at in times)
    assert visit_log.count_visits(db, LogFilter(also=(condition,))) == expected > 0


def test_a_weekday_has_its_visits(db):
    monday = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for number in range(21):
        insert(db, number, monday + timedelta(days=number))
    for weekday in range(7):
        lines = visit_log.visit_log(db, LogFilter(weekday=weekday))
        assert ids(lines) == [weekday + 14, weekday + 7, weekday]
