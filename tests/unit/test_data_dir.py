"""The data directory: made once, one server at a time, and secrets only its owner can read."""

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sync_server.service import setup, tls
from sync_server.service.accounts import AccountError
from sync_server.service.backup import back_up
from sync_server.service.control import Request, make_control_key, right_key, run, work_of
from sync_server.service.folder import Folder, FolderError, InUse, Lock, write_secret
from sync_server.service.keys import load_server_key, make_server_key
from sync_server.service.restore import restore
from sync_server.service.settings import load_settings
from sync_server.service.setup import make_store
from sync_server.service.store import StoreError, connect, explain, migrate
from tests.shop import PASSWORD, STORE_TOML

ROOT = Path(__file__).parents[2]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.toml"
    path.write_text(STORE_TOML, "utf-8")
    return path


# --- whose it is -------------------------------------------------------------------------------------


@pytest.fixture
def not_roots(folder, tmp_path, monkeypatch):
    """A store of somebody who is not root, with a backup, and root."""
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
        lambda folder, _: tls.make(folder, "Shop", ["localhost"], datetime.now(UTC)),
        lambda folder, _: Lock(folder),
    ],
    ids=["a command", "a backup", "a restore", "a certificate", "a server"],
)
def test_root_leaves_nothing_in_the_folder_of_somebody_else(not_roots, tmp_path, write):
    before = sorted(not_roots.path.iterdir())
    with pytest.raises(FolderError, match=r"belongs to .*: begin the command with `sudo -u "):
        write(not_roots, tmp_path / "elsewhere")
    assert sorted(not_roots.path.iterdir()) == before
    assert not (tmp_path / "elsewhere").exists()


def test_root_makes_no_store_in_the_folder_of_somebody_else(tmp_path, not_roots):
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    os.chown(prepared, not_roots.path.stat().st_uid, -1)
    with pytest.raises(FolderError, match="sudo -u"):
        make_store(prepared, None, None)
    assert list(prepared.iterdir()) == []


def test_who_may_not_read_a_store_is_told_whose_it_is(folder, monkeypatch):
    told = r"cannot be read; it belongs to \S+: begin the command with `sudo -u "
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_, **__: False)
        with pytest.raises(FolderError, match=told):
            folder.check()

    def shut(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", shut)
    with pytest.raises(FolderError, match=told):
        folder.check()


def test_root_may_ask_a_server_that_runs(not_roots):
    holder = not_roots.lock.open("a+")
    fcntl.flock(holder, fcntl.LOCK_EX)
    with pytest.raises(InUse):
        Lock(not_roots)
    holder.close()


# --- making one --------------------------------------------------------------------------------------


def test_a_new_store_is_complete_and_its_secrets_are_its_owners(folder):
    folder.check()
    for path in (folder.server_key, folder.control_key, folder.store):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    public, secret = load_server_key(folder.server_key)
    assert len(public) == len(secret) == 40
    assert load_settings(folder.settings).store.name == "Test shop"
    assert PASSWORD.encode() not in b"".join(p.read_bytes() for p in folder.path.iterdir())


@pytest.mark.parametrize("name", ["Lumen", 'The "Best" \\ Shop', "Café Žluťoučký 🙂", "Line\nbreak"])
def test_any_name_a_shop_may_have_is_written_and_read_back(tmp_path, template, name):
    made = make_store(tmp_path / "store", name, PASSWORD, template)
    assert load_settings(made.settings).store.name == name


def test_a_store_is_not_made_over_another(folder, template):
    before = folder.server_key.read_bytes()
    with pytest.raises(FolderError, match="is a store already"):
        make_store(folder.path, None, PASSWORD, template)
    assert folder.server_key.read_bytes() == before


def test_a_password_that_is_too_short_makes_no_store(tmp_path, template):
    with pytest.raises(AccountError):
        make_store(tmp_path / "store", None, "short", template)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_store_that_could_not_be_finished_is_taken_back_and_can_be_made_later(
    tmp_path, template, monkeypatch, there
):
    if there:
        (tmp_path / "store").mkdir()
        (tmp_path / "store" / "notes.txt").write_text("mine")

    def full(_path):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(setup, "make_server_key", full)
        with pytest.raises(FolderError, match="No space left on device"):
            make_store(tmp_path / "store", None, PASSWORD, template)
    assert {path.name for path in tmp_path.glob("store/*")} == ({"notes.txt"} if there else set())
    assert (tmp_path / "store").exists() == there
    make_store(tmp_path / "store", None, PASSWORD, template).check()


def test_a_place_that_cannot_be_written_is_named(tmp_path, template):
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match=r"cannot be written .*choose another folder"):
        make_store(tmp_path / "file" / "store", None, PASSWORD, template)


def test_a_folder_that_is_no_store_is_told_apart_from_none(tmp_path):
    with pytest.raises(FolderError, match="no such folder; `welkom init"):
        Folder(tmp_path / "nowhere").check()
    with pytest.raises(FolderError, match="not a store's folder"):
        Folder(tmp_path).check()


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
    with pytest.raises(FolderError, match=r"server\.key: .*put back your copy"):
        load_server_key(path)


def test_two_keys_that_do_not_belong_together_are_found_out(tmp_path):
    pairs = []
    for name in ("one", "two"):
        make_server_key(tmp_path / name)
        pairs.append(json.loads((tmp_path / name).read_text()))
    (tmp_path / "mixed").write_text(json.dumps({"public": pairs[0]["public"], "secret": pairs[1]["secret"]}))
    with pytest.raises(FolderError, match="do not belong together"):
        load_server_key(tmp_path / "mixed")
    with pytest.raises(FolderError, match=r"server\.key"):
        load_server_key(tmp_path / "server.key")


# --- one at a time ---------------------------------------------------------------------------------------


def test_a_second_holder_is_told_who_is_there(folder):
    with Lock(folder), pytest.raises(InUse, match=rf"process {os.getpid()}\); stop it first"):
        Lock(folder)
    with Lock(folder):
        pass


def test_the_lock_of_a_process_that_died_is_free(folder):
    code = (
        "import os, sys; from pathlib import Path; from sync_server.service.folder import Folder, Lock;"
        "lock = Lock(Folder(Path(sys.argv[1]))); print('held', flush=True); os.kill(os.getpid(), 9)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, str(folder.path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (child.stdout, child.returncode) == ("held\n", -9)
    with Lock(folder):
        assert folder.lock.read_text() == str(os.getpid())


# --- commands --------------------------------------------------------------------------------------------


def test_a_command_with_no_server_running_is_done_on_the_spot(folder):
    device = run(folder, "add_device", kind="kiosk", name="Front", server="tcp://x:1")
    assert device.server_key == load_server_key(folder.server_key)[0]
    run(folder, "set_pin", employee="maya", pin="123456")
    db = connect(folder.store, read_only=True)
    assert db.execute("SELECT count(*) FROM devices").fetchone() == (1,)
    assert db.execute("SELECT pin_hash IS NOT NULL FROM employees WHERE id = 'maya'").fetchone() == (1,)
    db.close()


def test_a_command_that_fails_changes_nothing(folder):
    with pytest.raises(AccountError):
        run(folder, "set_pin", employee="eve", pin="123456")
    with Lock(folder):  # and gives the folder back
        pass


@pytest.mark.parametrize(
    "request_",
    [
        Request("drop_everything", {}),
        Request("set_pin", {"employee": "maya"}),
        Request("set_pin", {"employee": "maya", "pin": "123456", "extra": "x"}),
    ],
)
def test_a_command_that_is_none_is_refused(folder, request_):
    with pytest.raises(AccountError, match="no such command"):
        work_of(folder, request_)


class Door(BaseHTTPRequestHandler):
    """A server's control door that answers whatever the test gives it."""

    status, body = 200, b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_what: object) -> None:
        pass


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, b'{"error": "a PIN has 4 to 8 digits"}', "a PIN has 4 to 8 digits"),
        (500, b"Internal Server Error", r"the server refused \(500\)"),
        (502, b"", r"the server refused \(502\)"),
        (200, b"<html>", r"the server refused \(200\)"),
    ],
)
def test_whatever_the_running_server_says_no_with_is_told_in_words(folder, status, body, reason):
    handler = type("Answer", (Door,), {"status": status, "body": body})
    with HTTPServer(("127.0.0.1", 0), handler) as door, Lock(folder):
        threading.Thread(target=door.handle_request, daemon=True).start()
        folder.control_address.write_text(f"127.0.0.1:{door.server_port}\n")
        with pytest.raises(AccountError, match=reason):
            run(folder, "set_pin", employee="maya", pin="123456")


def test_only_the_folders_own_key_opens_the_control_door(folder):
    key = folder.control_key.read_text().strip()
    assert right_key(folder, key)
    assert not right_key(folder, key[:-1])
    assert not right_key(folder, "")
    assert not right_key(folder, make_control_key())
    assert not right_key(folder, "clé")


# --- a store file that cannot be used ----------------------------------------------------------------------


def test_a_store_file_that_is_none_is_named_with_the_way_out(folder):
    folder.store.write_text("shopping list\n" * 500)
    for suffix in ("-wal", "-shm"):
        folder.store.with_name(folder.store.name + suffix).unlink(missing_ok=True)
    with pytest.raises(StoreError, match=r"store\.db: .*not a sound store file.*put back your latest copy"):
        migrate(folder.store)


def test_a_store_file_that_is_not_there_is_not_made_by_reading(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        connect(tmp_path / "none.db", read_only=True).execute("SELECT 1")
    assert not (tmp_path / "none.db").exists()


def test_a_path_with_signs_of_its_own_is_opened_as_it_stands(tmp_path):
    path = tmp_path / "50% off? #1" / "store.db"
    path.parent.mkdir()
    migrate(path)
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
def test_what_sqlite_says_is_put_into_words_for_a_shop(error, words):
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
