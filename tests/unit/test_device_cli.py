"""The command-line options of the touch apps."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from msgspec.structs import asdict

from kiosk import cli as kiosk_cli
from staff_app import cli as staff_cli
from sync_server.device.app.cli import SizeType, device_options, device_settings, run_reporting
from sync_server.device.app.config import ConfigError, DeviceConfig
from sync_server.device.storage.identity_file import save_identity
from sync_server.domain.catalogue.languages import LANGUAGES

from .live_device import FILE


def make_command() -> click.Command:
    """A command with the options of a touch app."""

    @click.command()
    @device_options(SizeType("540x960", smallest=(480, 300)))
    def command(**options: Any) -> None:
        click.echo(options)

    return command


def parsed(*arguments: str) -> dict[str, Any]:
    with make_command().make_context("welkom kiosk", list(arguments)) as context:
        return context.params


def test_every_option_may_be_left_out() -> None:
    assert parsed() == {"device": None, "data": None, "size": None, "fullscreen": False, "language": None}


def test_the_options_are_read() -> None:
    arguments = ("--device", "a.toml", "--data", "b", "--size", "800x480", "--fullscreen", "--language", "nl")
    assert parsed(*arguments) == {
        "device": Path("a.toml"),
        "data": Path("b"),
        "size": (800, 480),
        "fullscreen": True,
        "language": "nl",
    }


HELP = {
    "--device": (
        "FILE",
        "the file `welkom device add` made; default: what pairing kept in the --data folder",
    ),
    "--data": (
        "DIR",
        "the folder for what is not sent yet; default: this user's own data folder for Welkom",
    ),
    "--size": ("540x960", "a window of this size; default: the whole screen"),
    "--fullscreen": ("BOOLEAN", "the whole screen, even with --size"),
    "--language": (f"[{'|'.join(LANGUAGES)}]", "start in this one; default: the store's first"),
}


def test_the_help_names_the_options_in_this_order() -> None:
    command = make_command()
    context = click.Context(command)
    options = [option for option in command.params if isinstance(option, click.Option)]
    shown = {option.opts[0]: (option.make_metavar(context), option.help) for option in options}
    assert list(shown.items()) == list(HELP.items())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("800", '"800" is no size; write it as 1280x800'),
        ("800x", '"800x" is no size; write it as 1280x800'),
        ("100000x800", '"100000x800" is no size; write it as 1280x800'),
        ("800x480 ", '"800x480 " is no size; write it as 1280x800'),
        ("479x300", "479x300 is too small; from 480x300 up it works"),
        ("480x299", "480x299 is too small; from 480x300 up it works"),
    ],
)
def test_a_size_that_is_none_says_what_works(text: str, problem: str) -> None:
    with pytest.raises(click.BadParameter) as error:
        parsed("--size", text)
    assert error.value.message == problem
    assert error.value.param is not None
    assert error.value.param.name == "size"
    assert error.value.ctx is not None


def test_the_smallest_size_works_and_a_size_that_was_read_stays() -> None:
    assert parsed("--size", "480x300")["size"] == (480, 300)
    assert parsed("--size", "99999x99999")["size"] == (99999, 99999)
    assert SizeType("", (480, 300)).convert((1, 2), None, None) == (1, 2)


def test_the_config_of_an_app(tmp_path: Path) -> None:
    path = save_identity(FILE, tmp_path)
    settings = device_settings("kiosk", None, tmp_path, None, False, None)
    config = DeviceConfig(**settings)
    assert config == DeviceConfig(device=FILE, data=tmp_path)
    assert (config.size, config.fullscreen, config.language, config.named) == (None, True, "", None)
    config = DeviceConfig(**device_settings("kiosk", path, tmp_path / "x", (540, 960), False, "fi"))
    assert asdict(config) == {
        "device": FILE,
        "data": tmp_path / "x",
        "size": (540, 960),
        "fullscreen": False,
        "language": "fi",
        "named": path,
        "damaged": None,
        "bad_address": None,
    }
    assert device_settings("kiosk", path, tmp_path, (540, 960), True, None)["fullscreen"]


def test_without_a_data_folder_it_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = device_settings("kiosk", None, None, None, False, None)
    assert (settings["data"], settings["device"]) == (tmp_path / "welkom" / "devices", None)


def test_an_identity_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = save_identity(FILE, tmp_path)
    with pytest.raises(ConfigError, match='is for a device of kind "kiosk"'):
        device_settings("staff", path, tmp_path, None, False, None)


@pytest.mark.parametrize("parse", [kiosk_cli.parse, staff_cli.parse])
def test_both_apps_read_their_options(parse: Callable[[list[str]], DeviceConfig], tmp_path: Path) -> None:
    config = parse(["--data", str(tmp_path), "--size", "1280x800", "--language", "nl"])
    assert (config.device, config.data, config.size, config.language) == (None, tmp_path, (1280, 800), "nl")


# --- running -------------------------------------------------------------------------------------------


class ExpectedError(Exception):
    pass


@contextmanager
def new_process() -> Iterator[logging.Logger]:
    """The root logger has no handlers, as in a new process."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    root.handlers[:] = []
    try:
        yield root
    finally:
        root.handlers[:] = handlers


def test_an_expected_error_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def start() -> None:
        raise ExpectedError("there is no display here")

    with new_process(), pytest.raises(SystemExit) as ended:
        run_reporting("welkom kiosk", start, (OSError, ExpectedError))
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", "welkom kiosk: there is no display here\n")


def test_another_error_is_not_hidden() -> None:
    def start() -> None:
        raise ZeroDivisionError

    with new_process(), pytest.raises(ZeroDivisionError):
        run_reporting("welkom kiosk", start, (ExpectedError,))


def test_warnings_go_to_the_terminal_whatever_level_a_logger_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def start() -> None:
        logging.getLogger("kivy").setLevel(logging.DEBUG)
        logging.getLogger("kivy").info("an info")
        logging.getLogger("kivy").warning("a warning")

    with new_process() as root:
        run_reporting("welkom kiosk", start, (ExpectedError,))
        assert len(root.handlers) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith(" WARNING kivy: a warning")
    assert len(lines[0]) == len("2026-03-02 10:00:00,000 WARNING kivy: a warning")


def test_a_network_without_multicast_brings_no_tracebacks_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def start() -> None:
        try:
            raise OSError(101, "Network is unreachable")
        except OSError:
            logging.getLogger("zeroconf").warning("Error with socket", exc_info=True)

    with new_process():
        run_reporting("welkom kiosk", start, (ExpectedError,))
    assert capsys.readouterr().err == ""
