"""Invariant 18: only `init` and `restore` make a store. One that is missing or empty is never replaced."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync_server.cli import main
from sync_server.service.admin import client
from sync_server.service.server import serve
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir, DataDirError
from sync_server.service.storage.errors import StoreError, StoreMissing
from sync_server.service.storage.schema.migrate import migrate
from sync_server.service.upkeep.backup import BackupError, back_up
from sync_server.service.upkeep.restore import restore
from sync_server.service.upkeep.verify import verify


def remove(store: Path) -> None:
    store.unlink()


def empty(store: Path) -> None:
    store.write_bytes(b"")


def without_tables(store: Path) -> None:
    """What SQLite leaves of a file that another program has created."""
    store.unlink()
    with contextlib.closing(sqlite3.connect(store)) as db:
        db.execute("PRAGMA user_version=1")


def of_another_program(store: Path) -> None:
    store.unlink()
    with contextlib.closing(sqlite3.connect(store)) as db:
        db.execute("CREATE TABLE holidays (day TEXT)")


Lose = Callable[[Path], None]
LOSSES = pytest.mark.parametrize("lose", [remove, empty, without_tables, of_another_program])
WAY_OUT = "welkom restore"


def content(folder: DataDir) -> bytes | None:
    return folder.store.read_bytes() if folder.store.exists() else None


async def start(folder: DataDir) -> None:
    stop = asyncio.Event()
    stop.set()
    await serve(folder, stop=stop)


@LOSSES
def test_a_server_does_not_start_on_it_and_says_the_way_out(folder, lose: Lose):
    lose(folder.store)
    before = content(folder)
    with pytest.raises((DataDirError, StoreError), match=f"store.db: .*{WAY_OUT}"):
        asyncio.run(start(folder))
    assert content(folder) == before


@LOSSES
@pytest.mark.parametrize(
    "command",
    [
        ["device", "list"],
        ["device", "add", "kiosk", "--name", "Front", "--server", "127.0.0.1:7350"],
        ["employee", "pin", "maya", "--pin", "481516"],
        ["manager", "password", "--password", "a-new-password"],
        ["token", "add", "bookings"],
        ["erase", "A-1"],
        ["report"],
        ["backup", "BACKUPS"],
        ["verify"],
        ["doctor"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_no_command_makes_one(folder, tmp_path, lose: Lose, command: list[str]):
    lose(folder.store)
    before = content(folder)
    words = [str(tmp_path / "backups") if word == "BACKUPS" else word for word in command]
    done = CliRunner().invoke(main, [*words, "--data", str(folder.path)])
    assert done.exit_code == 1, done.output
    assert WAY_OUT in done.output
    assert isinstance(done.exception, SystemExit)
    assert content(folder) == before
    assert not list(tmp_path.glob("backups/welkom-*"))


@LOSSES
def test_verify_calls_it_unsound(folder, lose: Lose):
    lose(folder.store)
    [finding] = verify(folder)
    assert finding.about == "file"
    assert WAY_OUT in finding.text


@LOSSES
def test_a_restore_makes_it_again(folder, tmp_path, lose: Lose):
    client.run(folder, "add_token", name="bookings")
    made = back_up(folder, tmp_path / "backups")
    lose(folder.store)
    restore(folder, made, replace=True)
    assert verify(folder) == []


@LOSSES
def test_bringing_it_up_to_date_does_not_make_it(folder, lose: Lose):
    lose(folder.store)
    before = content(folder)
    with pytest.raises(StoreMissing, match=WAY_OUT):
        migrate(folder.store)
    assert content(folder) == before


def test_opening_it_does_not_make_it(folder):
    remove(folder.store)
    with pytest.raises(StoreError):
        connect(folder.store)
    assert not folder.store.exists()


def test_a_folder_without_a_store_has_no_backup(tmp_path, folder):
    remove(folder.store)
    with pytest.raises((BackupError, DataDirError, StoreError), match=WAY_OUT):
        back_up(folder, tmp_path / "backups")
    assert not list(tmp_path.glob("backups/*"))
