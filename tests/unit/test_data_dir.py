"""The data directory: created once, used by one server at a time, with private secrets."""

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync_server.service.admin import control_socket
from sync_server.service.admin.client import run
from sync_server.service.admin.commands import Command, work_of
from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.server_key import load_server_key, make_server_key
from sync_server.service.config.load import load_settings
from sync_server.service.net import tls
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import (
    DataDir,
    DataDirError,
    DataDirInUse,
    DataDirLock,
    write_secret,
)
from sync_server.service.upkeep import create_store
from sync_server.service.upkeep.backup import back_up
from sync_server.service.upkeep.create_store import make_store
from sync_server.service.upkeep.restore import restore
from tests.sample_store import PASSWORD

pytestmark = pytest.mark.usefixtures("quick_hashes")

ROOT = Path(__file__).parents[2]


# --- whose it is -------------------------------------------------------------------------------------


@pytest.fixture
def not_roots(folder, tmp_path, monkeypatch):
    """A store with a backup of a user who is not root; the test runs as root."""
    back_up(folder, tmp_path / "backup")
    if os.geteuid() == 0:
        os.chown(folder.path, 65_534, 65_534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
    folder.lock.unlink(missing_ok=True)
    return folder


@pytest.mark.parametrize(
    "write",
    [
        lambda folder, _: run(folder, "set_pin", employee="tom", pin="481516"),
        lambda folder, elsewhere: back_up(folder, elsewhere),
        lambda folder, elsewhere: restore(folder, elsewhere.with_name("backup"), replace=True),
        lambda folder, _: tls.make_certificate(folder, "Shop", ["localhost"], datetime.now(UTC)),
        lambda folder, _: DataDirLock(folder),
    ],
    ids=["a command", "a backup", "a restore", "a certificate", "a server"],
)
def test_root_writes_nothing_into_another_users_data_directory(not_roots, tmp_path, write):
    before = sorted(not_roots.path.iterdir())
    with pytest.raises(DataDirError, match=r"belongs to .*: begin the command with `sudo -u "):
        write(not_roots, tmp_path / "elsewhere")
    assert sorted(not_roots.path.iterdir()) == before
    assert not (tmp_path / "elsewhere").exists()


def test_root_makes_no_store_in_another_users_directory(tmp_path, not_roots):
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    os.chown(prepared, not_roots.path.stat().st_uid, -1)
    with pytest.raises(DataDirError, match="sudo -u"):
        make_store(prepared, None, None)
    assert list(prepared.iterdir()) == []


def test_the_error_for_an_unreadable_store_names_its_owner(folder, monkeypatch):
    message = r"cannot be read; it belongs to \S+: begin the command with `sudo -u "
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_, **__: False)
        with pytest.raises(DataDirError, match=message):
            folder.check()

    def shut(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", shut)
    with pytest.raises(DataDirError, match=message):
        folder.check()


def test_root_may_ask_a_server_that_runs(not_roots):
    holder = not_roots.lock.open("a+")
    fcntl.flock(holder, fcntl.LOCK_EX)
    with pytest.raises(DataDirInUse):
        DataDirLock(not_roots)
    holder.close()


# --- making one --------------------------------------------------------------------------------------


def test_a_new_store_is_complete_and_its_secrets_are_its_owners(folder):
    folder.check()
    for path in (folder.server_key, folder.lock, folder.store):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    public, secret = load_server_key(folder.server_key)
    assert len(public) == len(secret) == 40
    assert load_settings(folder.settings).store.name == "Test shop"
    assert PASSWORD.encode() not in b"".join(p.read_bytes() for p in folder.path.iterdir())


@pytest.mark.parametrize("name", ["Lumen", 'The "Best" \\ Shop', "Café Žluťoučký 🙂", "Ελένη 王"])
def test_any_name_a_shop_may_have_is_written_and_read_back(tmp_path, template, name):
    made = make_store(tmp_path / "store", name, PASSWORD, template)
    assert load_settings(made.settings).store.name == name


def test_init_does_not_overwrite_a_store(folder, template):
    before = folder.server_key.read_bytes()
    with pytest.raises(DataDirError, match="is a store already"):
        make_store(folder.path, None, PASSWORD, template)
    assert folder.server_key.read_bytes() == before


def test_a_password_that_is_too_short_makes_no_store(tmp_path, template):
    with pytest.raises(AccountError):
        make_store(tmp_path / "store", None, "short", template)
    with pytest.raises(AccountError):
        make_store(tmp_path / "store", None, "test shop", template)  # as the template calls it
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("there", [True, False])
def test_an_init_that_fails_leaves_the_directory_as_it_was(tmp_path, template, monkeypatch, there):
    if there:
        (tmp_path / "store").mkdir()
        (tmp_path / "store" / "notes.txt").write_text("mine")

    def full(_path):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(create_store, "make_server_key", full)
        with pytest.raises(DataDirError, match="No space left on device"):
            make_store(tmp_path / "store", None, PASSWORD, template)
    assert {path.name for path in tmp_path.glob("store/*")} == ({"notes.txt"} if there else set())
    assert (tmp_path / "store").exists() == there
    make_store(tmp_path / "store", None, PASSWORD, template).check()


def test_a_place_that_cannot_be_written_is_named(tmp_path, template):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirError, match=r"cannot be written .*choose another folder"):
        make_store(tmp_path / "file" / "store", None, PASSWORD, template)


def test_a_directory_without_a_store_and_a_missing_one_have_different_errors(tmp_path):
    with pytest.raises(DataDirError, match="no such folder; `welkom init"):
        DataDir(tmp_path / "nowhere").check()
    with pytest.raises(DataDirError, match="not a store's folder"):
        DataDir(tmp_path).check()


def test_a_secret_is_never_overwritten(tmp_path):
    write_secret(tmp_path / "key", "one")
    with pytest.raises(FileExistsError):
        write_secret(tmp_path / "key", "two")
    assert (tmp_path / "key").read_text() == "one"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_secret_is_on_the_disk_or_not_there_at_all(tmp_path, monkeypatch):
    synced, sync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_ino) or sync(number))
    write_secret(tmp_path / "key", "one")
    assert synced == [(tmp_path / "key").stat().st_ino, tmp_path.stat().st_ino]

    def full(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_secret(tmp_path / "other", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


# --- the server's key ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"public": 1, "secret": 2}', '{"public": "short", "secret": "short"}', "\xff"],
)
def test_a_key_that_cannot_be_used_is_named_with_the_way_out(tmp_path, content):
    path = tmp_path / "server.key"
    path.write_text(content, "latin-1")
    with pytest.raises(DataDirError, match=r"server\.key: .*put back your copy"):
        load_server_key(path)


def test_two_keys_that_do_not_belong_together_are_found_out(tmp_path):
    pairs = []
    for name in ("one", "two"):
        make_server_key(tmp_path / name)
        pairs.append(json.loads((tmp_path / name).read_text()))
    (tmp_path / "mixed").write_text(json.dumps({"public": pairs[0]["public"], "secret": pairs[1]["secret"]}))
    with pytest.raises(DataDirError, match="do not belong together"):
        load_server_key(tmp_path / "mixed")
    with pytest.raises(DataDirError, match=r"server\.key"):
        load_server_key(tmp_path / "server.key")


# --- one at a time ---------------------------------------------------------------------------------------


def test_a_second_lock_is_refused_with_the_process_id(folder):
    with DataDirLock(folder), pytest.raises(DataDirInUse, match=rf"process {os.getpid()}\); stop it first"):
        DataDirLock(folder)
    with DataDirLock(folder):
        pass


def test_the_lock_of_a_process_that_died_is_free(folder):
    code = (
        "import os, sys; from pathlib import Path;"
        "from sync_server.service.storage.data_dir import DataDir, DataDirLock;"
        "lock = DataDirLock(DataDir(Path(sys.argv[1]))); print('held', flush=True); os.kill(os.getpid(), 9)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, str(folder.path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (child.stdout, child.returncode) == ("held\n", -9)
    with DataDirLock(folder):
        assert folder.lock.read_text() == str(os.getpid())


# --- commands --------------------------------------------------------------------------------------------


def test_a_command_with_no_server_running_is_done_on_the_spot(folder):
    device = run(folder, "add_device", kind="kiosk", name="Front", server="tcp://x:1")
    assert device.server_key == load_server_key(folder.server_key)[0]
    run(folder, "set_pin", employee="maya", pin="481516")
    db = connect(folder.store, read_only=True)
    assert db.execute("SELECT count(*) FROM devices").fetchone() == (1,)
    assert db.execute("SELECT pin_hash IS NOT NULL FROM employees WHERE id = 'maya'").fetchone() == (1,)
    db.close()


def test_a_command_that_fails_changes_nothing(folder):
    with pytest.raises(AccountError):
        run(folder, "set_pin", employee="eve", pin="481516")
    with DataDirLock(folder):  # and releases the directory
        pass


@pytest.mark.parametrize(
    "request_",
    [
        Command("drop_everything", {}),
        Command("set_pin", {"employee": "maya"}),
        Command("set_pin", {"employee": "maya", "pin": "481516", "extra": "x"}),
    ],
)
def test_an_unknown_command_is_refused(folder, request_):
    with pytest.raises(AccountError, match="no such command"):
        work_of(folder, request_)


@pytest.mark.parametrize(
    ("sent", "error", "reason"),
    [
        (b'{"error": "a PIN has 4 to 8 digits"}', AccountError, "a PIN has 4 to 8 digits"),
        (b"", DataDirError, "does not answer"),
        (b"<html>", DataDirError, r"does not answer .*start it again"),
        (b"[]", DataDirError, "does not answer"),
    ],
)
def test_every_refusal_of_the_running_server_is_a_sentence(folder, sent, error, reason):
    def answer() -> None:
        connected, _ = listening.accept()
        with connected:
            while connected.recv(1000):
                pass
            connected.sendall(sent)

    with DataDirLock(folder), closing(control_socket.listen(folder)) as listening:
        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(error, match=reason):
            run(folder, "set_pin", employee="maya", pin="481516")


def test_a_server_that_left_no_socket_is_named(folder):
    with DataDirLock(folder), pytest.raises(DataDirError, match="does not answer"):
        run(folder, "set_pin", employee="maya", pin="481516")
