"""A command with a mistake fails with one sentence, and does nothing."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sync_server import network_addresses
from sync_server.cli import main
from sync_server.protocol.device_file import parse_device_file
from sync_server.service.auth import devices
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir


def error_of(*arguments: str | Path) -> str:
    """The error of a command that fails."""
    ran = CliRunner().invoke(main, [*map(str, arguments)])
    assert ran.exit_code != 0
    assert isinstance(ran.exception, SystemExit), ran.exception  # not a fault of the program
    return str(ran.output)


@pytest.mark.parametrize("option", ["--sync", "--web", "--enrol"])
@pytest.mark.parametrize("address", ["nonsense", ":8350", "127.0.0.1:99999", "127.0.0.1:web"])
def test_an_invalid_address_is_named_with_its_option(folder: DataDir, option: str, address: str) -> None:
    said = error_of("server", "--data", folder.path, option, address)
    assert f"Invalid value for '{option}'" in said
    assert f'"{address}"' in said
    assert '; write it as "0.0.0.0:7350"' in said


@pytest.mark.parametrize(
    "address",
    [
        "",
        "10.0.0.7",
        "http://10.0.0.7:7350",
        "tcp://10.0.0.7:7350",
        "10.0.0 .7:7350",
        "10.0.0.7:7350/",
        "x:99999",
        "javascript:1",
    ],
)
def test_an_address_that_no_device_can_use_is_named_before_a_ticket_letter_is_used(folder, address) -> None:
    add = ("device", "add", "kiosk", "--name", "Door", "--data", folder.path)
    said = error_of(*add, "--server", address)
    assert said.startswith(f'Error: --server: "{address}"')
    assert 'write it as "192.168.1.10:7350"' in said
    # This store listens on any port that is free, so the address cannot be made from its settings.
    said = error_of(*add)
    assert said.startswith(
        'Error: server.sync in store.toml, which --server replaces: "127.0.0.1:0": the port'
    )
    with reading(folder.store) as db:
        assert devices.list_devices(db) == []


@pytest.mark.parametrize("command", [["report", "--from"], ["report", "--to"], ["erase", "A-1", "--day"]])
def test_an_invalid_day_is_named_with_the_right_form(command: list[str]) -> None:
    for wrong in ("yesterday", "9999-12-31", "0001-01-01", "2026-W48-6", "2026-02-30"):
        said = error_of(*command, wrong)
        assert f'"{wrong}" is no day from 2000 to 2199; write it as 2026-11-21' in said


def test_a_device_whose_file_cannot_be_written_does_not_take_part(folder: DataDir, tmp_path: Path) -> None:
    add = ("device", "add", "kiosk", "--name", "Door", "--server", "x:1", "--data", folder.path, "--out")
    assert "its folder is not there" in error_of(*add, tmp_path / "nowhere" / "x.toml")
    assert "is there already" in error_of(*add, folder.settings)
    with reading(folder.store) as db:
        assert devices.list_devices(db) == []
    said = error_of(*add, "/proc/x.toml")
    assert "/proc/x.toml: cannot be written" in said
    with reading(folder.store) as db:
        (row,) = devices.list_devices(db)
    assert row.revoked_at


def test_a_folder_that_is_no_backup_is_named(folder: DataDir, tmp_path: Path) -> None:
    said = error_of("restore", tmp_path / "nowhere", "--data", folder.path)
    assert "is no backup (backup.json: No such file or directory); name a folder" in said


def test_a_demo_that_cannot_write_its_store_fails_with_a_sentence() -> None:
    assert "/proc/demo: cannot be written" in error_of("demo", "--seconds", "20", "--data", "/proc/demo")


def test_a_store_made_among_other_files_says_that_others_can_open_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "holiday.jpg").touch()
    said = str(CliRunner().invoke(main, ["init", str(folder)]).output)
    assert f"others on this computer can still open it; `chmod 700 '{folder}'` closes it" in said
    assert "chmod" not in CliRunner().invoke(main, ["init", str(tmp_path / "new")]).output


def test_a_device_file_has_every_address_of_the_server(folder: DataDir, monkeypatch) -> None:
    text = folder.settings.read_text("utf-8")
    folder.settings.write_text(text.replace('sync = "127.0.0.1:0"', 'sync = "0.0.0.0:7350"'), "utf-8")
    monkeypatch.setattr(network_addresses, "shop_addresses", lambda: ["192.168.1.10", "10.0.0.5"])
    add = ["device", "add", "kiosk", "--name", "Door", "--data", str(folder.path)]
    ran = CliRunner().invoke(main, add)
    assert "at 192.168.1.10:7350, or 10.0.0.5:7350" in ran.output
    file = parse_device_file((folder.path / "door.device.toml").read_text("utf-8"))
    assert (file.server, file.others) == ("tcp://192.168.1.10:7350", ("tcp://10.0.0.5:7350",))


@pytest.mark.parametrize("key", ["sync", "web", "enrol"])
@pytest.mark.parametrize("host", ["198.51.100.7", "no-such-computer.invalid"])
def test_check_names_an_address_that_is_not_this_computers(folder: DataDir, key: str, host: str) -> None:
    text = folder.settings.read_text("utf-8")
    text = text.replace('enrol = ""', 'enrol = "127.0.0.1:0"')
    text = text.replace(f'{key} = "127.0.0.1:0"', f'{key} = "{host}:9000"')
    folder.settings.write_text(text, "utf-8")
    said = error_of("check", "--data", folder.path)
    assert said.startswith(f"Error: server.{key}: cannot listen on {host}:9000 (")
    assert "this computer has no such address" in said
    assert "all right" not in said


def test_check_accepts_the_names_of_this_computer_and_of_its_network_interfaces(folder: DataDir) -> None:
    text = folder.settings.read_text("utf-8").replace('web = "127.0.0.1:0"', 'web = "localhost:0"')
    folder.settings.write_text(text.replace('sync = "127.0.0.1:0"', 'sync = "lo:0"'), "utf-8")
    ran = CliRunner().invoke(main, ["check", "--data", str(folder.path)])
    assert ran.exit_code == 0, ran.output
