"""Starting the kiosk: its options and its window."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.cli import command, parse
from sync_server.protocol.device_file import device_file_text

from .kiosk import device_file


@pytest.fixture
def device(tmp_path: Path) -> Path:
    path = tmp_path / "front.device.toml"
    path.write_text(device_file_text(device_file()), "utf-8")
    return path


def test_its_options(device: Path, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("540", '"540" is no size; write it as 1280x800'),
        ("540x", '"540x" is no size; write it as 1280x800'),
        ("axb", '"axb" is no size; write it as 1280x800'),
        ("100x100", "100x100 is too small; from 480x480 up it works"),
    ],
)
def test_a_wrong_size_is_named_with_the_reason(device: Path, wrong: str, says: str) -> None:
    result = CliRunner().invoke(command, ["--device", str(device), "--size", wrong])
    assert result.exit_code == 2
    assert says in result.output


STARTED = """
import sys
from kiosk import app, cli

async def report(controller, device):
    print("up", flush=True)

app.run(cli.parse(sys.argv[1:]), report)
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
