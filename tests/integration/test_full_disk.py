"""A disk without a byte left, for real: the server starts all the same, or ends in one sentence."""

import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest

from sync_server.cli.common import TRY_LATER
from sync_server.service.folder import Folder
from tests.torture.world import SmallDisk

from .house import House, come
from .process import ServerProcess, welkom

FULL = "the disk is full; free some space, everything waiting is then saved by itself"


@pytest.fixture
def disk(tmp_path):
    try:
        disk = SmallDisk(tmp_path / "disk", megabytes=4)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no small disk can be mounted here")
    yield disk
    disk.close()


@pytest.fixture
def house(disk, finished_store, tmp_path, pin_hash) -> House:  # noqa: ARG001 - it is mounted there
    """A house whose store is on the small disk."""
    folder = Folder(shutil.copytree(finished_store.path, tmp_path / "disk" / "store"))
    return House(folder, tmp_path / "devices", pin_hash)


async def killed_at_work(house) -> ServerProcess:
    """A server was here and was killed: its write-ahead log has what store.db has not."""
    file = house.enrol("kiosk", "Front")
    server = await ServerProcess(house.folder.path).start()
    house.sync = server.sync
    kiosk = house.device(file)
    come(kiosk)
    await house.until(lambda: not kiosk.outbox.pending())
    await server.kill()
    return server


@pytest.mark.fault(
    "The disk has not a byte left, and the server is killed and started on it",
    "it serves and says why nothing can be saved; once there is room all is done, by itself",
)
async def test_a_server_killed_on_a_full_disk_starts_on_it(house, disk):
    server = await killed_at_work(house)
    for path in (house.folder.lock, house.folder.path / "session.key", house.folder.control_address):
        path.unlink()  # as if none had ever run here: they are written at the start
    disk.fill()
    server = await ServerProcess(house.folder.path, server.sync).start()
    (kiosk,) = house.devices
    while kiosk.problem is None:  # a little fits into what is there already
        come(kiosk, alias="x" * 40)
        await house.until(lambda: kiosk.problem or not kiosk.outbox.pending())
    assert "the disk is full; free some space" in kiosk.problem
    disk.free()
    await house.until(lambda: kiosk.problem is None and not kiosk.outbox.pending())
    assert house.one("SELECT count(*) FROM visits") == len(kiosk.view.visits)
    disk.fill()
    assert await server.stop() == 0


@pytest.mark.fault(
    "A server is started on a disk that has no room for the small file SQLite needs beside the store",
    "it ends with one sentence and exit code 75, and is started again until there is room",
)
async def test_a_server_that_cannot_open_its_store_says_so_and_may_be_started_again(house, disk):
    house.enrol("kiosk", "Front")
    disk.fill()
    server = ServerProcess(house.folder.path)
    for _ in range(2):
        code, said = await server.start_in_vain()
        assert (code, said) == (TRY_LATER, f"Error: {house.folder.store}: {FULL}\n")
    assert (ended := welkom("verify", "--data", house.folder.path)).returncode in (1, TRY_LATER)
    assert FULL in ended.stdout + ended.stderr
    disk.free()
    await server.start()
    assert await server.stop() == 0


@pytest.mark.fault(
    "A new version is started on a full disk, and the store must be brought up to date",
    "it ends with one sentence and exit code 75; once there is room it does so and serves",
)
async def test_a_migration_without_room_is_made_later(house, disk):
    with closing(sqlite3.connect(house.folder.store)) as db:  # as an older version left it
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'ops_to_forget'")
        db.execute("DROP INDEX idx_ops_to_forget")
        db.commit()
        disk.fill()  # after this there is room for the file beside it, and not for the log
        server = ServerProcess(house.folder.path)
        code, said = await server.start_in_vain()
    assert (code, said) == (TRY_LATER, f"Error: {house.folder.store}: {FULL}\n")
    disk.free()
    await server.start()
    assert await server.stop() == 0
