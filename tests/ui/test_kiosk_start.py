"""Starting the kiosk: what it is told, and what it says when it cannot start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.app import run
from kiosk.config import Config, ConfigError, parse
from sync_server.protocol.device_file import device_file_text

from .kiosk import device_file


@pytest.fixture
def device(tmp_path: Path) -> Path:
    path = tmp_path / "front.device.toml"
    path.write_text(device_file_text(device_file()), "utf-8")
    return path


def test_what_it_is_told(device: Path, tmp_path: Path) -> None:
    arguments = ["--device", str(device), "--data", str(tmp_path), "--size", "540x960", "--language", "fi"]
    config = parse(arguments)
    assert (config.data, config.size, config.fullscreen, config.language) == (
        tmp_path,
        (540, 960),
        False,
        "fi",
    )
    assert config.device.letter == "A"


def test_without_a_size_it_takes_the_whole_screen(device: Path) -> None:
    config = parse(["--device", str(device)])
    assert (config.size, config.fullscreen, config.language) == (None, True, "")
    assert config.data.parts[-2:] == ("welkom", "devices")


@pytest.mark.parametrize("wrong", ["540", "540x", "axb", "100x100"])
def test_a_size_that_is_none_is_named(device: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--device", str(device), "--size", wrong])
    assert ended.value.code == 2
    assert wrong in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace('kind = "kiosk"', 'kind = "staff"'), 'of kind "staff"'),
        (lambda text: text.replace('letter = "A"', ""), "letter"),
        (lambda text: text.replace('secret_key = "', 'secret_key = "x'), "a key has 40 characters"),
        (lambda _text: "nonsense", "not a device file"),
    ],
)
def test_a_device_file_that_cannot_be_used_is_named_with_the_way_out(device: Path, change, says: str) -> None:
    device.write_text(change(device.read_text("utf-8")), "utf-8")
    with pytest.raises(ConfigError) as error:
        parse(["--device", str(device)])
    assert str(device) in str(error.value)
    assert says in str(error.value)
    assert "welkom device add kiosk" in str(error.value)


def test_a_device_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there"):
        parse(["--device", str(tmp_path / "none.toml")])


def test_a_missing_sound_is_named(device: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.paths.SOUNDS", tmp_path)
    with pytest.raises(ConfigError, match=r"accepted\.wav is missing"):
        run(parse(["--device", str(device), "--data", str(tmp_path)]))


def test_a_data_folder_that_cannot_be_is_named(device: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "a file"
    in_the_way.touch()
    with pytest.raises(ConfigError, match="name another folder with --data"):
        run(Config(parse(["--device", str(device)]).device, in_the_way / "data"))


@pytest.mark.parametrize(
    ("arguments", "surroundings", "says"),
    [
        (["--device", "none.toml"], {}, "none.toml is not there"),
        (["--device", "front.device.toml", "--data", "."], {"DISPLAY": ""}, "there is no display"),
        (
            ["--device", "front.device.toml", "--data", "."],
            {"DISPLAY": ":9999"},
            "the display :9999 cannot be used",
        ),
        (["--device", "front.device.toml", "--data", "spoilt"], {}, "front.db"),
    ],
)
def test_one_clear_sentence_and_no_traceback(
    device: Path, arguments: list[str], surroundings: dict[str, str], says: str
) -> None:
    spoilt = device.parent / "spoilt"
    spoilt.mkdir()
    (spoilt / "front.db").write_bytes(b"this is no database, and never was one" * 100)
    plain = {k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")}
    here = str(Path(__file__).parents[2])
    ended = subprocess.run(
        [sys.executable, "-m", "kiosk", *arguments],
        cwd=device.parent, env={**plain, "PYTHONPATH": here, **surroundings},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert line.startswith("welkom kiosk: ")
    assert says in line


STARTED = """
import sys
from kiosk import app, config

async def tell(hands, device):
    print("up", flush=True)

app.run(config.parse(sys.argv[1:]), tell)
"""


def test_it_fills_the_screen_even_where_nothing_manages_windows(device: Path, tmp_path: Path) -> None:
    def ask(*words: str) -> str:
        return subprocess.run(["xdotool", *words], check=True, capture_output=True, text=True).stdout

    with subprocess.Popen(
        [sys.executable, "-c", STARTED, "--device", str(device), "--data", str(tmp_path)],
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            width, height = ask("getdisplaygeometry").split()
            window = ask("search", "--sync", "--onlyvisible", "--pid", str(process.pid)).split()[-1]
            geometry = ask("getwindowgeometry", "--shell", window).split()
            assert {f"WIDTH={width}", f"HEIGHT={height}", "X=0", "Y=0"} <= set(geometry)
        finally:
            process.terminate()
    assert process.returncode == 0
