"""A store is made of a backup again; the one that was there is kept, and nothing is half done."""

import contextlib
import errno
import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync_server.cli import main
from sync_server.service import accounts, aside, backup, control, managers, restore, tokens
from sync_server.service.accounts import AccountError
from sync_server.service.aside import Asides
from sync_server.service.backup import BackupError, back_up
from sync_server.service.folder import Folder, FolderError, InUse, Lock
from sync_server.service.keys import make_server_key
from sync_server.service.queries import epoch
from sync_server.service.retention import DESCRIPTION_MS
from sync_server.service.store import StoreError, connect, reading
from sync_server.service.verify import verify
from tests.ledger import rows
from tests.unit.test_backup import SOON, live

LATER = SOON + 3_600_000
DAY = "2026-03-02"


@pytest.fixture
def made(folder, tmp_path) -> Path:
    live(folder)
    return back_up(folder, tmp_path / "into", SOON)


def epoch_of(folder: Folder) -> str:
    with reading(folder.store) as db:
        return epoch(db)


def test_a_store_is_made_where_none_was(folder, made, tmp_path):
    other = Folder(tmp_path / "other")
    done = restore.restore(other, made, now=LATER)
    assert (done.aside, done.revoked) == (None, None)
    assert verify(other, LATER) == []
    assert other.server_key.read_bytes() == folder.server_key.read_bytes()
    assert stat.S_IMODE(other.server_key.stat().st_mode) == stat.S_IMODE(other.store.stat().st_mode) == 0o600
    with reading(other.store) as db:
        assert [row["ticket"] for row in rows(db, "SELECT ticket FROM visits ORDER BY ticket")] == [
            "A-1",
            "A-2",
        ]
        assert rows(db, "SELECT began_at, from_seq FROM epochs ORDER BY n DESC LIMIT 1") == [
            {"began_at": LATER, "from_seq": db.execute("SELECT max(seq) FROM visit_events").fetchone()[0]}
        ]


def test_each_restore_is_an_epoch_of_its_own(folder, made):
    seen = {epoch_of(folder)}
    for n in range(2):
        restore.restore(folder, made, replace=True, now=LATER + n * 1000)
        seen.add(epoch_of(folder))
    assert len(seen) == 3
    assert "" not in seen


def test_the_store_that_is_there_is_kept_and_only_replaced_when_told(folder, made):
    db = connect(folder.store)
    db.execute("INSERT INTO ops VALUES ('later', zeroblob(16), NULL, NULL, 1)")
    db.close()
    before = folder.store.read_bytes()
    with pytest.raises(BackupError, match=r"is a store already; say --replace"):
        restore.restore(folder, made)
    assert folder.store.read_bytes() == before
    done = restore.restore(folder, made, replace=True, now=LATER)
    assert done.aside == folder.path / "before-restore-20260302T103000Z"
    assert (done.aside / "store.db").read_bytes() == before
    assert verify(folder, LATER) == []
    with reading(folder.store) as db:
        assert rows(db, "SELECT op_id FROM ops") == []
    folder.check()


def test_the_latest_of_a_folder_of_backups_is_taken(folder, made):
    live_since = back_up(folder, made.parent, LATER)
    done = restore.restore(folder, made.parent, replace=True)
    assert done.manifest == backup.read_manifest(live_since)


def test_nothing_is_restored_while_a_server_runs(folder, made):
    with Lock(folder), pytest.raises(InUse):
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


def test_who_was_shut_out_since_stays_out_and_who_is_new_is_named(folder, tmp_path):
    lost = control.add_device(folder, "staff", "Lost tablet", "tcp://x:1")
    made = back_up(folder, tmp_path / "into", SOON)
    control.run(folder, "revoke_device", device_id=lost.device_id)
    control.add_device(folder, "kiosk", "New kiosk", "tcp://x:1")
    done = restore.restore(folder, made, replace=True)
    assert (done.revoked, done.unknown) == (["Lost tablet"], ["New kiosk"])
    with reading(folder.store) as db:
        (device,) = accounts.list_devices(db)
    assert device["device_id"] == lost.device_id
    assert device["revoked_at"] is not None


def test_accounts_and_tokens_that_were_removed_stay_out_and_new_secrets_stay(folder, tmp_path):
    for name in ("gone", "stays"):
        control.run(folder, "add_manager", name=name, role="manager", password="of the backup")
        control.run(folder, "add_token", name=name)
    control.run(folder, "set_pin", employee="tom", pin="111111")
    made = back_up(folder, tmp_path / "into", SOON)
    control.run(folder, "remove_manager", name="gone")
    control.run(folder, "revoke_token", name="gone")
    control.run(folder, "set_password", name="stays", password="changed since")
    control.run(folder, "set_pin", employee="tom", pin="222222")
    control.run(folder, "add_manager", name="new", role="readonly", password="added since")
    done = restore.restore(folder, made, replace=True)
    assert done.unknown == ["new"]
    with reading(folder.store) as db:
        accounts_now = {account.name: account.password_hash for account in managers.every(db)}
        assert accounts_now.keys() == {"manager", "stays"}
        assert accounts.verify(accounts_now["stays"], "changed since")
        assert [name for name, _ in tokens.list_tokens(db)] == ["stays"]
        assert accounts.verify(accounts.pin_hash(db, "tom"), "222222")


def test_in_place_of_another_store_everything_is_as_in_the_backup(folder, finished_store, tmp_path):
    """As on a new computer, where `welkom init` came before the restore."""
    control.run(folder, "add_token", name="bookings")
    made = back_up(folder, tmp_path / "into", SOON)
    other = Folder(shutil.copytree(finished_store.path, tmp_path / "other"))
    other.server_key.unlink()
    make_server_key(other.server_key)
    db = connect(other.store)
    db.execute("DELETE FROM accounts")
    db.close()
    done = restore.restore(other, made, replace=True)
    assert done.unknown == []
    with reading(other.store) as db:
        assert [account.name for account in managers.every(db)] == ["manager"]
        assert [name for name, _ in tokens.list_tokens(db)] == ["bookings"]


def test_a_store_beyond_reading_is_replaced_all_the_same(folder, made):
    folder.store.write_bytes(b"no database " * 1000)
    done = restore.restore(folder, made, replace=True, now=LATER)
    assert (done.revoked, done.unknown) == (None, None)
    assert verify(folder, LATER) == []


class Died(BaseException):
    pass


def test_an_interrupted_restore_starts_no_server_and_can_be_done_again(folder, made, monkeypatch, tmp_path):
    """The process dies before each of the renames in turn."""
    rename, left, died = os.rename, 0, True

    def may_die(path: Path, target: Path) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Died
        rename(path, target)

    renames = 0
    while died:
        copy = Folder(shutil.copytree(folder.path, tmp_path / f"copy{renames}"))
        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", may_die)
            left, died = renames, False
            try:
                restore.restore(copy, made, replace=True, now=LATER)
            except Died:
                died = True
        if died and renames:
            with pytest.raises(FolderError):
                copy.check()
        if died:
            restore.restore(copy, made, replace=True, now=LATER + 1000)
        copy.check()
        assert verify(copy, LATER) == []
        renames += 1
    assert renames > 8  # four files out, four in


def test_what_is_put_aside_forgets_in_time_like_the_store_itself(folder, made):
    db = connect(folder.store)
    db.execute("INSERT INTO ops VALUES ('one', randomblob(16), NULL, NULL, ?)", (SOON,))
    db.close()
    done = restore.restore(folder, made, replace=True, now=LATER)
    asides = Asides(folder)
    asides.forget(LATER)
    assert b"Rumpelstiltskin" in (done.aside / "store.db").read_bytes()
    asides.forget(LATER + DESCRIPTION_MS)
    with reading(done.aside / "store.db") as db:
        assert db.execute("SELECT count(*) FROM visits WHERE ended_at > 0 AND described").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM ops WHERE digest <> zeroblob(16)").fetchone() == (0,)


def test_what_is_put_aside_forgets_sooner_where_the_shop_says_so(folder, made):
    done = restore.restore(folder, made, replace=True, now=LATER)
    Asides(folder, keep_ms=1).forget(LATER)
    assert b"a-torn-note" not in (done.aside / "store.db").read_bytes()


def test_while_the_disk_is_full_what_is_put_aside_waits_and_forgets_later(folder, made, monkeypatch, caplog):
    done = restore.restore(folder, made, replace=True, now=LATER)
    asides = Asides(folder)

    def full(_path):
        raise StoreError("the disk is full") from OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(aside, "migrate", full)
        asides.forget(LATER + DESCRIPTION_MS)
    assert "cannot be removed yet" in caplog.text
    asides.forget(LATER + DESCRIPTION_MS)
    with reading(done.aside / "store.db") as db:
        assert db.execute("SELECT count(*) FROM visits WHERE ended_at > 0 AND described").fetchone() == (0,)


def test_one_put_aside_that_cannot_be_read_is_told_of_once_and_stops_nothing(folder, made, caplog):
    folder.store.write_bytes(b"no database " * 1000)
    restore.restore(folder, made, replace=True, now=LATER)
    asides = Asides(folder)
    for _ in range(3):
        asides.forget(LATER)
    assert caplog.text.count("remove the folder") == 1


def test_one_put_aside_that_is_another_user_s_stops_nothing_either(folder, made, monkeypatch, caplog):
    restore.restore(folder, made, replace=True, now=LATER)

    def not_ours(_path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(aside, "migrate", not_ours)
    Asides(folder).forget(LATER)
    assert caplog.text.count("Permission denied); remove the folder") == 1


def erase(folder: Folder, ticket: str) -> list[str]:
    return control.run(folder, "erase", day=DAY, ticket=ticket)


def test_who_asks_to_be_forgotten_is_forgotten_in_what_is_put_aside_too(folder, made):
    done = restore.restore(folder, made, replace=True, now=LATER)
    assert b"a-torn-note" in (done.aside / "store.db").read_bytes()
    assert erase(folder, "A-1") == []
    assert b"a-torn-note" not in (done.aside / "store.db").read_bytes()


def test_a_ticket_that_only_the_store_put_aside_knows_is_erased_there(folder, made):
    done = restore.restore(folder, made, replace=True, now=LATER)
    with contextlib.closing(connect(folder.store)) as db, db:
        db.execute("UPDATE visits SET ticket = 'A-9' WHERE ticket = 'A-1'")
    assert erase(folder, "A-1") == []
    assert b"a-torn-note" not in (done.aside / "store.db").read_bytes()
    with pytest.raises(AccountError, match="there was no ticket Z-9"):
        erase(folder, "Z-9")


def test_what_is_put_aside_and_cannot_be_erased_is_named(folder, made, monkeypatch):
    done = restore.restore(folder, made, replace=True, now=LATER)
    with contextlib.closing(connect(folder.store)) as db, db:
        db.execute("UPDATE visits SET described = 1 WHERE ticket = 'A-1'")

    def failing(cause):
        def fails(_path):
            raise StoreError("it cannot be opened") from cause

        return fails

    monkeypatch.setattr(aside, "migrate", failing(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(AccountError, match="then erase again"):
        erase(folder, "A-1")
    with reading(folder.store) as db:  # nothing half done
        assert db.execute("SELECT described FROM visits WHERE ticket = 'A-1'").fetchone() == (1,)
    monkeypatch.setattr(aside, "migrate", failing(sqlite3.DatabaseError("file is not a database")))
    assert erase(folder, "A-1") == [str(done.aside)]
    command = ["erase", "A-1", "--day", DAY, "--data", str(folder.path)]
    ran = CliRunner().invoke(main, command)
    assert ran.exit_code == 1
    assert "are removed" in ran.output
    assert f"{done.aside}: what was put aside there cannot be read" in ran.output
