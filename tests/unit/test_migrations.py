"""A store of any release is brought up to date whole, though the power may fail at any statement."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from sync_server.service import queries, store
from sync_server.service.migrations import migrations
from sync_server.service.store import connect, migrate, reading
from sync_server.service.verify import verify_file
from tests.schemas.dump import HERE

RELEASES = sorted(HERE.glob("*.sql"))
KEPT = {  # of every release, whatever comes to stand beside it
    "visit_events": "seq, visit_id, rev, event, actor, device_id, at_device, at_server, body",
    "presence_log": "seq, employee, presence, at",
    "ops": "op_id, digest, refusal, about, at",
    "devices": "device_id, kind, name, letter, public_key, enrolled_at, revoked_at",
    "employees": "id, name, skills, pin_hash, pin_set_at",
}


def as_released(path: Path, release: Path | None) -> Path:
    """A store as that release left it; for None a store that is not there yet."""
    if release is not None:
        db = connect(path)
        db.execute("PRAGMA foreign_keys=OFF")  # a dump has its tables in the order of their names
        db.executescript(release.read_text("utf-8"))
        db.close()
    return path


def contents(path: Path) -> dict[str, list]:
    with reading(path) as db:
        return {
            name: db.execute(f"SELECT {columns} FROM {name}").fetchall() for name, columns in KEPT.items()
        }


def schema(path: Path) -> dict[str, list]:
    """Tables, columns, indices and foreign keys, without how they came about."""
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
    migrate(tmp_path / "fresh.db")
    return schema(tmp_path / "fresh.db")


def test_the_first_release_is_here_as_it_was(tmp_path):
    """Its step makes the very same tables still: a step that was released never changes."""
    db = connect(tmp_path / "first.db")
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
        assert queries.epoch(db)
        assert len(queries.visit_log(db, queries.LogFilter())) == 3
        assert [device.device_id for device in queries.devices(db)] == ["front"]
    migrate(path)  # and nothing more to do
    assert contents(path) == before


@pytest.mark.parametrize("release", [None, *RELEASES], ids=lambda path: path.stem if path else "new")
def test_a_crash_at_any_statement_leaves_the_data_whole_and_the_next_start_goes_on(
    tmp_path, monkeypatch, release, fresh
):
    path = as_released(tmp_path / "store.db", release)
    before = contents(path) if release else None
    for crashed in crashes(path, tmp_path, monkeypatch):
        if release is not None:
            assert contents(crashed) == before
            assert integrity(crashed) == "ok"
        migrate(crashed)
        assert schema(crashed) == fresh
        if release is not None:
            assert contents(crashed) == before
        assert [finding.about for finding in verify_file(crashed) if finding.about != "retention"] == []


def crashes(path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Brings a store up to date; the files as they lay on the disk before each statement of it.

    That is what a process killed there leaves: what it had not written was in its memory only.
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
        patched.setattr(store.sqlite3, "connect", lambda *args, **kw: plain(*args, **kw, factory=Watched))
        migrate(path)
    assert len(found) > 5
    return found


def integrity(path: Path) -> str:
    with reading(path) as db:
        return str(db.execute("PRAGMA integrity_check").fetchone()[0])


def test_each_step_is_done_whole_or_not_at_all(tmp_path):
    db = connect(tmp_path / "store.db")
    for step in migrations._migrations:
        assert step.transactional, f"{step.name} would be half done after a crash"
    migrations.apply(Database(db), stop_before=migrations._migrations[-1].name)
    db.close()
