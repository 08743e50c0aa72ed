"""Starting an app: what both of them say when they cannot start."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from assets.ui import storage_trouble
from kiosk import app as kiosk_app
from kiosk import cli as kiosk_cli
from staff_app import app as staff_app
from staff_app import cli as staff_cli
from sync_server.device.app.config import ConfigError
from sync_server.device.storage.outbox_errors import Cause, OutboxError
from sync_server.protocol.device_file import device_file_text

from .driver import Screen
from .kiosk import device_file

LANDSCAPE = (800, 480)


@dataclass
class App:
    """One of the two apps, and an identity file for it."""

    package: str
    kind: str
    other_kind: str
    run: Any
    parse: Any
    sound: str
    file: Path


@pytest.fixture(params=["kiosk", "staff"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> App:
    kind = request.param
    path = tmp_path / "front.device.toml"
    path.write_text(device_file_text(replace(device_file(), kind=kind)), "utf-8")
    if kind == "kiosk":
        return App("kiosk", kind, "staff", kiosk_app.run, kiosk_cli.parse, "accepted.wav", path)
    return App("staff_app", kind, "kiosk", staff_app.run, staff_cli.parse, "offer.wav", path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text, app: text.replace(f'"{app.kind}"', f'"{app.other_kind}"'), "of kind"),
    ],
)
def test_a_device_file_that_cannot_be_used_is_named_with_the_remedy(app: App, change, says: str) -> None:
    app.file.write_text(change(app.file.read_text("utf-8"), app), "utf-8")
    with pytest.raises(ConfigError) as error:
        app.parse(["--device", str(app.file)])
    assert str(app.file) in str(error.value)
    assert says in str(error.value)
    assert f"welkom device add {app.kind}" in str(error.value)


def test_a_device_file_that_does_not_exist_is_named(app: App, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there"):
        app.parse(["--device", str(tmp_path / "none.toml")])


def test_a_missing_sound_is_named(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.paths.SOUNDS", tmp_path)
    with pytest.raises(ConfigError, match=rf"{app.sound} is missing"):
        app.run(app.parse(["--device", str(app.file), "--data", str(tmp_path)]))


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["--device", "none.toml"], {}, "none.toml is not there"),
        (["--device", "front.device.toml", "--data", "."], {"DISPLAY": ""}, "there is no display"),
        (
            ["--device", "front.device.toml", "--data", "."],
            {"DISPLAY": ":9999"},
            "the display :9999 cannot be used",
        ),
    ],
)
def test_one_clear_sentence_and_no_traceback(
    app: App, arguments: list[str], environment: dict[str, str], says: str
) -> None:
    folder = app.file.parent
    plain = {k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")}
    here = str(Path(__file__).parents[2])
    ended = subprocess.run(
        [sys.executable, "-m", app.package, *arguments],
        cwd=folder, env={**plain, "PYTHONPATH": here, **environment},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"welkom {app.kind}: ")
    assert says in line


def damage_the_database(folder: Path) -> None:
    (folder / "front.db").write_bytes(b"this is no database, and never was one" * 100)


def damage_the_identity(folder: Path) -> None:
    (folder / "front.device.toml").write_bytes(b"")


def change_a_key(folder: Path) -> None:
    path = folder / "front.device.toml"
    path.write_text(path.read_text("utf-8").replace('secret_key = "', 'secret_key = "x'), "utf-8")


def put_a_file_in_the_way(folder: Path) -> None:
    (folder / "data").touch()


@pytest.mark.parametrize(
    ("damage", "data", "says"),
    [
        (damage_the_database, ".", "front.db.damaged"),
        (damage_the_identity, ".", "front.device.toml.damaged"),
        (change_a_key, ".", "a key has 40 characters"),
        (put_a_file_in_the_way, "data/deep", "name another folder with --data"),
    ],
)
@pytest.mark.fault(
    "A device's database or device file is damaged, or its folder cannot be used",
    "its window opens all the same and says so; the damaged file is kept, and the device begins afresh",
)
def test_a_window_opens_whatever_is_damaged(app: App, damage: Any, data: str, says: str) -> None:
    folder = app.file.parent
    damage(folder)
    command = [sys.executable, "-m", app.package, "--device", "front.device.toml", "--data", data]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    running = subprocess.Popen(
        [*command, "--size", "800x480"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    try:
        line = running.stderr.readline()
        assert "ERROR" in line
        assert says in line
        window = ["xdotool", "search", "--sync", "--onlyvisible", "--pid", str(running.pid)]
        assert subprocess.run(window, capture_output=True, text=True, timeout=60, check=False).stdout
        assert running.poll() is None
        running.terminate()
        rest = running.communicate(timeout=30)[1]
        assert "Traceback" not in rest
        assert running.returncode == 0
    finally:
        running.kill()
        running.communicate()


def test_a_screen_that_could_save_nothing_goes_on_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_trouble, "RETRY_S", 0.05)
    full, read_only = (OutboxError("the disk", cause) for cause in (Cause.FULL, Cause.NOT_WRITABLE))
    shown = Screen(None)
    solved = asyncio.Event()

    def look_again() -> OutboxError | None:
        return None if solved.is_set() else read_only

    async def go() -> bool:
        waiting = asyncio.ensure_future(
            storage_trouble.wait_for_storage(full, look_again, LANDSCAPE, False, "en")
        )
        await shown.until(lambda: any("cannot be written to" in text for text in shown.texts()))
        await shown.tap("speak-nl")
        await shown.until(lambda: "Dit scherm kan niets bewaren" in shown.texts())
        solved.set()
        return await waiting

    assert asyncio.run(go())
