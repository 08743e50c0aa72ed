"""A store of any release is migrated completely, even after a crash at any statement."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from sync_server.service.reports import kpi_report, visit_log
from sync_server.service.storage import device_rows, epochs
from sync_server.service.storage.connection import connect, reading
from sync_server.service.storage.schema import views
from sync_server.service.storage.schema.migrate import create_store_file, migrate
from sync_server.service.storage.schema.migrations import migrations
from sync_server.service.storage.schema.views import view_statements
from sync_server.service.upkeep.verify import verify_file
from tests.sample_store import MONDAY_10, catalogue
from tests.schemas.dump import HERE

RELEASES = sorted(HERE.glob("*.sql"))
KEPT = {  # columns of every release, to which others may be added
    "visit_events": "seq, visit_id, rev, event, actor, device_id, at_device, at_server, body",
    "presence_log": "seq, employee, presence, at",
    "ops": "op_id, digest, refusal, about, at",
    "devices": "device_id, kind, name, letter, public_key, enrolled_at, revoked_at",
    "employees": "id, name, skills, pin_hash, pin_set_at",
}


def as_released(path: Path, release: Path) -> Path:
    """A store as this release made it."""
    db = connect(path, create=True)
    db.execute("PRAGMA foreign_keys=OFF")  # a dump has its tables in alphabetical order
    db.executescript(release.read_text("utf-8"))
    db.close()
    return path


def contents(path: Path) -> dict[str, list]:
    with reading(path) as db:
        return {
            name: db.execute(f"SELECT {columns} FROM {name}").fetchall() for name, columns in KEPT.items()
        }


def schema(path: Path) -> dict[str, list]:
    """Tables, columns, indices and foreign keys."""
    with reading(path) as db:
        names = db.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        found: dict[str, list] = {}
        for name, kind in sorted(names):
            found[f"{kind} {name}"] = sorted(row[1:] for row in db.execute(f"PRAGMA table_xinfo('{name}')"))
            found[f"{name} refers"] = db.execute(f"PRAGMA foreign_key_list('{name}')").fetchall()
            found[f"{name} indices"] = sorted(
                (unique, *(row[2] for row in db.execute(f"PRAGMA index_info('{index}')")))
                for _, index, unique, *_ in db.execute(f"PRAGMA index_list('{name}')").fetchall()
            )
        return found


@pytest.fixture
def fresh(tmp_path: Path) -> dict[str, list]:
    create_store_file(tmp_path / "fresh.db")
    return schema(tmp_path / "fresh.db")


def test_the_first_release_is_here_as_it_was(tmp_path):
    """A released step never changes: it still makes the same tables."""
    db = connect(tmp_path / "first.db", create=True)
    migrations.apply(Database(db), stop_before=migrations._migrations[1].name)
    made = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    db.close()
    with reading(as_released(tmp_path / "released.db", RELEASES[0])) as released:
        assert made == dict(released.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_store_of_any_release_is_brought_up_to_date_whole(tmp_path, release, fresh):
    path = as_released(tmp_path / "store.db", release)
    before = contents(path)
    assert before["visit_events"]
    assert before["ops"]
    migrate(path)
    assert contents(path) == before
    assert schema(path) == fresh
    assert [finding for finding in verify_file(path) if finding.about != "retention"] == []
    with reading(path) as db:
        assert epochs.current_epoch(db)
        assert len(visit_log.visit_log(db, visit_log.LogFilter())) == 3
        assert [device.device_id for device in device_rows.active_devices(db)] == ["front"]
    migrate(path)  # and nothing more to do
    assert contents(path) == before


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_crash_at_any_statement_loses_no_data_and_the_next_start_continues(
    tmp_path, monkeypatch, release, fresh
):
    path = as_released(tmp_path / "store.db", release)
    before = contents(path)
    for crashed in crashes(path, tmp_path, monkeypatch):
        assert contents(crashed) == before
        assert integrity(crashed) == "ok"
        migrate(crashed)
        assert schema(crashed) == fresh
        assert contents(crashed) == before
        assert [finding.about for finding in verify_file(crashed) if finding.about != "retention"] == []


def crashes(path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Migrates a store. Returns copies of its files as they were on disk before each statement.

    A process that is killed there leaves these files.
    """
    found: list[Path] = []
    before: list[bytes] = []  # most statements change nothing on the disk

    def look(_statement: str) -> None:
        files = {end: path.with_name(path.name + end) for end in ("", "-wal")}
        now = [file.read_bytes() if file.exists() else b"" for file in files.values()]
        if now == before or not now[0]:
            return
        before[:] = now
        copy = work / f"crash-{len(found)}.db"
        found.append(copy)
        for end, file in files.items():
            if file.exists():
                shutil.copyfile(file, f"{copy}{end}")

    class Watched(sqlite3.Connection):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            self.set_trace_callback(look)

    plain = sqlite3.connect
    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", lambda *args, **kw: plain(*args, **kw, factory=Watched))
        migrate(path)
    assert len(found) > 5
    return found


def integrity(path: Path) -> str:
    with reading(path) as db:
        return str(db.execute("PRAGMA integrity_check").fetchone()[0])


def test_each_step_is_done_whole_or_not_at_all(tmp_path):
    db = connect(tmp_path / "store.db", create=True)
    for step in migrations._migrations:
        assert step.transactional, f"{step.name} would be half done after a crash"
    migrations.apply(Database(db), stop_before=migrations._migrations[-1].name)
    db.close()


def view_of(path: Path) -> str:
    with reading(path) as db:
        return str(db.execute("SELECT sql FROM sqlite_master WHERE name = 'visit_log'").fetchone()[0])


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_the_view_of_a_migrated_store_is_that_of_views_sql(tmp_path, release):
    path = as_released(tmp_path / "store.db", release)
    migrate(path)
    assert view_of(path) == view_statements()["visit_log"]


def test_a_view_that_was_changed_in_views_sql_is_replaced_at_the_next_start(tmp_path, monkeypatch):
    path = tmp_path / "store.db"
    create_store_file(path)
    changed = tmp_path / "views.sql"
    changed.write_text("-- a comment\nCREATE VIEW visit_log AS\nSELECT visit_id, ticket FROM visits;\n")
    with monkeypatch.context() as patched:
        patched.setattr(views, "VIEWS_SQL", changed)
        migrate(path)
        with reading(path) as db:
            assert [row[1] for row in db.execute("PRAGMA table_info('visit_log')")] == ["visit_id", "ticket"]
    migrate(path)
    assert view_of(path) == view_statements()["visit_log"]


def test_an_unchanged_view_is_not_written_again(tmp_path):
    path = tmp_path / "store.db"
    create_store_file(path)
    before = path.read_bytes()
    migrate(path)
    assert path.read_bytes() == before


def test_a_statement_that_makes_no_view_is_an_error(tmp_path, monkeypatch):
    wrong = tmp_path / "views.sql"
    wrong.write_text("DROP TABLE visits;")
    monkeypatch.setattr(views, "VIEWS_SQL", wrong)
    with pytest.raises(ValueError, match="no CREATE VIEW statement"):
        create_store_file(tmp_path / "store.db")


QUICK = "0" * 31 + "9"
EVENTS_OF_QUICK = (
    '{"event":"opened","ticket":"C-1","day":"2026-03-02","source":"staff","need":"ask","language":"en"}',
    '{"event":"claimed","employee":"tom"}',
    '{"event":"started","employee":"tom"}',
    '{"event":"completed","employee":"tom","resolution":"solved","goodwill_cents":0}',
)


def add_quick_resolution(path: Path) -> None:
    """As 0.1.0 logged it: a visit that waited and lasted 0 s."""
    db = connect(path)
    ((seq, at),) = db.execute("SELECT max(seq), max(at_server) + 60000 FROM visit_events").fetchall()
    for rev, body in enumerate(EVENTS_OF_QUICK, start=1):
        kind = json.loads(body)["event"]
        row = (seq + rev, QUICK, rev, kind, "employee:tom", "tablet-tom", at, at, body)
        db.execute(f"INSERT INTO visit_events VALUES ({', '.join('?' * len(row))})", row)
    values = {
        "visit_id": QUICK,
        "ticket": "C-1",
        "day": "2026-03-02",
        "source": "staff",
        "need": "ask",
        "device_id": "tablet-tom",
        "language": "en",
        "state": "completed",
        "rev": 4,
        "resolution": "solved",
        **dict.fromkeys(("created_at", "accepted_at", "serving_at", "ended_at"), at),
        **dict.fromkeys(("priority", "held_ms", "handled_ms", "offers", "handovers", "goodwill_cents"), 0),
        "employee": "tom",
        "party_size": 1,
        "notes": "[]",
    }
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO visits ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))
    db.close()


def test_a_quick_resolution_of_an_earlier_release_has_no_durations_any_more(tmp_path):
    """0.1.0 gave it a wait, a service and a length of 0 s."""
    path = as_released(tmp_path / "store.db", RELEASES[0])
    add_quick_resolution(path)
    durations = "wait_s, greet_s, walk_s, service_s, visit_s"
    of_quick = f"SELECT {durations} FROM visit_log WHERE visit_id = ?"
    with reading(path) as db:
        assert db.execute(of_quick, (QUICK,)).fetchone() == (0, 0, 0, 0, 0)
    migrate(path)
    assert [finding for finding in verify_file(path) if finding.about != "retention"] == []
    with reading(path) as db:
        assert db.execute(of_quick, (QUICK,)).fetchone() == (None,) * 5
        assert db.execute("SELECT visit_id FROM visit_log WHERE quick").fetchall() == [(QUICK,)]
        report = kpi_report.kpi_report(db, catalogue(), "2026-03-02", "2026-03-02", MONDAY_10)
    assert (report.arrived, report.quick, report.completed) == (4, 1, 2)
    assert (report.service_level.whole, report.within_five_minutes.whole) == (2, 3)
