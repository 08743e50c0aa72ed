"""Kept summaries: that of a period is that of its rows, whatever is kept and whatever changes meanwhile."""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.floor.floor import Floor
from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.report.period_kpis import kpis_of
from sync_server.domain.report.period_summary import PeriodSummary, merge
from sync_server.service.config.load import load_settings
from sync_server.service.reports import period_summaries
from sync_server.service.reports.day_summaries import summary_of_day
from sync_server.service.reports.period_summaries import keep, next_to_keep, summary_of
from sync_server.service.reports.summary_keeper import SummaryKeeper
from sync_server.service.storage import event_log, mapping
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.writer import insert
from sync_server.service.upkeep.verify import verify
from sync_server.simulation.history.fill import fill_store
from tests.examples import examples
from tests.figures_sql import definitions, median_and_p90

DAYS = 75  # from the 20th of October, past the night on which the clocks change, to the 2nd of January
TODAY = date(2027, 1, 3)
FIRST = TODAY - timedelta(days=DAYS)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    """Two and a half months with about six visits a day; nothing is kept."""
    folder = tmp_path_factory.mktemp("past") / "store"
    fill_store(folder, DAYS, 6, 4, TODAY, processes=1)
    return DataDir(folder)


@pytest.fixture
def store(past: DataDir, tmp_path: Path) -> DataDir:
    return DataDir(shutil.copytree(past.path, tmp_path / "store"))


@pytest.fixture
def db(store: DataDir) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(store.store)) as db:
        yield db


@pytest.fixture(scope="module")
def shop(past: DataDir) -> Catalogue:
    return load_settings(past.settings).catalogue()


@pytest.fixture(scope="module")
def now(shop: Catalogue) -> int:
    noon = datetime.fromisoformat(f"{TODAY}T12:00:00").replace(tzinfo=shop.local(0).tzinfo)
    return int(noon.timestamp() * 1000)


def keep_all(db: sqlite3.Connection, shop: Catalogue, now: int) -> list[str]:
    """Keeps everything that can be kept; which periods those are."""
    found = []
    while (made := next_to_keep(db, shop, now)) is not None:
        with transaction(db):
            assert keep(db, shop, made)
        found.append(made.period)
    return found


def kept(db: sqlite3.Connection) -> set[str]:
    return {period for (period,) in db.execute("SELECT period FROM period_summaries")}


def from_rows(db: sqlite3.Connection, shop: Catalogue, first: date, last: date, now: int) -> PeriodSummary:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return merge(summary_of_day(db, shop, day, now) for day in days)


def test_the_newest_days_come_first_and_months_once_their_days_are_kept(
    db: sqlite3.Connection, shop: Catalogue, now: int
) -> None:
    made = keep_all(db, shop, now)
    assert made[:2] == ["2027-01-02", "2027-01-01"]
    assert len([period for period in made if len(period) == 10]) == DAYS
    assert {period for period in made if len(period) < 10} == {"2026-12", "2026-11", "2026-10", "2026"}
    assert made.index("2026-12") > made.index("2026-12-01")
    assert keep_all(db, shop, now) == []


DATES = st.dates(FIRST - timedelta(days=20), TODAY + timedelta(days=20))


@pytest.fixture(scope="module")
def kept_store(
    past: DataDir, shop: Catalogue, now: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sqlite3.Connection]:
    """A store in which everything is kept. What an example changes, it takes back."""
    folder = DataDir(shutil.copytree(past.path, tmp_path_factory.mktemp("kept") / "store"))
    with contextlib.closing(connect(folder.store)) as db:
        keep_all(db, shop, now)
        yield db


@given(DATES, DATES, st.sets(st.integers(0, DAYS)))
@settings(max_examples=examples(40), deadline=None)
def test_a_summary_is_that_of_the_rows_whatever_is_kept(
    kept_store: sqlite3.Connection, shop: Catalogue, now: int, first: date, last: date, lost: set[int]
) -> None:
    kept_store.execute("BEGIN")
    for ago in lost:
        kept_store.execute(mapping.DROP_SUMMARIES, (str(TODAY - timedelta(days=ago)),))
    found = summary_of(kept_store, shop, first, last, now)
    kept_store.execute("ROLLBACK")
    right = from_rows(kept_store, shop, first, last, now)
    for summary in (found, right):  # a day on which nobody was there may say so, or nothing
        summary.people = {skill: cells for skill, cells in summary.people.items() if cells}
    assert found == right


def test_the_figures_of_a_kept_period_are_those_of_sql(
    db: sqlite3.Connection, shop: Catalogue, now: int
) -> None:
    keep_all(db, shop, now)
    target_s = shop.times.service_level_s
    values = {
        "first": "2026-10-25",
        "last": "2026-12-31",
        "target_s": target_s,
        "now": "2027-01-03T11:00:00Z",
    }
    figures = kpis_of(summary_of(db, shop, date(2026, 10, 25), date(2026, 12, 31), now), target_s)
    assert figures.arrived > 300
    for name, sql in definitions().items():
        found = db.execute(
            f"SELECT {sql} FROM visit_log WHERE day BETWEEN :first AND :last", values
        ).fetchall()
        figure = getattr(figures, name)
        if name.endswith("_s") and name != "service_level_target_s":
            seconds = [float(ceil(round(value, 3))) for (value,) in found if value is not None]
            expected = median_and_p90(seconds)
            assert {"median": figure.median, "p90": figure.p90, "n": figure.n} == expected, name
        else:
            value = getattr(figure, "value", figure)
            assert value == pytest.approx(found[0][0], abs=0.0006 if name != "nps" else 0.06), name


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(1, 1, 1), date(9999, 12, 31)),
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2027, 1, 3), date(2027, 1, 3)),
        (date(2027, 2, 1), date(2027, 3, 1)),  # far ahead
        (date(2026, 12, 2), date(2026, 12, 1)),  # reversed
        (date(2026, 12, 25), date(2026, 12, 25)),  # closed
    ],
)
def test_any_dates_may_be_asked_for(
    db: sqlite3.Connection, shop: Catalogue, now: int, first: date, last: date
) -> None:
    keep_all(db, shop, now)
    visits = db.execute(
        "SELECT count(*) FROM visits WHERE day BETWEEN ? AND ?", (str(first), str(last))
    ).fetchone()[0]
    assert summary_of(db, shop, first, last, now).arrived == visits


def test_visits_of_a_clock_that_was_ahead_are_counted_on_their_day(
    db: sqlite3.Connection, shop: Catalogue, now: int
) -> None:
    keep_all(db, shop, now)
    db.execute("UPDATE visits SET day = '2031-05-05' WHERE day = '2026-12-31'")
    (visits,) = db.execute("SELECT count(*) FROM visits WHERE day = '2031-05-05'").fetchone()
    assert visits
    assert summary_of(db, shop, date(2031, 1, 1), date(2031, 12, 31), now).arrived == visits
    keep_all(db, shop, now)
    assert not any(period > "2027-01-02" for period in kept(db))


def test_an_empty_store_has_an_empty_summary(db: sqlite3.Connection, shop: Catalogue, now: int) -> None:
    for table in ("feedback", "visits", "visit_events", "presence_log"):
        db.execute(f"DELETE FROM {table}")
    assert summary_of(db, shop, FIRST, TODAY, now) == PeriodSummary()
    assert next_to_keep(db, shop, now) is None


def rated(db: sqlite3.Connection, shop: Catalogue, day: str) -> Batch:
    """What the server writes when the shopper of one of the day's visits answers late."""
    (visit_id,) = db.execute(
        "SELECT visit_id FROM visits WHERE day = ? AND state = 'completed' AND ces IS NULL"
        " AND source = 'kiosk' LIMIT 1",
        (day,),
    ).fetchone()
    floor = Floor.replay(shop, event_log.records(db))
    floor.restore_visit(event_log.records_of(db, visit_id), floor.now)
    records = floor.handle(ops.Rate(visit_id, ces=1), Actor(ActorKind.PHONE), floor.now + 60_000)
    assert isinstance(records, list)
    batch = Batch(0)
    batch.events += map(mapping.event_row, records)
    batch.visits[visit_id] = mapping.visit_row(floor.visits[visit_id])
    batch.feedback += [row for record in records if (row := mapping.feedback_row(record))]
    return batch


def test_a_change_removes_the_summaries_of_its_day_month_and_year_and_of_no_other(
    db: sqlite3.Connection, shop: Catalogue, now: int
) -> None:
    keep_all(db, shop, now)
    before, ces = kept(db), summary_of(db, shop, FIRST, TODAY, now).ces.copy()
    with transaction(db):
        insert(db, [rated(db, shop, "2026-12-02")])
    assert before - kept(db) == {"2026-12-02", "2026-12", "2026"}
    after = summary_of(db, shop, FIRST, TODAY, now)
    assert after.ces == {**ces, 1: ces.get(1, 0) + 1}
    assert keep_all(db, shop, now) == ["2026-12-02", "2026-12", "2026"]
    assert summary_of(db, shop, FIRST, TODAY, now) == after


@pytest.mark.parametrize("what", ["session", "page"])
def test_what_is_counted_without_an_event_changes_a_kept_summary_too(
    what: str, db: sqlite3.Connection, shop: Catalogue, now: int
) -> None:
    """A kiosk that was cut off sends its sessions days later."""
    batch, day = Batch(0), "2026-12-02"
    if what == "session":
        batch.sessions.append(mapping.session_row(ops.CountSession(KioskStep.NEED, "name", 3, 61), day))
    else:
        sql = "SELECT visit_id FROM visits WHERE day = ? AND source = 'kiosk' AND visit_id NOT IN"
        row = db.execute(f"{sql} (SELECT visit_id FROM opened_pages) LIMIT 1", (day,)).fetchone()
        batch.pages.append((row[0], day))
    made = next_to_keep(db, shop, now)
    assert made is not None
    with transaction(db):
        keep(db, shop, made)
    while made.period != day:
        made = next_to_keep(db, shop, now)
        assert made is not None
        if made.period != day:
            with transaction(db):
                keep(db, shop, made)
    before = summary_of(db, shop, FIRST, TODAY, now)
    with transaction(db):
        insert(db, [batch])
        assert not keep(db, shop, made)  # it was made before
    keep_all(db, shop, now)
    after = summary_of(db, shop, FIRST, TODAY, now)
    if what == "session":
        assert after.sessions["need"].sessions == before.sessions["need"].sessions + 1
        assert after.sessions["need"].seconds[65] == before.sessions["need"].seconds.get(65, 0) + 1
    else:
        assert after.opened_pages == before.opened_pages + 1
    with transaction(db):
        insert(db, [batch])
    assert day not in kept(db)


def test_what_changes_while_a_summary_is_made_is_not_lost(
    db: sqlite3.Connection, shop: Catalogue, now: int
) -> None:
    made = next_to_keep(db, shop, now)
    assert made is not None
    with transaction(db):
        insert(db, [rated(db, shop, made.period)])
        assert not keep(db, shop, made)
    assert kept(db) == set()
    again = next_to_keep(db, shop, now)
    assert again is not None
    with transaction(db):
        assert keep(db, shop, again)


def test_a_day_is_kept_once_everybody_has_left(db: sqlite3.Connection, shop: Catalogue, now: int) -> None:
    db.execute("UPDATE visits SET ended_at = NULL, state = 'serving' WHERE rowid ="
               " (SELECT rowid FROM visits WHERE day = '2027-01-02' LIMIT 1)")  # fmt: skip
    (seq,) = db.execute("SELECT max(seq) FROM presence_log").fetchone()
    made = keep_all(db, shop, now)
    assert "2027-01-02" not in made
    assert "2026-12-31" in made
    db.execute("UPDATE visits SET ended_at = 1 WHERE ended_at IS NULL")
    db.execute("DELETE FROM presence_log WHERE seq = ?", (seq,))  # one has not gone home
    assert keep_all(db, shop, now) == []
    assert keep_all(db, shop, now + 3 * 86_400_000)[0] > "2027-01-02"
    assert "2027-01-02" in kept(db)


def test_a_summary_of_another_version_is_made_anew(db: sqlite3.Connection, shop: Catalogue, now: int) -> None:
    whole = keep_all(db, shop, now)
    db.execute("UPDATE period_summaries SET version = '0 of another', summary = x'00'")
    assert summary_of(db, shop, FIRST, TODAY, now).arrived > 300
    assert keep_all(db, shop, now) == whole


def test_verify_compares_summaries_with_the_rows(
    store: DataDir, db: sqlite3.Connection, shop: Catalogue, now: int
) -> None:
    keep_all(db, shop, now)
    assert verify(store, now) == []
    (other,) = db.execute("SELECT summary FROM period_summaries WHERE period = '2026-12-03'").fetchone()
    db.execute("UPDATE period_summaries SET summary = ? WHERE period = '2026-12-04'", (other,))
    db.execute("UPDATE period_summaries SET summary = x'ff' WHERE period = '2026-11'")
    found = verify(store, now)
    assert [finding.about for finding in found] == ["summaries"] * 3
    for period, finding in zip(("2026-12-04", "2026-11", "2026-12"), found, strict=True):
        assert f"the summary of {period} is not that of its visits" in finding.text


def test_the_server_keeps_them_one_by_one(store: DataDir, shop: Catalogue, now: int) -> None:
    with contextlib.closing(connect(store.store)) as db:

        async def write(work: object) -> bool:
            with transaction(db):
                return work(db)  # type: ignore[operator] # a partial of `keep`

        keeper = SummaryKeeper(store.store, shop, lambda: now, write)
        asyncio.run(keeper.keep_all())
        assert next_to_keep(db, shop, now) is None
        assert "2026" in kept(db)
        assert list(period_summaries.wrong_summaries(db, shop, now)) == []


def test_a_disk_that_is_full_is_no_reason_to_stop(
    store: DataDir, shop: Catalogue, now: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def write(_work: object) -> bool:
        raise sqlite3.OperationalError("database or disk is full")

    asyncio.run(SummaryKeeper(store.store, shop, lambda: now, write).keep_all())
    assert "could not be kept and are tried again: the disk is full" in caplog.text
