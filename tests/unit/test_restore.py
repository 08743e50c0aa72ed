"""Restores a store from a backup; the old store is moved aside, and nothing is done by half."""

import contextlib
import errno
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync_server.cli import main
from sync_server.service.admin import client
from sync_server.service.auth import devices, managers, password_hash, pins, tokens
from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.server_key import make_server_key
from sync_server.service.auth.walls import WallSettings, add_wall, list_walls, remove_wall
from sync_server.service.privacy import replaced_stores
from sync_server.service.privacy.replaced_stores import ReplacedStores
from sync_server.service.privacy.retention import DESCRIPTION_MS
from sync_server.service.storage.connection import connect, reading, transaction
from sync_server.service.storage.data_dir import DataDir, DataDirError, DataDirInUse, DataDirLock
from sync_server.service.storage.epochs import current_epoch
from sync_server.service.storage.errors import StoreError
from sync_server.service.upkeep import backup, restore
from sync_server.service.upkeep.backup import BackupError, back_up
from sync_server.service.upkeep.verify import verify
from tests.store_rows import query

from .test_backup import SOON, live

pytestmark = pytest.mark.usefixtures("quick_hashes")

LATER = SOON + 3_600_000
DAY = "2026-03-02"


@pytest.fixture
def made(folder, tmp_path) -> Path:
    live(folder)
    return back_up(folder, tmp_path / "into", SOON)


def epoch_of(folder: DataDir) -> str:
    with reading(folder.store) as db:
        return current_epoch(db)


def test_a_restore_without_a_store_makes_one(folder, made, tmp_path):
    other = DataDir(tmp_path / "other")
    done = restore.restore(other, made, now=LATER)
    assert (done.replaced, done.revoked) == (None, None)
    assert verify(other, LATER) == []
    assert other.server_key.read_bytes() == folder.server_key.read_bytes()
    assert stat.S_IMODE(other.server_key.stat().st_mode) == stat.S_IMODE(other.store.stat().st_mode) == 0o600
    with reading(other.store) as db:
        assert [row["ticket"] for row in query(db, "SELECT ticket FROM visits ORDER BY ticket")] == [
            "A-1",
            "A-2",
        ]
        assert query(db, "SELECT began_at, from_seq FROM epochs ORDER BY n DESC LIMIT 1") == [
            {"began_at": LATER, "from_seq": db.execute("SELECT max(seq) FROM visit_events").fetchone()[0]}
        ]


def test_each_restore_is_an_epoch_of_its_own(folder, made):
    seen = {epoch_of(folder)}
    for n in range(2):
        restore.restore(folder, made, replace=True, now=LATER + n * 1000)
        seen.add(epoch_of(folder))
    assert len(seen) == 3
    assert "" not in seen


def test_an_existing_store_is_replaced_only_with_replace_and_is_not_deleted(folder, made):
    db = connect(folder.store)
    db.execute("INSERT INTO ops VALUES ('later', zeroblob(16), NULL, NULL, 1)")
    db.close()
    before = folder.store.read_bytes()
    with pytest.raises(BackupError, match=r"is a store already; say --replace"):
        restore.restore(folder, made)
    assert folder.store.read_bytes() == before
    done = restore.restore(folder, made, replace=True, now=LATER)
    assert done.replaced == folder.path / "before-restore-20260302T103000Z"
    assert (done.replaced / "store.db").read_bytes() == before
    assert verify(folder, LATER) == []
    with reading(folder.store) as db:
        assert query(db, "SELECT op_id FROM ops") == []
    folder.check()


def test_the_latest_of_a_folder_of_backups_is_taken(folder, made):
    live_since = back_up(folder, made.parent, LATER)
    done = restore.restore(folder, made.parent, replace=True)
    assert done.manifest == backup.read_manifest(live_since)


def test_nothing_is_restored_while_a_server_runs(folder, made):
    with DataDirLock(folder), pytest.raises(DataDirInUse):
        restore.restore(folder, made, replace=True)
    restore.restore(folder, made, replace=True)


@pytest.mark.parametrize("name", ["store.db", "server.key"])
def test_a_backup_that_is_not_sound_changes_nothing(folder, made, name):
    before = {path.name: path.read_bytes() for path in folder.path.iterdir() if path.is_file()}
    (made / name).write_bytes(b"x" + (made / name).read_bytes())
    with pytest.raises(BackupError, match="cannot be used"):
        restore.restore(folder, made, replace=True)
    with pytest.raises(BackupError, match="is no backup"):
        restore.restore(folder, made.parent / "nothing", replace=True)
    assert {path.name: path.read_bytes() for path in folder.path.iterdir() if path.is_file()} == before


def test_devices_revoked_since_stay_revoked_and_new_ones_are_named(folder, tmp_path):
    lost = client.add_device(folder, "staff", "Lost tablet", "tcp://x:1")
    made = back_up(folder, tmp_path / "into", SOON)
    client.run(folder, "revoke_device", device_id=lost.device_id)
    client.add_device(folder, "kiosk", "New kiosk", "tcp://x:1")
    done = restore.restore(folder, made, replace=True)
    assert (done.revoked, done.unknown) == (["Lost tablet"], ["New kiosk"])
    with reading(folder.store) as db:
        (device,) = devices.list_devices(db)
    assert device.device_id == lost.device_id
    assert device.revoked_at is not None


@contextmanager
def connection(folder: DataDir) -> Iterator[sqlite3.Connection]:
    db = connect(folder.store)
    try:
        with transaction(db):
            yield db
    finally:
        db.close()


def test_accounts_and_tokens_that_were_removed_stay_out_and_new_secrets_stay(folder, tmp_path):
    for name in ("gone", "stays"):
        client.run(folder, "add_manager", name=name, role="manager", password="of the backup")
        client.run(folder, "add_token", name=name)
        with connection(folder) as db:
            add_wall(db, WallSettings(name, "en"), SOON)
    client.run(folder, "set_pin", employee="tom", pin="471147")
    made = back_up(folder, tmp_path / "into", SOON)
    client.run(folder, "remove_manager", name="gone")
    client.run(folder, "revoke_token", name="gone")
    with connection(folder) as db:
        remove_wall(db, next(wall.n for wall in list_walls(db) if wall.settings.name == "gone"))
    client.run(folder, "set_password", name="stays", password="changed since")
    client.run(folder, "set_pin", employee="tom", pin="582258")
    client.run(folder, "add_manager", name="new", role="readonly", password="added since")
    done = restore.restore(folder, made, replace=True)
    assert done.unknown == ["new"]
    with reading(folder.store) as db:
        accounts_now = {account.name: account.password_hash for account in managers.every(db)}
        assert accounts_now.keys() == {"manager", "stays"}
        assert password_hash.verify_password(accounts_now["stays"], "changed since")
        assert [token.name for token in tokens.list_tokens(db)] == ["stays"]
        assert [wall.settings.name for wall in list_walls(db)] == ["stays"]
        assert password_hash.verify_password(pins.pin_hash(db, "tom"), "582258")


def test_in_place_of_another_store_everything_is_as_in_the_backup(folder, finished_store, tmp_path):
    """As on a new computer, on which `welkom init` was run before the restore."""
    client.run(folder, "add_token", name="bookings")
    made = back_up(folder, tmp_path / "into", SOON)
    other = DataDir(shutil.copytree(finished_store.path, tmp_path / "other"))
    other.server_key.unlink()
    make_server_key(other.server_key)
    db = connect(other.store)
    db.execute("DELETE FROM accounts")
    db.close()
    done = restore.restore(other, made, replace=True)
    assert done.unknown == []
    with reading(other.store) as db:
        assert [account.name for account in managers.every(db)] == ["manager"]
        assert [token.name for token in tokens.list_tokens(db)] == ["bookings"]


def test_an_unreadable_store_can_be_replaced(folder, made):
    folder.store.write_bytes(b"no database " * 1000)
    done = restore.restore(folder, made, replace=True, now=LATER)
    assert (done.revoked, done.unknown) == (None, None)
    assert verify(folder, LATER) == []


class Died(BaseException):
    pass


def test_an_interrupted_restore_starts_no_server_and_can_be_done_again(folder, made, monkeypatch, tmp_path):
    """The process dies before each of the renames."""
    rename, left, died = os.rename, 0, True

    def may_die(path: Path, target: Path) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Died
        rename(path, target)

    renames = 0
    while died:
        copy = DataDir(shutil.copytree(folder.path, tmp_path / f"copy{renames}"))
        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", may_die)
            left, died = renames, False
            try:
                restore.restore(copy, made, replace=True, now=LATER)
            except Died:
                died = True
        if died and renames:
            with pytest.raises(DataDirError):
                copy.check()
        if died:
            restore.restore(copy, made, replace=True, now=LATER + 1000)
        copy.check()
        assert verify(copy, LATER) == []
        renames += 1
    assert renames > 8  # four files out, four in


def test_retention_applies_to_replaced_stores(folder, made):
    db = connect(folder.store)
    db.execute("INSERT INTO ops VALUES ('one', randomblob(16), NULL, NULL, ?)", (SOON,))
    db.close()
    done = restore.restore(folder, made, replace=True, now=LATER)
    asides = ReplacedStores(folder)
    asides.apply_retention(LATER)
    assert b"Rumpelstiltskin" in (done.replaced / "store.db").read_bytes()
    asides.apply_retention(LATER + DESCRIPTION_MS)
    with reading(done.replaced / "store.db") as db:
        assert db.execute("SELECT count(*) FROM visits WHERE ended_at > 0 AND described").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM ops WHERE digest <> zeroblob(16)").fetchone() == (0,)


def test_the_retention_time_of_the_shop_applies_to_replaced_stores(folder, made):
    done = restore.restore(folder, made, replace=True, now=LATER)
    ReplacedStores(folder, keep_ms=1).apply_retention(LATER)
    assert b"a-torn-note" not in (done.replaced / "store.db").read_bytes()


def test_retention_in_replaced_stores_is_done_after_a_full_disk(folder, made, monkeypatch, caplog):
    done = restore.restore(folder, made, replace=True, now=LATER)
    asides = ReplacedStores(folder)

    def full(_path):
        raise StoreError("the disk is full") from OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(replaced_stores, "migrate", full)
        asides.apply_retention(LATER + DESCRIPTION_MS)
    assert "cannot be removed yet" in caplog.text
    asides.apply_retention(LATER + DESCRIPTION_MS)
    with reading(done.replaced / "store.db") as db:
        assert db.execute("SELECT count(*) FROM visits WHERE ended_at > 0 AND described").fetchone() == (0,)


def test_an_unreadable_replaced_store_is_logged_once(folder, made, caplog):
    folder.store.write_bytes(b"no database " * 1000)
    restore.restore(folder, made, replace=True, now=LATER)
    asides = ReplacedStores(folder)
    for _ in range(3):
        asides.apply_retention(LATER)
    assert caplog.text.count("remove the folder") == 1


def test_a_replaced_store_of_another_user_is_logged_once(folder, made, monkeypatch, caplog):
    restore.restore(folder, made, replace=True, now=LATER)

    def not_ours(_path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(replaced_stores, "migrate", not_ours)
    ReplacedStores(folder).apply_retention(LATER)
    assert caplog.text.count("Permission denied); remove the folder") == 1


def erase(folder: DataDir, ticket: str) -> list[str]:
    return client.run(folder, "erase", day=DAY, ticket=ticket)


def test_erasure_applies_to_replaced_stores(folder, made):
    done = restore.restore(folder, made, replace=True, now=LATER)
    assert b"a-torn-note" in (done.replaced / "store.db").read_bytes()
    assert erase(folder, "A-1") == []
    assert b"a-torn-note" not in (done.replaced / "store.db").read_bytes()


def test_a_ticket_that_only_a_replaced_store_has_is_erased_there(folder, made):
    done = restore.restore(folder, made, replace=True, now=LATER)
    with contextlib.closing(connect(folder.store)) as db, db:
        db.execute("UPDATE visits SET ticket = 'A-9' WHERE ticket = 'A-1'")
    assert erase(folder, "A-1") == []
    assert b"a-torn-note" not in (done.replaced / "store.db").read_bytes()
    with pytest.raises(AccountError, match="there was no ticket Z-9"):
        erase(folder, "Z-9")


def test_a_replaced_store_that_cannot_be_erased_is_named(folder, made, monkeypatch):
    done = restore.restore(folder, made, replace=True, now=LATER)
    with contextlib.closing(connect(folder.store)) as db, db:
        db.execute("UPDATE visits SET described = 1 WHERE ticket = 'A-1'")

    def failing(cause):
        def fails(_path):
            raise StoreError("it cannot be opened") from cause

        return fails

    monkeypatch.setattr(replaced_stores, "migrate", failing(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(AccountError, match="then erase again"):
        erase(folder, "A-1")
    with reading(folder.store) as db:  # nothing is done by half
        assert db.execute("SELECT described FROM visits WHERE ticket = 'A-1'").fetchone() == (1,)
    monkeypatch.setattr(replaced_stores, "migrate", failing(sqlite3.DatabaseError("file is not a database")))
    assert erase(folder, "A-1") == [str(done.replaced)]
    command = ["erase", "A-1", "--day", DAY, "--data", str(folder.path)]
    ran = CliRunner().invoke(main, command)
    assert ran.exit_code == 1
    assert "are removed" in ran.output
    assert f"{done.replaced}: what was put aside there cannot be read" in ran.output
