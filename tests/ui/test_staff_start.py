"""Starting the tablet: what it is told, and what it says when it cannot start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from staff_app.app import run
from staff_app.config import Config, ConfigError, parse
from sync_server.protocol.device_file import DeviceFile, device_file_text

KEY = "k" * 40


@pytest.fixture
def device(tmp_path: Path) -> Path:
    file = DeviceFile("mayas", "staff", "Maya's tablet", "M", "tcp://127.0.0.1:9", KEY, KEY, KEY)
    path = tmp_path / "mayas.device.toml"
    path.write_text(device_file_text(file), "utf-8")
    return path


def test_what_it_is_told(device: Path, tmp_path: Path) -> None:
    window = ["--data", str(tmp_path), "--size", "1280x800", "--language", "fi"]
    config = parse(["--device", str(device), *window, "--as", "maya", "--pin", "0123"])
    assert config.device.letter == "M"
    assert config == Config(config.device, tmp_path, (1280, 800), False, "fi", "maya", "0123", device)


def test_without_a_size_it_takes_the_whole_screen_and_nobody_is_signed_in(device: Path) -> None:
    config = parse(["--device", str(device)])
    assert (config.size, config.fullscreen, config.employee, config.pin) == (None, True, "", "")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--size", "640x400"],
        ["--size", "large"],
        ["--pin", "12ab", "--as", "maya"],
        ["--as", "maya"],
        ["--pin", "1234"],
    ],
)
def test_an_argument_that_cannot_be_is_refused(device: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--device", str(device), *wrong])
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace('kind = "staff"', 'kind = "kiosk"'), 'of kind "kiosk"'),
        (lambda text: text.replace('letter = "M"', ""), "letter"),
        (lambda _text: "nonsense", "not a device file"),
    ],
)
def test_a_device_file_that_cannot_be_used_is_named_with_the_way_out(device: Path, change, says: str) -> None:
    device.write_text(change(device.read_text("utf-8")), "utf-8")
    with pytest.raises(ConfigError) as error:
        parse(["--device", str(device)])
    assert str(device) in str(error.value)
    assert says in str(error.value)
    assert "welkom device add staff" in str(error.value)


def test_a_missing_sound_is_named(device: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.paths.SOUNDS", tmp_path)
    with pytest.raises(ConfigError, match=r"offer\.wav is missing"):
        run(parse(["--device", str(device), "--data", str(tmp_path)]))


@pytest.mark.parametrize(
    ("arguments", "surroundings", "says"),
    [
        (["--device", "none.toml"], {}, "none.toml is not there"),
        (["--device", "mayas.device.toml", "--data", "."], {"DISPLAY": ""}, "there is no display"),
        (["--device", "mayas.device.toml", "--data", "a-file/data"], {}, "name another folder with --data"),
        (["--device", "mayas.device.toml", "--data", "spoilt"], {}, "mayas.db"),
    ],
)
def test_one_clear_sentence_and_no_traceback(
    device: Path, arguments: list[str], surroundings: dict[str, str], says: str
) -> None:
    (device.parent / "a-file").touch()
    (device.parent / "spoilt").mkdir()
    (device.parent / "spoilt" / "mayas.db").write_bytes(b"this is no database, and never was one" * 100)
    plain = {k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")}
    here = str(Path(__file__).parents[2])
    ended = subprocess.run(
        [sys.executable, "-m", "staff_app", *arguments],
        cwd=device.parent, env={**plain, "PYTHONPATH": here, **surroundings},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert line.startswith("welkom staff: ")
    assert says in line
