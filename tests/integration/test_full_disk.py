"""A really full disk: the server starts nevertheless, or ends with one sentence."""

import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest

from sync_server.cli.common import TRY_LATER
from sync_server.service.storage.data_dir import DataDir
from tests.torture.environment import SmallDisk

from .harness import StoreHarness, come
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
def house(disk, finished_store, tmp_path, pin_hash) -> StoreHarness:  # noqa: ARG001 - it is mounted there
    """A store on a small disk."""
    folder = DataDir(shutil.copytree(finished_store.path, tmp_path / "disk" / "store"))
    return StoreHarness(folder, tmp_path / "devices", pin_hash)


async def killed_at_work(house) -> ServerProcess:
    """A server was killed: its write-ahead log holds more than store.db."""
    file = house.enrol("kiosk", "Front")
    server = await ServerProcess(house.data_dir.path).start()
    house.sync = server.sync
    kiosk = house.device(file)
    come(kiosk)
    await house.until(lambda: not kiosk.outbox.pending())
    await server.kill()
    return server


@pytest.mark.fault(
    "The server is killed and started again while the disk is completely full",
    "it runs and says why nothing can be saved; with space again everything is done by itself",
)
async def test_a_server_killed_on_a_full_disk_starts_again(house, disk):
    server = await killed_at_work(house)
    for path in (house.data_dir.lock, house.data_dir.path / "session.key", house.data_dir.control_socket):
        path.unlink()  # as if no server had run here: they are written at the start
    disk.fill()
    server = await ServerProcess(house.data_dir.path, server.sync).start()
    (kiosk,) = house.devices
    while kiosk.problem is None:  # a little still fits into the file
        come(kiosk, alias="x" * 40)
        await house.until(lambda: kiosk.problem or not kiosk.outbox.pending())
    assert "the disk is full; free some space" in kiosk.problem
    disk.free()
    await house.until(lambda: kiosk.problem is None and not kiosk.outbox.pending())
    assert house.one("SELECT count(*) FROM visits") == len(kiosk.view.visits)
    disk.fill()
    assert await server.stop() == 0


@pytest.mark.fault(
    "A server is started on a disk without space for the small file that SQLite needs beside the store",
    "it ends with one sentence and exit code 75, and is started again until there is space",
)
async def test_a_server_that_cannot_open_its_store_ends_with_try_later(house, disk):
    house.enrol("kiosk", "Front")
    disk.fill()
    server = ServerProcess(house.data_dir.path)
    for _ in range(2):
        code, said = await server.start_and_fail()
        assert (code, said) == (TRY_LATER, f"Error: {house.data_dir.store}: {FULL}\n")
    assert (ended := welkom("verify", "--data", house.data_dir.path)).returncode in (1, TRY_LATER)
    assert FULL in ended.stdout + ended.stderr
    disk.free()
    await server.start()
    assert await server.stop() == 0


@pytest.mark.fault(
    "A new version is started on a full disk and must migrate the store",
    "it ends with one sentence and exit code 75; with space again it migrates the store and runs",
)
async def test_a_migration_without_space_is_done_at_a_later_start(house, disk):
    with closing(sqlite3.connect(house.data_dir.store)) as db:  # as an older version left it
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'ops_to_forget'")
        db.execute("DROP INDEX idx_ops_to_forget")
        db.commit()
        disk.fill()  # then there is space for the shared-memory file, and not for the log
        server = ServerProcess(house.data_dir.path)
        code, said = await server.start_and_fail()
    assert (code, said) == (TRY_LATER, f"Error: {house.data_dir.store}: {FULL}\n")
    disk.free()
    await server.start()
    assert await server.stop() == 0
