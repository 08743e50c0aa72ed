"""A backup is complete, verified, readable by its owner only, and describes no shopper."""

import errno
import json
import os
import stat
import time
from pathlib import Path

import pytest

from sync_server.domain import ops
from sync_server.service.config.load import load_settings
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep import backup
from sync_server.service.upkeep.backup import BackupError, back_up, check
from sync_server.service.upkeep.backup_set import backups, rotate
from sync_server.service.upkeep.verify import verify_file
from tests.floor_harness import KIOSK, FloorHarness
from tests.sample_store import ms
from tests.store_rows import query, write_records

WORDS = ("Rumpelstiltskin", "lavender", "QQQQQQQQQQQQQQQQQQQQQQ", "a-torn-note", "a-kind-word", "end-note")
SOON = ms(2026, 3, 2, 9, 30)


def live(folder: DataDir) -> FloorHarness:
    """Some visits, one of them open, with every kind of description."""
    play = FloorHarness(load_settings(folder.settings).catalogue())
    said = {"alias": WORDS[0], "colour": WORDS[1], "place": "door"}
    play.sign_on("tom")
    done = play.open_with("tom", "repair", link=WORDS[2])
    play.on("tom", ops.AddNote, done, note=WORDS[3])
    play.on("tom", ops.HandOver, done, note=WORDS[3])
    play.on("tom", ops.Claim, done)
    play.start("tom", done)
    play.complete("tom", done, note=WORDS[5])
    play.yes(KIOSK, ops.Rate(done, ces=5, comment=WORDS[4]))
    play.open("repair")
    db = connect(folder.store)
    write_records(db, play.catalogue, play.records)
    # The checks of the floor do not matter here.
    db.execute("UPDATE visits SET described = 1")
    for name, word in said.items():
        db.execute(
            f"UPDATE visit_events SET body = json_set(body, '$.{name}', ?) WHERE event = 'opened'", (word,)
        )
    db.close()
    return play


def test_a_backup_has_all_that_makes_the_store_and_nothing_of_its_shoppers(folder, tmp_path):
    live(folder)
    db = connect(folder.store)
    refused = "INSERT INTO ops VALUES ('1', randomblob(16), 'unknown_place', ?, ?)"
    db.execute(refused, (WORDS[1], SOON))
    db.close()
    (folder.path / "tls.pem").write_text("certificate")
    (folder.path / "toms.device.toml").write_text("a device's secret")
    assert verify_file(folder.store, None, SOON) == []
    made = back_up(folder, tmp_path / "into", SOON)
    assert made.name == "welkom-20260302T093000Z"
    names = {"store.db", "store.toml", "server.key", "tls.pem", "backup.json"}
    assert {path.name for path in made.iterdir()} == names
    assert (made / "store.toml").read_bytes() == folder.settings.read_bytes()
    everything = b"".join(path.read_bytes() for path in made.iterdir())
    assert not [word for word in WORDS if word.encode() in everything]
    assert all(word.encode() in folder.store.read_bytes() + wal(folder) for word in WORDS)
    db = connect(made / "store.db", read_only=True)
    found = query(
        db,
        "SELECT ticket, state, need, resolution, ces, handovers, described + linked FROM visits ORDER BY 1",
    )
    # Names could be tried against a digest.
    kept = query(db, "SELECT hex(digest) AS of, trim(about) AS about FROM ops")
    assert kept == [{"of": "0" * 32, "about": ""}]
    db.close()
    assert [tuple(row.values()) for row in found] == [
        ("A-1", "completed", "repair", "solved", 5, 1, 0),
        ("A-2", "waiting", "repair", None, None, 0, 0),
    ]
    assert verify_file(made / "store.db", None, SOON) == []


def wal(folder: DataDir) -> bytes:
    path = folder.path / "store.db-wal"
    return path.read_bytes() if path.exists() else b""


def test_only_its_owner_may_read_a_backup(folder, tmp_path):
    made = back_up(folder, tmp_path / "into", SOON)
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()} == {0o600}
    assert stat.S_IMODE(made.stat().st_mode) == stat.S_IMODE(made.parent.stat().st_mode) == 0o700


def test_two_backups_of_one_second_have_two_names(folder, tmp_path):
    names = [back_up(folder, tmp_path, SOON).name for _ in range(3)]
    assert names == ["welkom-20260302T093000Z", "welkom-20260302T093000Z-2", "welkom-20260302T093000Z-3"]


@pytest.mark.parametrize("step", ["sync", "_copy_store", "digest_of", "check"])
def test_a_backup_that_fails_leaves_nothing_behind(folder, tmp_path, monkeypatch, step):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backup, step, full)
    with pytest.raises(BackupError, match=r"the disk is full\); free some space"):
        back_up(folder, tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []


def test_a_backup_of_an_unsound_store_is_removed(folder, tmp_path):
    live(folder)
    db = connect(folder.store)
    db.execute("UPDATE visits SET handovers = 7")
    db.close()
    with pytest.raises(BackupError, match=r"not sound.*differs from the log in handovers.*welkom verify"):
        back_up(folder, tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []


def test_unfinished_backups_of_dead_processes_are_removed(folder, tmp_path):
    old, young = tmp_path / ".welkom-20260101T000000Z.1.part", tmp_path / ".welkom-20260101T000000Z.2.part"
    for path in (old, young):
        path.mkdir()
    hour_ago = time.time() - backup.STALE_S - 1
    os.utime(old, (hour_ago, hour_ago))
    back_up(folder, tmp_path)
    assert (old.exists(), young.exists()) == (False, True)
    assert backups(tmp_path) != [young]


def test_an_unusable_backup_directory_is_named(folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupError, match=r"file/into: no backup could be made .*name another place"):
        back_up(folder, tmp_path / "file" / "into")


def test_rotation_keeps_the_latest_and_touches_no_other_file(folder, tmp_path):
    made = [back_up(folder, tmp_path, SOON + day * 86_400_000) for day in range(4)]
    (tmp_path / "holiday.jpg").write_text("")
    (tmp_path / "welkom-notes").mkdir()
    assert backups(tmp_path) == made[::-1]
    assert rotate(tmp_path, 3, made[-1]) == 1
    assert backups(tmp_path) == made[:0:-1]
    assert rotate(tmp_path, 3, made[-1]) == 0
    assert {"holiday.jpg", "welkom-notes"} <= {path.name for path in tmp_path.iterdir()}
    assert rotate(tmp_path, 0, made[-1]) == 2  # the last backup is never removed


# --- a backup that was damaged -----------------------------------------------------------------------


@pytest.fixture
def made(folder, tmp_path) -> Path:
    return back_up(folder, tmp_path / "into", SOON)


@pytest.mark.parametrize("name", ["store.db", "store.toml", "server.key"])
def test_check_finds_a_changed_or_missing_file(made, name):
    assert check(made) == []
    (made / name).write_bytes((made / name).read_bytes() + b" ")
    assert f"{name}: is missing or differs" in check(made)[0].text
    (made / name).unlink()
    assert f"{name}: is missing or differs" in check(made)[0].text


@pytest.mark.parametrize("text", ["", "[]", "{}", "null"])
def test_a_folder_that_is_no_backup_is_named(made, text):
    (made / "backup.json").write_text(text)
    assert f"{made}: is no backup" in check(made)[0].text


@pytest.mark.parametrize("change", [{"../../evil": "0" * 64}, {"/etc/passwd": "0" * 64}])
def test_a_backup_names_no_file_outside_itself(made, change):
    manifest = json.loads((made / "backup.json").read_text())
    manifest["files"] |= change
    (made / "backup.json").write_text(json.dumps(manifest))
    assert "is no whole backup" in check(made)[0].text
