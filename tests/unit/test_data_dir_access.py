"""A data directory and other users of the computer; a store file that cannot be used."""

import stat
from pathlib import Path

import pytest

from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDirLock
from sync_server.service.storage.errors import StoreError, explain
from sync_server.service.storage.schema.migrate import create_store_file, migrate
from sync_server.service.upkeep.create_store import make_store
from tests.sample_store import PASSWORD

pytestmark = pytest.mark.usefixtures("quick_hashes")

ROOT = Path(__file__).parents[2]


# --- other users of the computer ---------------------------------------------------------------------------


@pytest.mark.attack(
    "Another user of the server's computer takes the lock of the store's folder, so that no server starts",
    "the folder and the lock are its owner's alone; an older folder is named by doctor, an older lock mended",
)
def test_a_store_is_its_owners_alone(folder):
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.lock.stat().st_mode) == 0o600


def test_the_lock_of_an_earlier_version_is_closed_to_others(folder):
    folder.lock.chmod(0o644)
    with DataDirLock(folder):
        assert stat.S_IMODE(folder.lock.stat().st_mode) == 0o600


def test_a_folder_that_was_there_is_closed_to_others_if_it_holds_nothing_else(tmp_path, template):
    empty, used = tmp_path / "empty", tmp_path / "used"
    for path in (empty, used):
        path.mkdir()
        path.chmod(0o755)
    (used / "holiday.jpg").write_text("x")
    make_store(empty, None, PASSWORD, template)
    make_store(used, None, PASSWORD, template)  # it may be everybody's: doctor names it
    assert stat.S_IMODE(empty.stat().st_mode) == 0o700
    assert stat.S_IMODE(used.stat().st_mode) == 0o755


# --- a store file that cannot be used ----------------------------------------------------------------------


def test_a_file_that_is_no_database_is_named_with_a_remedy(folder):
    folder.store.write_text("shopping list\n" * 500)
    for suffix in ("-wal", "-shm"):
        folder.store.with_name(folder.store.name + suffix).unlink(missing_ok=True)
    with pytest.raises(StoreError, match=r"store\.db: .*not a sound store file.*put back your latest copy"):
        migrate(folder.store)


def test_reading_does_not_create_a_missing_store(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        connect(tmp_path / "none.db", read_only=True).execute("SELECT 1")
    assert not (tmp_path / "none.db").exists()


def test_a_path_with_special_characters_is_opened(tmp_path):
    path = tmp_path / "50% off? #1" / "store.db"
    path.parent.mkdir()
    create_store_file(path)
    assert path.exists()
    db = connect(path, read_only=True)
    assert db.execute("SELECT count(*) FROM visits").fetchone() == (0,)
    db.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("database or disk is full", "free some space"),
        ("attempt to write a readonly database", "who owns the folder"),
        ("file is not a database", "latest copy"),
        ("database disk image is malformed", "latest copy"),
        ("unable to open database file", "check that the folder exists"),
        ("database is locked", "another program"),
        ("something new", "something new"),
    ],
)
def test_errors_of_sqlite_are_explained(error, words):
    assert words in explain(Exception(error))


def test_the_store_is_written_so_that_a_power_cut_loses_nothing(folder):
    db = connect(folder.store)
    settings = {
        name: db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
    }
    db.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_the_schema_is_brought_up_to_date_once(folder):
    migrate(folder.store)
    db = connect(folder.store)
    assert db.execute("SELECT count(*) FROM visits").fetchone() == (0,)
    assert all(
        row[0] for row in db.execute("SELECT strict FROM pragma_table_list WHERE name IN ('visits','ops')")
    )
    db.close()
