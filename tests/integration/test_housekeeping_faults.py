"""Disks that fail and files that are not what they should be: housekeeping goes on, and so does the shop."""

import asyncio
import errno
import shutil
from pathlib import Path

import pytest

from sync_server.service import supervisor
from sync_server.service.enrol import service as enrol_service
from sync_server.service.enrol.mdns import MdnsAnnouncement
from sync_server.service.figures import figures_of
from sync_server.service.privacy import replaced_stores
from sync_server.service.processing.processor import OpProcessor
from sync_server.service.sync import last_seen
from sync_server.service.sync.last_seen import LastSeen
from sync_server.service.upkeep import backup_schedule
from sync_server.service.upkeep.backup_schedule import BackupScheduler

FAULTS = {
    "EIO": OSError(errno.EIO, "Input/output error"),
    "ENOSPC": OSError(errno.ENOSPC, "No space left on device"),
    "EACCES": PermissionError(errno.EACCES, "Permission denied"),
    "a fault of our own": RuntimeError("a fault in the server"),
}

# Where each task of housekeeping touches a disk, a socket or the network.
TASKS = {
    "retention": (OpProcessor, "apply_retention"),
    "replaced stores": (replaced_stores, "replaced_stores"),
    "the nightly backup": (BackupScheduler, "is_due"),
    "the announcement": (MdnsAnnouncement, "__aenter__"),
    "the enrolment port": (enrol_service, "serve_http"),
    "last seen": (LastSeen, "write"),
}


@pytest.fixture
def quick(monkeypatch) -> None:
    """Housekeeping is tried again at once."""
    monkeypatch.setattr(supervisor, "RESTART_S", 0.01)
    monkeypatch.setattr(backup_schedule, "RETRY_S", 0.01)


@pytest.mark.fault(
    "Housekeeping fails: the disk reports an error, is full or may not be read, or the server has a fault",
    "it is logged and tried again after a pause; devices are served as before",
)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.usefixtures("quick")
async def test_a_task_of_housekeeping_that_fails_is_done_again_and_stops_nothing_else(
    shop, monkeypatch, caplog, task, fault
):
    where, name = TASKS[task]
    original, tried, done = getattr(where, name), [], asyncio.Event()
    loop = asyncio.get_running_loop()

    def broken(*args, **kwargs):
        tried.append(1)
        if len(tried) <= 2:
            raise fault
        loop.call_soon_threadsafe(done.set)
        return original(*args, **kwargs)

    monkeypatch.setattr(where, name, broken)
    (kiosk,) = await shop.crew()
    async with asyncio.timeout(30):
        await done.wait()
    await shop.served(kiosk)
    assert str(fault) in caplog.text


@pytest.mark.usefixtures("quick")
async def test_last_seen_times_that_cannot_be_written_are_written_later(house, monkeypatch):
    def broken(_db, _seen):
        raise FAULTS["EIO"]

    (kiosk,) = await house.crew()
    server = house.server
    with monkeypatch.context() as patched:
        patched.setattr(last_seen, "write_last_seen", broken)
        with pytest.raises(OSError, match="Input/output"):
            await server.device_handler.last_seen.write(server.processor.writer)
    assert kiosk.file.device_id in server.device_handler.last_seen.times
    await server.device_handler.last_seen.write(server.processor.writer)
    assert house.one("SELECT seen_at FROM devices") is not None


STRAY = "before-restore-", "before-restore-20260101T000000Z", "welkom-20260101T000000Z", "notes.txt"
EMPTY = "before-restore-empty", "before-restore-20260102T000000Z", "welkom-20260102T000000Z"


def litter(path: Path) -> list[Path]:
    """Adds files that no part of the server makes, and some that are not what their names say."""
    path.mkdir(exist_ok=True)
    for name in STRAY:
        (path / name).write_bytes(b"\xff" * 40)
    for name in EMPTY:
        (path / name).mkdir()
    (path / "before-restore-20260102T000000Z" / "store.db").mkdir()
    broken, whole = path / "before-restore-20260103T000000Z", path / "welkom-20260103T000000Z"
    broken.mkdir()
    (broken / "store.db").write_bytes(b"this is no database" * 100)
    (path / "welkom-20260102T000000Z" / "backup.json").mkdir()
    whole.mkdir()
    (whole / "backup.json").write_text("{}")
    loop, nowhere = path / "before-restore-loop", path / "welkom-nowhere"
    loop.symlink_to(loop)
    nowhere.symlink_to(path / "nowhere")
    return [*(path / name for name in (*STRAY, *EMPTY)), broken, whole, loop, nowhere]


def remove(paths: list[Path]) -> None:
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.fault(
    "Stray and broken files and folders are in the data directory and among the backups",
    "they are left alone, what is wrong is logged once; devices are served as before",
)
@pytest.mark.usefixtures("quick")
async def test_files_that_do_not_belong_there_stop_nothing(house, monkeypatch, caplog):
    rounds = asyncio.Event()
    apply_retention = replaced_stores.ReplacedStores.apply_retention
    loop = asyncio.get_running_loop()

    def counted(self, now):
        apply_retention(self, now)
        loop.call_soon_threadsafe(rounds.set)

    monkeypatch.setattr(replaced_stores.ReplacedStores, "apply_retention", counted)
    made = [*litter(house.data_dir.path), *litter(house.data_dir.path / "backups")]
    (kiosk,) = await house.crew()
    async with asyncio.timeout(30):
        await rounds.wait()
    assert figures_of(house.server).backup_age_s is None
    await house.served(kiosk)
    await asyncio.to_thread(house.server.backup_scheduler.is_due)
    remove(made)  # the check after each fault wants every store to be sound
    assert "what is due cannot be removed" in caplog.text


@pytest.mark.fault(
    "The socket for commands cannot be made, or not be removed",
    "it is logged; the server starts and stops all the same",
)
async def test_a_control_socket_that_cannot_be_made_or_removed_stops_nothing(house, caplog):
    path = house.data_dir.control_socket
    path.mkdir()
    (kiosk,) = await house.crew()
    await house.served(kiosk)
    await house.close_server()
    assert "commands do not find this server" in caplog.text
    path.rmdir()
    await house.open()
    path.unlink()
    path.mkdir()
    await house.close_server()
    assert "remove it by hand" in caplog.text
    path.rmdir()


@pytest.mark.fault(
    "The code for the first password cannot be written, because the disk is full",
    "it is logged; the server starts without it",
)
async def test_a_setup_code_that_cannot_be_written_stops_nothing(house, monkeypatch, caplog):
    def full(*_):
        raise FAULTS["ENOSPC"]

    server = await house.open()
    with house.store() as db:
        assert db.execute("SELECT count(*) FROM accounts").fetchone()[0] in (0, 1)
    await server.processor.writer.call(lambda db: db.execute("DELETE FROM accounts"))
    monkeypatch.setattr("sync_server.service.auth.setup_link.write_secret", full)
    house.data_dir.setup_code.unlink(missing_ok=True)
    assert server.setup_code() is None
    assert "the link for the first password" in caplog.text
