"""What the report shows beside the key figures equals plain SQL over the store's tables."""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sync_server.domain.report.histogram import count
from sync_server.domain.report.period_summary import PeriodSummary, cell_of
from sync_server.domain.report.visitors_way import visitors_way
from sync_server.service.config.load import load_settings
from sync_server.service.reports.period_summaries import summary_of
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from sync_server.simulation.history.fill import fill_store

TODAY = date(2026, 3, 31)
FIRST = date(2026, 3, 22)  # with the night of the 29th, which has 23 hours
ZONE = ZoneInfo("Europe/Amsterdam")
QUICK = "(source = 'staff' AND created_at IS serving_at)"


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[sqlite3.Connection, PeriodSummary]]:
    """Nine days of a made-up shop, and their summary."""
    folder = DataDir(tmp_path_factory.mktemp("report") / "store")
    fill_store(folder.path, (TODAY - FIRST).days, 90, 3, TODAY, 1)
    db = connect(folder.store)
    now = int(datetime(2026, 3, 31, 9, tzinfo=ZONE).timestamp() * 1000)
    yield db, summary_of(db, load_settings(folder.settings).catalogue(), FIRST, TODAY, now)
    db.close()


def rows(db: sqlite3.Connection, sql: str) -> list[tuple[Any, ...]]:
    return db.execute(sql).fetchall()


def test_needs(past: tuple[sqlite3.Connection, PeriodSummary]) -> None:
    db, summary = past
    found = {
        code: (need.visits, need.completed, need.first_contact, need.tips, need.back)
        for code, need in summary.needs.items()
    }
    sql = (
        "SELECT need, count(*), sum(state = 'completed'), coalesce(sum(first_contact_resolved), 0),"
        " sum(state = 'completed' AND tip IS NOT NULL), sum(source = 'phone') FROM visit_log GROUP BY need"
    )
    assert found == {need: tuple(numbers) for need, *numbers in rows(db, sql)}
    ends = {(code, end): n for code, need in summary.needs.items() for end, n in need.ends.items()}
    sql = (
        "SELECT need, coalesce(resolution, state), count(*) FROM visit_log WHERE ended_at IS NOT NULL"
        " GROUP BY 1, 2"
    )
    assert ends == {(need, end): number for need, end, number in rows(db, sql)}
    handled = {code: (need.handled, need.handling_s) for code, need in summary.needs.items() if need.handled}
    expected: dict[str, tuple[int, int]] = {}
    sql = (
        f"SELECT need, CASE WHEN {QUICK} THEN said_service_s ELSE"
        " (ended_at - accepted_at - held_ms) / 1000.0 END FROM visits WHERE NOT left_open"
    )
    for need, busy_s in rows(db, sql):
        if busy_s is not None:
            number, seconds = expected.get(need, (0, 0))
            expected[need] = number + 1, seconds + ceil(round(busy_s, 3))
    assert handled == expected


def test_hours_of_the_week(past: tuple[sqlite3.Connection, PeriodSummary]) -> None:
    db, summary = past
    expected: dict[int, tuple[int, int, int]] = {}
    sql = (
        "SELECT day, created_at, wait_s IS NOT NULL, serving_at IS NULL AND state IN"
        " ('cancelled', 'no_show', 'expired') FROM visit_log"
    )
    for day, created_at, waited, left in rows(db, sql):
        hour = datetime.fromisoformat(created_at).astimezone(ZONE).hour
        at = cell_of(date.fromisoformat(day).weekday(), hour)
        one = expected.get(at, (0, 0, 0))
        expected[at] = one[0] + 1, one[1] + waited, one[2] + left
    assert {a: (c.visits, count(c.waits), c.left) for a, c in summary.cells.items()} == expected
    assert sum(summary.days.values()) == rows(db, "SELECT count(DISTINCT day) FROM visits")[0][0]


def test_what_was_told(past: tuple[sqlite3.Connection, PeriodSummary]) -> None:
    db, summary = past
    sql = (
        "SELECT max(1, CAST(ceil(quoted_high_s / 60) AS INTEGER)), count(*),"
        " sum(wait_s BETWEEN quoted_low_s AND quoted_high_s) FROM visit_log"
        " WHERE quoted_high_s IS NOT NULL AND (serving_at IS NOT NULL OR wait_s > quoted_high_s) GROUP BY 1"
    )
    found = {minutes: (count(one.waits), one.held) for minutes, one in summary.told.items()}
    assert found == {minutes: (number, held) for minutes, number, held in rows(db, sql)}
    assert len(found) > 1


def test_weeks_and_gifts(past: tuple[sqlite3.Connection, PeriodSummary]) -> None:
    db, summary = past
    weeks = {
        week: (one.visits, count(one.ces), sum(score * n for score, n in one.ces.items()))
        for week, one in summary.weeks.items()
    }
    sql = (
        "SELECT date(day, 'weekday 0', '-6 days'), count(*), count(ces), coalesce(sum(ces), 0)"
        " FROM visit_log GROUP BY 1"
    )
    assert weeks == {week: tuple(numbers) for week, *numbers in rows(db, sql)}
    given = {code: (one.visits, one.cents) for code, one in summary.given.items()}
    sql = (
        "SELECT coalesce(gift, ''), count(*), sum(goodwill_cents) FROM visits"
        " WHERE gift IS NOT NULL OR goodwill_cents > 0 GROUP BY 1"
    )
    assert given == {gift: (number, cents) for gift, number, cents in rows(db, sql)}
    assert given


def test_the_visitors_way_and_times_told(past: tuple[sqlite3.Connection, PeriodSummary]) -> None:
    db, summary = past
    way = {step.name: step.went_on for step in visitors_way(summary)}
    sql = (
        "SELECT count(*), sum(accepted_at IS NOT NULL), sum(serving_at IS NOT NULL),"
        f" sum(state = 'completed'), sum(ces IS NOT NULL OR nps IS NOT NULL) FROM visits WHERE NOT {QUICK}"
    )
    came, accepted, served, completed, answered = rows(db, sql)[0]
    assert (way["line"].part, way["line"].whole) == (accepted, came)
    assert (way["coming"].part, way["coming"].whole) == (served, accepted)
    assert (way["with_us"].part, way["with_us"].whole) == (completed, served)
    assert way["thanks"].part == answered
    sql = "SELECT reached, sum(sessions), sum(sessions * taps) FROM kiosk_sessions GROUP BY reached"
    sessions = {reached: (number, taps) for reached, number, taps in rows(db, sql)}
    looked, chose, joined = (sessions[step][0] for step in ("greeting", "need", "line"))
    assert (way["greeting"].part, way["greeting"].whole) == (chose + joined, looked + chose + joined)
    assert (way["need"].part, way["need"].whole) == (joined, chose + joined)
    sql = "SELECT count(*), sum(visit_id IN (SELECT visit_id FROM opened_pages)), sum(taps) FROM visits"
    own, opened, taps = rows(db, f"{sql} WHERE source IN ('kiosk', 'phone')")[0]
    assert (way["page"].part, way["page"].whole) == (opened, own)
    assert sum(number * visits for number, visits in summary.taps.items()) == taps == sessions["line"][1]
    sql = "SELECT sum(taps), count(taps) FROM visits WHERE ces <= 3 AND taps IS NOT NULL"
    low = {taps: sum(ces.get(n, 0) for n in (1, 2, 3)) for taps, ces in summary.taps_ces.items()}
    assert (sum(n * visits for n, visits in low.items()), sum(low.values())) == rows(db, sql)[0]
    sql = (
        "SELECT told, count(*) FROM (SELECT count(DISTINCT json_extract(body, '$.employee')) AS told"
        " FROM visit_events JOIN visits USING (visit_id)"
        f" WHERE event = 'started' AND NOT {QUICK} GROUP BY visit_id) GROUP BY told"
    )
    assert summary.told_times == dict(rows(db, sql))


def test_people_on_the_floor(past: tuple[sqlite3.Connection, PeriodSummary]) -> None:
    db, summary = past
    sql = (
        "SELECT sum(until - at) FROM (SELECT presence, at, lead(at) OVER (PARTITION BY employee ORDER BY seq)"
        " AS until FROM presence_log) WHERE presence IN ('available', 'serving', 'not_responding')"
    )
    present_ms = rows(db, sql)[0][0]
    assert summary.present_ms == present_ms
    assert count(summary.people[""]) == pytest.approx(present_ms / 1000, rel=1e-4)
