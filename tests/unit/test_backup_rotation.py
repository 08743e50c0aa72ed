"""Which backups are removed: never one that the new backup does not continue (18), never another store's."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync_server.cli import main
from sync_server.service.config.load import load_settings
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.backup import BackupError, back_up, read_manifest
from sync_server.service.upkeep.backup_schedule import BackupScheduler
from sync_server.service.upkeep.backup_set import backups, backups_of, latest_of, rotate
from sync_server.service.upkeep.create_store import make_store
from sync_server.service.upkeep.restore import restore
from tests.fake_clock import FakeClock
from tests.sample_store import STORE_TOML, ms

from .test_backup import SOON, live

DAY = 86_400_000
HOUR = 3_600_000


@pytest.fixture
def lived(folder: DataDir) -> DataDir:
    """A store with a log."""
    live(folder)
    return folder


@pytest.fixture
def other(tmp_path: Path) -> DataDir:
    """Another shop."""
    (tmp_path / "other.toml").write_text(STORE_TOML.replace("Test shop", "The other shop"), "utf-8")
    return make_store(tmp_path / "other", None, None, tmp_path / "other.toml")


def nights(store: DataDir, into: Path, count: int, first: int = SOON) -> list[Path]:
    """A backup each night."""
    return [back_up(store, into, first + night * DAY) for night in range(count)]


def test_a_backup_says_whose_it_is(lived, tmp_path):
    manifest = read_manifest(back_up(lived, tmp_path / "into", SOON))
    assert manifest.name == "Test shop"
    assert len(manifest.epochs) == 1
    restored = DataDir(tmp_path / "restored")
    restore(restored, tmp_path / "into")
    again = read_manifest(back_up(restored, tmp_path / "into", SOON + DAY))
    assert again.epochs[0] == manifest.epochs[0]
    assert len(again.epochs) == 2


def test_a_backup_of_an_older_version_says_it_too(lived, tmp_path):
    """Its description does not say it; the store in it does."""
    made = back_up(lived, tmp_path / "into", SOON)
    manifest = json.loads((made / "backup.json").read_text())
    known = {name: manifest[name] for name in ("made_at", "store", "seq", "files")}
    (made / "backup.json").write_text(json.dumps(known))
    [found] = backups_of(tmp_path / "into", lived)
    assert list(found.epochs) == manifest["epochs"]
    newer = nights(lived, tmp_path / "into", 2, SOON + DAY)
    assert rotate(tmp_path / "into", 2, newer[-1]) == 1
    assert not made.exists()


def test_two_shops_in_one_folder_leave_each_others_backups_alone(lived, other, tmp_path):
    into = tmp_path / "into"
    theirs = nights(other, into, 3)
    mine = nights(lived, into, 4, SOON + HOUR)
    assert rotate(into, 2, mine[-1]) == 2
    assert {*backups(into)} == {*theirs, *mine[-2:]}
    assert [found.path for found in backups_of(into, other)] == theirs[::-1]


def test_the_nightly_backup_of_a_shop_is_due_whatever_another_shop_did(lived, other, tmp_path):
    clock = FakeClock(ms(2026, 3, 3, 2, 31))
    settings = load_settings(lived.settings)
    scheduler = BackupScheduler(lived, settings, clock)
    scheduler.backups_dir = tmp_path / "into"
    db = connect(lived.store)
    db.execute("UPDATE epochs SET began_at = 1")
    db.close()
    back_up(other, tmp_path / "into", clock.now)
    assert scheduler.is_due()
    back_up(lived, tmp_path / "into", clock.now)
    assert not scheduler.is_due()


def lose_rows(store: DataDir) -> None:
    """As an older copy of the file would."""
    db = connect(store.store)
    for table in ("feedback", "presence_log", "visits", "visit_events", "ops"):
        db.execute(f"DELETE FROM {table}")
    db.close()


def lose_epoch(store: DataDir) -> None:
    db = connect(store.store)
    db.execute("UPDATE epochs SET epoch = 'made-up'")
    db.close()


def be_another(store: DataDir) -> None:
    """A new store under the shop's own key, as earlier versions made it by themselves."""
    shutil.copy(store.path.parent / "finished.db", store.store)
    lose_epoch(store)


@pytest.mark.fault(
    "A store loses its rows or its epoch, or becomes another one, and is backed up night after night",
    "no good backup is removed, and each of these backups counts as failed (18)",
)
@pytest.mark.parametrize("lose", [lose_rows, lose_epoch, be_another])
def test_a_store_that_lost_something_never_pushes_a_good_backup_out(finished_store, lived, tmp_path, lose):
    into = tmp_path / "into"
    good = nights(lived, into, 3)
    shutil.copy(finished_store.store, tmp_path / "finished.db")
    lose(lived)
    for night in range(3, 20):
        made = back_up(lived, into, SOON + night * DAY)
        with pytest.raises(BackupError, match=rf"{made.name}: .*{good[-1].name}.*no older backup is removed"):
            rotate(into, 2, made)
    assert set(good) <= set(backups(into))
    # The command says it too, and the nightly backup counts as failed.
    done = CliRunner().invoke(main, ["backup", str(into), "--keep", "2", "--data", str(lived.path)])
    assert done.exit_code == 1
    assert "no older backup is removed" in done.output
    assert set(good) <= set(backups(into))


def test_what_a_restore_has_undone_is_pushed_out_like_any_other(lived, tmp_path):
    """The backups of the time that the restore has undone are known to it, although it lacks their lines."""
    into = tmp_path / "into"
    [first] = nights(lived, into, 1)
    live_more(lived)
    undone = nights(lived, into, 2, SOON + DAY)
    lived.store.write_bytes(b"no database" * 1000)  # so only the backups beside it tell of that time
    restore(lived, first, replace=True, now=SOON + 4 * DAY)
    made = nights(lived, into, 2, SOON + 5 * DAY)
    assert rotate(into, 2, made[-1]) == 3
    assert backups(into) == made[::-1]
    assert first not in backups(into)
    assert not set(undone) & set(backups(into))


def live_more(store: DataDir) -> None:
    """One more line in the log."""
    db = connect(store.store)
    seq = db.execute("SELECT max(seq) FROM visit_events").fetchone()[0]
    db.execute(
        "INSERT INTO visit_events (seq, event, actor, at_server, body) VALUES (?,?,?,?,?)",
        (seq + 1, "day_closed", "system", SOON + HOUR, '{"event":"day_closed","still_here":1}'),
    )
    db.close()


def test_many_backups_in_one_day_do_not_push_the_nights_out(lived, tmp_path):
    """It keeps by age as well as by number: the last one of each of the latest days."""
    into = tmp_path / "into"
    made = nights(lived, into, 5)
    hours = [back_up(lived, into, SOON + 5 * DAY + hour * HOUR) for hour in range(10)]
    assert rotate(into, 3, hours[-1]) == 10
    assert backups(into) == [*hours[:-4:-1], *made[:-3:-1]]
    assert rotate(into, 3, hours[-1]) == 0


def test_a_backup_with_a_time_of_the_future_is_neither_the_latest_nor_in_the_way(lived, tmp_path):
    """It was made while the computer's clock was wrong."""
    into = tmp_path / "into"
    future = back_up(lived, into, SOON + 400 * DAY)
    live_more(lived)
    [made] = nights(lived, into, 1)
    assert latest_of(into, lived, SOON).path == made
    assert backups_of(into, lived)[-1].path == future
    db = connect(lived.store)
    db.execute("UPDATE epochs SET began_at = 1")
    db.close()
    clock = FakeClock(SOON + DAY)
    scheduler = BackupScheduler(lived, load_settings(lived.settings), clock)
    scheduler.backups_dir = into
    assert scheduler.is_due()
    assert scheduler.latest() == SOON
    restored = DataDir(tmp_path / "restored")
    assert restore(restored, into, now=SOON + DAY).manifest == read_manifest(made)
    more = nights(lived, into, 2, SOON + DAY)
    assert rotate(into, 2, more[-1]) == 2
    assert not future.exists()


def test_with_backups_of_two_shops_in_a_folder_a_restore_takes_its_own(lived, other, tmp_path):
    into = tmp_path / "into"
    [mine] = nights(lived, into, 1)
    nights(other, into, 1, SOON + DAY)
    for damage in (lambda: None, lambda: lived.store.write_bytes(b"no database" * 1000)):
        damage()
        assert restore(lived, into, replace=True).manifest == read_manifest(mine)
    with pytest.raises(BackupError, match=r"backups of several stores.*Test shop.*The other shop.*name one"):
        restore(DataDir(tmp_path / "empty"), into)
    assert not (tmp_path / "empty").exists()
