"""A shop's made-up past: deterministic, true to the rules, and written whole."""

import contextlib
import gc
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from sync_server.cli import main
from sync_server.domain.floor.floor import Floor
from sync_server.service.config.load import load_settings
from sync_server.service.storage import event_log, startup
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.create_store import make_store
from sync_server.service.upkeep.verify import verify
from sync_server.simulation.behaviour import Behaviour
from sync_server.simulation.history import seasons
from sync_server.simulation.history.fill import fill_store
from sync_server.simulation.history.shop_days import ShopDays
from sync_server.simulation.history.write import NotEmpty, write_history

END = datetime(2026, 10, 27, 11, tzinfo=ZoneInfo("Europe/Amsterdam"))  # two days after the clocks changed
KIOSKS = [("front", "A"), ("back", "B")]
TABLETS = {"maya": ("t-maya", "C"), "sam": ("t-sam", "D"), "jussi": ("t-jussi", "E")}


def history_in(folder: Path, days: int = 4, seed: int = 1, closes: str = "19:00") -> DataDir:
    """A store in `folder` with the days before END."""
    data_dir = make_store(folder, None, None)
    text = data_dir.settings.read_text("utf-8")
    data_dir.settings.write_text(text.replace('closes = "23:59"', f'closes = "{closes}"'), "utf-8")
    begin = END.replace(hour=8) - timedelta(days=days)
    begin_ms, end_ms = int(begin.timestamp() * 1000), int(END.timestamp() * 1000)
    catalogue = load_settings(data_dir.settings).catalogue()
    write_history(data_dir, catalogue, KIOSKS, TABLETS, Behaviour(), begin_ms, end_ms, seed)
    return data_dir


def history_again(data_dir: DataDir) -> None:
    catalogue = load_settings(data_dir.settings).catalogue()
    write_history(data_dir, catalogue, KIOSKS, TABLETS, Behaviour(), 0, 1)


def rows(data_dir: DataDir, table: str) -> list[tuple[object, ...]]:
    with reading(data_dir.store) as db:
        return db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    return history_in(tmp_path_factory.mktemp("history") / "store")


@pytest.fixture
def db(store: DataDir) -> Iterator[sqlite3.Connection]:
    with reading(store.store) as db:
        yield db


def test_the_same_seed_gives_the_same_store_to_the_byte_of_every_row(store: DataDir, tmp_path: Path) -> None:
    again, other = history_in(tmp_path / "again"), history_in(tmp_path / "other", seed=2)
    for table in ("visits", "visit_events", "presence_log", "feedback"):
        assert rows(again, table) == rows(store, table)
        assert rows(other, table) != rows(store, table)


def test_the_store_is_sound_and_its_log_gives_its_floor(store: DataDir) -> None:
    assert verify(store) == []
    catalogue = load_settings(store.settings).catalogue()
    with reading(store.store) as db:
        floor = Floor.replay(catalogue, event_log.records(db, 1))
    assert {person.id for person in floor.people.values() if person.device_id} == set(TABLETS)


def test_every_shopper_in_line_was_told_a_wait_by_the_real_estimator(db: sqlite3.Connection) -> None:
    told, all_in_line = db.execute(
        "SELECT count(quoted_high_s), count(*) FROM visits WHERE source = 'kiosk'"
    ).fetchone()
    assert all_in_line > 200
    assert told > 0.9 * all_in_line  # while everybody who could help is on a break, nothing is told


def test_the_days_have_everything_that_pages_show(db: sqlite3.Connection) -> None:
    days = dict(db.execute("SELECT day, count(*) FROM visits GROUP BY day").fetchall())
    assert list(days) == ["2026-10-23", "2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"]
    states = dict(db.execute("SELECT state, count(*) FROM visits GROUP BY state").fetchall())
    assert states["completed"] > 0.8 * sum(days.values())
    assert {"completed", "cancelled", "no_show"} <= set(states)
    for question in (
        "SELECT count(*) FROM visits WHERE source = 'staff'",
        "SELECT count(*) FROM visits WHERE handovers",
        "SELECT count(*) FROM visits WHERE held_ms",
        "SELECT count(*) FROM feedback",
        "SELECT count(*) FROM presence_log WHERE presence = 'on_break'",
        "SELECT count(*) FROM visit_events WHERE event = 'timed_out'",
    ):
        assert db.execute(question).fetchone()[0] > 0, question
    waited = db.execute("SELECT count(*) FROM visits WHERE serving_at - created_at > 120000").fetchone()[0]
    assert 20 < waited < 0.5 * sum(days.values())


@pytest.mark.parametrize("closes", ["19:00", "23:30"])
def test_a_start_replays_only_the_last_day(tmp_path: Path, closes: str) -> None:
    """Every night has a moment at which nobody is there, also where all went home long before closing."""
    store = history_in(tmp_path / "store", days=2, closes=closes)
    with reading(store.store) as db:
        seq = startup.replay_from(db, int(END.timestamp() * 1000))
        at = db.execute("SELECT at_server FROM visit_events WHERE seq = ?", (seq,)).fetchone()[0]
    assert 3_600_000 * 8 < END.timestamp() * 1000 - at < 3_600_000 * 18


def test_at_the_end_nobody_waits(db: sqlite3.Connection) -> None:
    assert db.execute("SELECT count(*) FROM visits WHERE state = 'waiting'").fetchone()[0] == 0


def test_nothing_is_described_so_nothing_has_to_be_forgotten(db: sqlite3.Connection) -> None:
    assert db.execute("SELECT count(*) FROM visits WHERE described OR linked").fetchone()[0] == 0


def test_a_store_with_visits_is_refused_and_stays_as_it_is(store: DataDir) -> None:
    before = rows(store, "visit_events")
    with pytest.raises(NotEmpty, match="choose a new store"):
        history_again(store)
    assert rows(store, "visit_events") == before


def test_the_collector_of_cycles_rests_meanwhile_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would look at all rows again and again, and find nothing."""
    seen = []
    real = ShopDays.live
    monkeypatch.setattr(ShopDays, "live", lambda *args: (seen.append(gc.isenabled()), real(*args)))
    history_in(tmp_path / "one", days=1)
    assert (seen, gc.isenabled()) == ([False], True)
    with pytest.raises(NotEmpty):
        history_again(DataDir(tmp_path / "one"))
    assert gc.isenabled()


def run_command(*words: object) -> Result:
    return CliRunner().invoke(main, ["simulate", *map(str, words)])


def test_the_command_makes_a_store_and_its_days(tmp_path: Path) -> None:
    folder = tmp_path / "year"
    command = ("--days", 3, "--visits", 60, "--write", folder)
    done = run_command(*command)
    assert done.exit_code == 0, done.output
    assert f"of 3 days to {folder}" in done.output
    data_dir = DataDir(folder)
    assert verify(data_dir) == []
    with contextlib.closing(sqlite3.connect(data_dir.store)) as db:
        assert db.execute("SELECT count(*) FROM visits").fetchone()[0] > 0
        assert db.execute("SELECT count(*) FROM devices WHERE revoked_at IS NULL").fetchone()[0] == 0
        assert db.execute("SELECT count(*) FROM visits WHERE ended_at IS NULL").fetchone()[0] == 0
    devices = rows(data_dir, "devices")
    again = run_command(*command)
    assert again.exit_code == 1
    assert "has visits already; choose a new store" in again.output
    assert rows(data_dir, "devices") == devices


def test_the_command_leaves_a_folder_with_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear all")
    done = run_command("--days", 3, "--write", tmp_path)
    assert done.exit_code == 1
    assert done.output == f"Error: {tmp_path}: has other files in it; choose a new folder\n"
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--visits", 0), "0 is not in the range 1<=x<=3000"),
        (("--days", 0), "0 is not in the range"),
        (("--days", 9999), "--days: with --write at most 3660, ten years"),
        (("--faults",), "--faults: not with --write"),
        (("--shop", 1), "--shop: not with --write"),
    ],
)
def test_what_the_command_cannot_do_is_explained(
    tmp_path: Path, words: tuple[object, ...], says: str
) -> None:
    done = run_command("--write", tmp_path / "store", *words)
    assert done.exit_code != 0
    assert says in done.output
    assert not (tmp_path / "store").exists()


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    """Ninety days before the second of January, made in two parts by two processes."""
    folder = tmp_path_factory.mktemp("quarter") / "store"
    fill_store(folder, DAYS, 30, 1, NEW_YEAR, processes=2)
    return DataDir(folder)


DAYS, NEW_YEAR = 90, date(2027, 1, 2)


def test_a_year_is_sound_and_the_same_on_any_number_of_processors(quarter: DataDir, tmp_path: Path) -> None:
    assert verify(quarter) == []
    fill_store(tmp_path / "again", DAYS, 30, 1, NEW_YEAR, processes=1)
    again = DataDir(tmp_path / "again")
    for table in ("visits", "visit_events", "presence_log", "feedback"):
        assert rows(again, table) == rows(quarter, table)


def test_a_year_has_weekdays_holidays_and_hours(quarter: DataDir) -> None:
    catalogue = load_settings(quarter.settings).catalogue()
    with reading(quarter.store) as db:
        visits = dict(db.execute("SELECT day, count(*) FROM visits GROUP BY day").fetchall())
        last = db.execute("SELECT max(created_at) FROM visits WHERE day = '2026-12-24'").fetchone()[0]
    assert visits.keys() == {str(NEW_YEAR - timedelta(days=n)) for n in range(1, DAYS + 1)} - {
        "2026-12-25", "2026-12-26", "2027-01-01"
    }  # fmt: skip
    assert 0.8 * 30 < sum(visits.values()) / len(visits) < 1.2 * 30
    by_weekday = [0] * 7
    for day, number in visits.items():
        by_weekday[date.fromisoformat(day).weekday()] += number
    assert max(by_weekday) == by_weekday[5]
    assert min(by_weekday) == by_weekday[6]
    assert catalogue.local(last).hour < 17
    assert catalogue.store.dates["2027-01-01"] == "closed"


def test_a_year_has_a_bad_week_and_a_skill_too_thin(quarter: DataDir) -> None:
    catalogue = load_settings(quarter.settings).catalogue()
    first = NEW_YEAR - timedelta(days=DAYS)
    shapes = seasons.year(catalogue, first, DAYS, 1)
    bad = [day for day in shapes if date(2026, 11, 30) <= day < date(2026, 12, 7)]
    missing = frozenset.intersection(*(shapes[day].away for day in bad))
    assert len(missing) >= 2
    repairers = {e.id for e in catalogue.employees if "repair" in e.skills}
    saturdays = [shape for day, shape in shapes.items() if day.weekday() == 5]
    assert all(repairers & shape.away for shape in saturdays)
    assert all(len(shape.away) < len(catalogue.employees) for shape in shapes.values())
    assert seasons.year(catalogue, first, DAYS, 2) != shapes


def test_visits_without_a_store_are_explained() -> None:
    done = CliRunner().invoke(main, ["simulate", "--visits", "60"])
    assert done.exit_code == 1
    assert "Say --write too" in done.output


def test_employees_may_have_long_names(tmp_path: Path) -> None:
    data_dir = make_store(tmp_path / "store", None, None)
    text = data_dir.settings.read_text("utf-8").replace('name = "Maya"', f'name = "{"Maya " * 11}"')
    data_dir.settings.write_text(text, "utf-8")
    assert fill_store(data_dir.path, days=1, visits=5, seed=1)
