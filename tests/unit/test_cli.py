"""What a person is told who types a command wrongly: one sentence, and nothing was done."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sync_server.cli import main
from sync_server.service import accounts
from sync_server.service.folder import Folder
from sync_server.service.store import reading


def told(*arguments: str | Path) -> str:
    """What a command says that fails."""
    ran = CliRunner().invoke(main, [*map(str, arguments)])
    assert ran.exit_code != 0
    assert isinstance(ran.exception, SystemExit), ran.exception  # no fault of ours
    return str(ran.output)


@pytest.mark.parametrize("option", ["--sync", "--web", "--enrol"])
@pytest.mark.parametrize("address", ["nonsense", ":8350", "127.0.0.1:99999", "127.0.0.1:web"])
def test_an_address_that_is_none_is_named_with_its_option(folder: Folder, option: str, address: str) -> None:
    said = told("server", "--data", folder.path, option, address)
    assert f"Invalid value for '{option}'" in said
    assert f'"{address}" is not of the form "host:port"' in said


@pytest.mark.parametrize("command", [["report", "--from"], ["report", "--to"], ["erase", "A-1", "--day"]])
def test_a_day_that_is_none_is_named_with_the_form_it_takes(command: list[str]) -> None:
    assert '"yesterday" is no day; write it as 2026-11-21' in told(*command, "yesterday")


def test_a_device_whose_file_cannot_be_written_does_not_take_part(folder: Folder, tmp_path: Path) -> None:
    add = ("device", "add", "kiosk", "--name", "Door", "--server", "x:1", "--data", folder.path, "--out")
    assert "its folder is not there" in told(*add, tmp_path / "nowhere" / "x.toml")
    assert "is there already" in told(*add, folder.settings)
    with reading(folder.store) as db:
        assert accounts.list_devices(db) == []
    said = told(*add, "/proc/x.toml")
    assert "/proc/x.toml: cannot be written" in said
    with reading(folder.store) as db:
        (row,) = accounts.list_devices(db)
    assert row["revoked_at"]


def test_a_folder_that_is_no_backup_is_named(folder: Folder, tmp_path: Path) -> None:
    said = told("restore", tmp_path / "nowhere", "--data", folder.path)
    assert "is no backup (backup.json: No such file or directory); name a folder" in said


def test_a_demo_that_cannot_write_its_store_says_so() -> None:
    assert "/proc/demo: cannot be written" in told("demo", "--seconds", "20", "--data", "/proc/demo")
