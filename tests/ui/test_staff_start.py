"""Starting the tablet: its options."""

from pathlib import Path

import pytest
import zmq
from click.testing import CliRunner

from staff_app.cli import command, parse
from staff_app.config import StaffConfig
from sync_server.protocol.device_file import DeviceFile, device_file_text

PUBLIC, SECRET = (key.decode() for key in zmq.curve_keypair())


@pytest.fixture
def device(tmp_path: Path) -> Path:
    file = DeviceFile("mayas", "staff", "Maya's tablet", "M", "tcp://127.0.0.1:9", PUBLIC, PUBLIC, SECRET)
    path = tmp_path / "mayas.device.toml"
    path.write_text(device_file_text(file), "utf-8")
    return path


def test_its_options(device: Path, tmp_path: Path) -> None:
    window = ["--data", str(tmp_path), "--size", "1280x800", "--language", "fi"]
    config = parse(["--device", str(device), *window, "--as", "maya", "--pin", "0123"])
    assert config.device.letter == "M"
    assert config == StaffConfig(
        device=config.device,
        data=tmp_path,
        size=(1280, 800),
        fullscreen=False,
        language="fi",
        employee="maya",
        pin="0123",
        named=device,
    )


def test_without_a_size_it_takes_the_whole_screen_and_nobody_is_signed_in(device: Path) -> None:
    config = parse(["--device", str(device)])
    assert (config.size, config.fullscreen, config.employee, config.pin) == (None, True, "", "")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["--size", "640x400"], "640x400 is too small; from 800x480 up it works"),
        (["--size", "large"], '"large" is no size; write it as 1280x800'),
        (["--pin", "12ab", "--as", "maya"], "a PIN has 4 to 8 digits"),
        (["--as", "maya"], "--as and --pin belong together: give both or neither"),
        (["--pin", "1234"], "--as and --pin belong together: give both or neither"),
        (["--language", "sv"], "'sv' is not one of 'en', 'nl', 'fi'"),
    ],
)
def test_a_wrong_option_is_named_with_the_reason(device: Path, wrong: list[str], says: str) -> None:
    result = CliRunner().invoke(command, ["--device", str(device), *wrong])
    assert result.exit_code == 2
    assert says in result.output
