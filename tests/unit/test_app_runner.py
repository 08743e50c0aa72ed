"""Running a device and its window until the window closes or the process is ended."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zmq
from msgspec.structs import replace

from assets.ui import device_app
from sync_server.device.app import key_removal
from sync_server.device.app.app_runner import CompanionTask, run_device, storage_problem
from sync_server.device.app.config import ConfigError, DeviceConfig, find_identity
from sync_server.device.device import Device
from sync_server.device.network.discovery import StoreBrowser
from sync_server.device.storage.identity_file import identity_path, save_identity
from sync_server.device.storage.outbox import Outbox
from sync_server.device.storage.outbox_errors import Cause, OutboxDamaged, OutboxError

from .live_device import FILE as FAKE_FILE

PUBLIC, SECRET = (key.decode() for key in zmq.curve_keypair())
FILE = replace(FAKE_FILE, server_key=PUBLIC, public_key=PUBLIC, secret_key=SECRET)


class Window:
    """A window that is open until `stop`. `during(window)` runs while it is open."""

    def __init__(self, device: Device, during: Callable[["Window"], None]) -> None:
        self.device = device
        self.started_with = ""
        self.pair_again = False
        self._during = during
        self._closed = asyncio.Event()

    def stop(self) -> None:
        self._closed.set()

    async def async_run(self, async_lib: str) -> None:
        self.started_with = async_lib
        await asyncio.sleep(0)
        self._during(self)
        async with asyncio.timeout(30):
            await self._closed.wait()


def run(
    folder: Path, during: Callable[[Window], None] = Window.stop, companion: CompanionTask | None = None
) -> Window:
    """Runs a device with a window until somebody stops it."""
    windows: list[Window] = []

    def open_window(device: Device) -> tuple[Window, CompanionTask | None]:
        windows.append(Window(device, during))
        return windows[0], companion

    asyncio.run(run_device(FILE, folder, open_window))
    return windows[0]


def is_stopped(device: Device) -> bool:
    """Whether another device can use the same database."""
    Outbox(device.outbox.path).close()
    return device._link._socket is None  # type: ignore[attr-defined]


def test_the_device_runs_as_long_as_its_window(tmp_path: Path) -> None:
    def during(window: Window) -> None:
        running.append(window.device._link._socket is not None)  # type: ignore[attr-defined]
        window.stop()

    running: list[bool] = []
    window = run(tmp_path / "data", during)
    assert (running, window.started_with) == ([True], "asyncio")
    assert window.device.outbox.path == tmp_path / "data" / "device-1.db"
    assert window.device._locator._find is StoreBrowser, "it searches for a store that has moved"
    assert is_stopped(window.device)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_that_is_ended_closes_its_window_first(tmp_path: Path, number: int) -> None:
    window = run(tmp_path, lambda _window: os.kill(os.getpid(), number))
    assert is_stopped(window.device)


def test_where_there_are_no_signals_it_runs_all_the_same(tmp_path: Path, monkeypatch: Any) -> None:
    def refuse(*_arguments: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.SelectorEventLoop, "add_signal_handler", refuse)
    assert is_stopped(run(tmp_path).device)


def test_a_companion_runs_beside_the_window_and_ends_with_it(tmp_path: Path) -> None:
    steps: list[str] = []

    async def companion() -> None:
        steps.append("started")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("ended")

    assert is_stopped(run(tmp_path, companion=companion).device)
    assert steps == ["started", "ended"]


def test_a_companion_that_failed_does_not_hide_how_the_window_ended(tmp_path: Path) -> None:
    async def companion() -> None:
        raise ZeroDivisionError

    assert is_stopped(run(tmp_path, companion=companion).device)


def test_a_window_that_cannot_be_opened_stops_the_device(tmp_path: Path) -> None:
    devices: list[Device] = []

    def open_window(device: Device) -> tuple[Window, CompanionTask | None]:
        devices.append(device)
        raise ConfigError("there is no display here")

    with pytest.raises(ConfigError, match=r"^there is no display here$"):
        asyncio.run(run_device(FILE, tmp_path, open_window))
    Outbox(devices[0].outbox.path).close()


def test_a_folder_that_cannot_be_used_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutboxError) as error:
        run(tmp_path / "file")
    path = tmp_path / "file"
    expected = f"{path} cannot be used: [Errno 17] File exists: '{path}'; name another folder with --data"
    assert (str(error.value), error.value.cause) == (expected, Cause.NOT_WRITABLE)


def test_a_problem_of_the_disk_is_found_and_is_over_when_it_is_put_right(tmp_path: Path) -> None:
    async def problem() -> OutboxError | None:
        return storage_problem(FILE, tmp_path / "data")

    (tmp_path / "data").write_text("")
    found = asyncio.run(problem())
    assert found is not None
    assert found.cause is Cause.NOT_WRITABLE
    (tmp_path / "data").unlink()
    assert asyncio.run(problem()) is None
    assert run(tmp_path / "data").device.put_aside == ""


def test_what_the_store_says_of_the_device_is_saved_in_its_folder(tmp_path: Path, caplog: Any) -> None:
    save_identity(FILE, tmp_path)
    renamed = replace(FILE, name="Back door")

    def during(window: Window) -> None:
        window.device.on_identity(renamed)
        assert find_identity(None, "kiosk", tmp_path) == renamed
        identity_path(tmp_path, "kiosk").unlink()
        identity_path(tmp_path, "kiosk").mkdir()
        with caplog.at_level(logging.ERROR):
            window.device.on_identity(renamed)
        window.stop()

    run(tmp_path, during)
    (record,) = caplog.record_tuples
    assert record[:2] == ("sync_server.device.app.app_runner", logging.ERROR)
    assert record[2].startswith(f"{tmp_path}: what the store says of this device cannot be kept: ")


def test_the_key_of_a_revoked_device_is_deleted_unless_it_takes_part_again(
    tmp_path: Path, monkeypatch: Any
) -> None:
    save_identity(FILE, tmp_path)
    unlink = Path.unlink
    timers: list[tuple[float, asyncio.TimerHandle]] = []

    def refuse(_path: Path) -> None:
        raise PermissionError

    def during(window: Window) -> None:
        loop = asyncio.get_running_loop()
        call_later = loop.call_later

        def record(delay: float, *rest: Any) -> asyncio.TimerHandle:
            timers.append((delay, call_later(delay, *rest)))
            return timers[-1][1]

        monkeypatch.setattr(loop, "call_later", record)
        monkeypatch.setattr(Path, "unlink", refuse)
        window.device.on_revoked(FILE)
        assert identity_path(tmp_path, "kiosk").exists()
        monkeypatch.setattr(Path, "unlink", unlink)
        window.device.on_identity(FILE)
        assert [(delay, timer.cancelled()) for delay, timer in timers] == [(key_removal.RETRY_S, True)]
        monkeypatch.setattr(Path, "unlink", refuse)
        window.device.on_revoked(FILE)
        window.stop()

    run(tmp_path, during)
    assert [timer.cancelled() for _, timer in timers[:2]] == [True, True], (
        "nothing is left to be done at the end"
    )
    monkeypatch.setattr(Path, "unlink", unlink)

    def revoked(window: Window) -> None:
        window.device.on_revoked(FILE)
        window.stop()

    run(tmp_path, revoked)
    assert not identity_path(tmp_path, "kiosk").exists()


def damage_database(device: Device) -> None:
    path = device.outbox.path
    path.write_bytes(bytes(path.stat().st_size))
    device.outbox._db.execute("PRAGMA shrink_memory")  # what it has read already is not damaged
    for _ in range(2):  # the window closes once
        with pytest.raises(OutboxDamaged):
            device.outbox.check()


def test_a_database_that_is_damaged_meanwhile_closes_the_window(tmp_path: Path) -> None:
    with pytest.raises(OutboxDamaged, match=r"the file is damaged"):
        run(tmp_path, lambda window: damage_database(window.device))


def test_an_app_whose_database_is_damaged_meanwhile_begins_afresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def during(window: Window) -> None:
        put_aside.append(window.device.put_aside)
        if len(put_aside) == 1:
            damage_database(window.device)
        else:
            window.stop()

    def make_window(device: Device) -> tuple[None, Window]:
        return None, Window(device, during)

    put_aside: list[str] = []
    monkeypatch.setattr(device_app, "prepare", lambda *_: None)
    config = DeviceConfig(device=FILE, data=tmp_path, size=(800, 480))
    asyncio.run(device_app.run_on_loop("kiosk", config, make_window))
    assert put_aside == ["", "device-1.db.damaged"]
