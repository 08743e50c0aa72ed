"""The key of a revoked device is deleted, now or as soon as the disk allows it."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sync_server.device.app.key_removal import RETRY_S, KeyRemover
from sync_server.device.storage.identity_file import identity_path, save_identity
from sync_server.device.storage.outbox import Outbox
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFile

from .live_device import FILE, KEY, started_device
from .virtual_time import loop, virtual_time


class StubbornDisk:
    """A disk on which a file cannot be deleted for the first `failures` times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
        self.tries: list[float] = []  # when
        unlink = Path.unlink

        def refuse(path: Path, missing_ok: bool = False) -> None:
            self.tries.append(loop().time())
            if len(self.tries) <= failures:
                raise PermissionError(1, "Operation not permitted", str(path))
            unlink(path, missing_ok)

        monkeypatch.setattr(Path, "unlink", refuse)


@virtual_time
async def test_a_key_that_cannot_be_deleted_is_logged_once_and_tried_again_each_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    path = save_identity(FILE, tmp_path)
    disk = StubbornDisk(monkeypatch, failures=3)
    remover = KeyRemover(tmp_path)
    with caplog.at_level(logging.WARNING):
        remover.remove(FILE)
        assert path.exists()
        await asyncio.sleep(10 * RETRY_S)
    assert not path.exists()
    assert disk.tries == [0, 60, 120, 180]
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert {record.name for record in caplog.records} == {"sync_server.device.app.key_removal"}
    assert str(path) in caplog.text


@virtual_time
async def test_it_is_not_tried_again_if_the_device_takes_part_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_identity(FILE, tmp_path)
    disk = StubbornDisk(monkeypatch, failures=1)
    remover = KeyRemover(tmp_path)
    remover.remove(FILE)
    remover.cancel()
    await asyncio.sleep(10 * RETRY_S)
    assert (disk.tries, path.exists()) == ([0], True)


@virtual_time
async def test_a_key_that_is_to_be_deleted_twice_is_tried_once_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_identity(FILE, tmp_path)
    disk = StubbornDisk(monkeypatch, failures=9)
    remover = KeyRemover(tmp_path)
    remover.remove(FILE)
    await asyncio.sleep(30)
    remover.remove(FILE)
    await asyncio.sleep(130)
    assert disk.tries == [0, 30, 90, 150]
    remover.cancel()


@virtual_time
async def test_the_file_of_another_device_is_left_alone(tmp_path: Path) -> None:
    save_identity(replace(FILE, public_key="x" * 40), tmp_path)
    identity_path(tmp_path, "staff").write_bytes(b"\xff no device file")
    KeyRemover(tmp_path).remove(FILE)
    assert identity_path(tmp_path, "kiosk").exists()
    assert identity_path(tmp_path, "staff").exists()


async def revoke(folder: Path) -> None:
    """Runs a device that the store revokes."""
    async with started_device(folder) as live:
        assert live.revoked == []
        live.receive(msg.Dismissed())
        assert live.revoked == [FILE]


async def reported_at_start(folder: Path, file: DeviceFile = FILE) -> list[DeviceFile]:
    """The revoked devices that a new start reports before the server has sent anything."""
    async with started_device(folder, file) as live:
        return live.revoked


@virtual_time
async def test_a_device_that_was_revoked_deletes_its_key_at_the_next_start_too(tmp_path: Path) -> None:
    await revoke(tmp_path)
    assert await reported_at_start(tmp_path) == [FILE]


@virtual_time
async def test_once_it_takes_part_again_its_key_is_kept(tmp_path: Path) -> None:
    await revoke(tmp_path)
    async with started_device(tmp_path) as live:
        for _ in range(2):
            live.receive_snapshot(kind="kiosk", name="Front", letter="A")
        assert live.identities == [FILE], "the file may be deleted already, so it is saved again; once"
    assert await reported_at_start(tmp_path) == []


@virtual_time
async def test_a_device_that_was_paired_again_has_another_key_and_keeps_it(tmp_path: Path) -> None:
    await revoke(tmp_path)
    assert await reported_at_start(tmp_path, replace(FILE, public_key="x" * 40)) == []
    outbox = Outbox(tmp_path / "device-1.db")
    assert outbox.revoked_key() == KEY
    outbox.close()
