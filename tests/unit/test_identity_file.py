"""The identity file of a paired device: saved in one step, for its owner only, and found again."""

import logging
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import zmq
from msgspec.structs import replace

from sync_server.device.app.config import ConfigError, default_data_folder, find_identity, read_identity
from sync_server.device.storage.identity_file import (
    delete_key,
    identity_path,
    save_identity,
    save_paired,
    update_identity,
    write_atomically,
)
from sync_server.protocol.device_file import DeviceFile, device_file_text, parse_device_file

from .live_device import KEY, SECRET

STORE = "s" * 40
FILE = DeviceFile("front-door", "kiosk", "Front door", "A", "tcp://10.0.0.1:7350", STORE, KEY, SECRET)
STAFF = replace(FILE, kind="staff")

# --- saving ------------------------------------------------------------------------------------------


def test_the_file_is_for_its_owner_only_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "devices"
    assert find_identity(None, "kiosk", folder) is None
    path = save_identity(FILE, folder)
    assert path == folder / "kiosk.device.toml" == identity_path(folder, "kiosk")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert find_identity(None, "kiosk", folder) == FILE
    assert find_identity(None, "staff", folder) is None


def test_a_new_pairing_replaces_the_old_one_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / ".kiosk.device.toml.new").write_text("of a start that was cut short")
    save_identity(FILE, tmp_path)
    save_identity(replace(FILE, device_id="front-door-2"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kiosk.device.toml"]
    assert parse_device_file(identity_path(tmp_path, "kiosk").read_text()).device_id == "front-door-2"
    assert stat.S_IMODE(identity_path(tmp_path, "kiosk").stat().st_mode) == 0o600


def test_a_file_and_its_folder_are_on_the_disk_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename, close = os.fsync, Path.replace, os.close

    def synced(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        steps.append(f"sync {path.name}: {path.read_text('utf-8') if path.is_file() else 'folder'}")
        fsync(descriptor)

    def renamed(path: Path, target: Path) -> Path:
        steps.append(f"rename to {target.name}")
        return rename(path, target)

    def closed(descriptor: int) -> None:
        steps.append("close")
        close(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    monkeypatch.setattr(os, "close", closed)
    write_atomically(tmp_path / "x.toml", "Käyttäjä")
    assert steps == [
        "sync .x.toml.new: Käyttäjä",
        "rename to x.toml",
        f"sync {tmp_path.name}: folder",
        "close",
    ]


def test_a_file_that_somebody_puts_in_the_way_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".x.toml.new").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setattr(Path, "unlink", lambda _path: None)
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "x.toml", "secret")
    assert not (tmp_path / "elsewhere").exists()


def test_a_paired_device_saves_its_file_also_where_the_option_names_it(tmp_path: Path, caplog: Any) -> None:
    named = tmp_path / "named.toml"
    save_paired(FILE, tmp_path / "data", None)
    save_paired(FILE, tmp_path / "data", named)
    assert read_identity(named, "kiosk") == find_identity(None, "kiosk", tmp_path / "data") == FILE
    with caplog.at_level(logging.WARNING):
        save_paired(FILE, tmp_path / "data", tmp_path / "nowhere" / "named.toml")
    (record,) = caplog.record_tuples
    assert record[:2] == ("sync_server.device.storage.identity_file", logging.WARNING)
    assert "start without --device from now on" in record[2]
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        save_paired(FILE, tmp_path / "file" / "data", named)


# --- changes by the store ----------------------------------------------------------------------------


def test_with_another_role_only_the_other_app_finds_the_file(tmp_path: Path) -> None:
    save_identity(FILE, tmp_path)
    update_identity(STAFF, tmp_path)
    assert find_identity(None, "kiosk", tmp_path) is None
    assert find_identity(None, "staff", tmp_path) == STAFF
    update_identity(FILE, tmp_path)
    assert find_identity(None, "kiosk", tmp_path) == FILE
    assert find_identity(None, "staff", tmp_path) is None


def test_the_file_of_another_device_in_the_same_folder_is_left_alone(tmp_path: Path) -> None:
    public, secret = (key.decode() for key in zmq.curve_keypair())
    tablet = replace(STAFF, device_id="tablet", public_key=public, secret_key=secret)
    save_identity(tablet, tmp_path)
    save_identity(FILE, tmp_path)
    update_identity(replace(FILE, name="Side door"), tmp_path)
    assert find_identity(None, "staff", tmp_path) == tablet
    delete_key(FILE, tmp_path)
    assert find_identity(None, "staff", tmp_path) == tablet
    assert find_identity(None, "kiosk", tmp_path) is None


def test_the_key_of_a_revoked_device_is_deleted_from_the_files_of_both_apps(tmp_path: Path) -> None:
    save_identity(FILE, tmp_path)
    save_identity(STAFF, tmp_path)
    delete_key(FILE, tmp_path)
    assert list(tmp_path.iterdir()) == []
    for file in (FILE, STAFF):
        save_identity(file, tmp_path)
        delete_key(FILE, tmp_path)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", ["kiosk", "staff"])
def test_a_file_that_cannot_be_deleted_is_reported_after_the_others_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    save_identity(FILE, tmp_path)
    save_identity(STAFF, tmp_path)
    unlink = Path.unlink

    def refuse(path: Path) -> None:
        if path.name.startswith(broken):
            raise PermissionError(path.name)
        unlink(path)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(PermissionError, match=broken):
        delete_key(FILE, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{broken}.device.toml"]


# --- finding it at the start -------------------------------------------------------------------------


def test_a_file_that_is_named_is_preferred_to_the_saved_one(tmp_path: Path) -> None:
    save_identity(FILE, tmp_path)
    other = tmp_path / "named.toml"
    save_identity(replace(FILE, name="Back door"), tmp_path / "x").rename(other)
    found = find_identity(other, "kiosk", tmp_path)
    assert found is not None
    assert found.name == "Back door"


def test_a_saved_file_that_is_broken_is_reported(tmp_path: Path) -> None:
    identity_path(tmp_path, "kiosk").write_text("nonsense")
    with pytest.raises(ConfigError, match=r"kiosk\.device\.toml"):
        find_identity(None, "kiosk", tmp_path)


def problem(path: Path) -> str:
    with pytest.raises(ConfigError) as error:
        read_identity(path, "kiosk")
    return str(error.value)


def test_a_file_that_cannot_be_used_says_why_and_what_to_do(tmp_path: Path) -> None:
    path, add = tmp_path / "x.toml", "`welkom device add kiosk`"
    assert problem(path) == f"{path} is not there; {add} on the server makes a device file"
    path.mkdir()
    assert problem(path) == f"{path} cannot be read: [Errno 21] Is a directory: '{path}'"
    path.rmdir()
    path.write_bytes(b"\xff")
    assert problem(path).startswith(f"{path}: line 1 is not UTF-8 text")
    path.write_text(device_file_text(replace(FILE, public_key="short")))
    assert problem(path) == (f"{path}: public_key: a key has 40 characters; make a new one with {add}")
    path.write_text(device_file_text(STAFF))
    assert problem(path) == f'{path} is for a device of kind "staff"; make one with {add}'
    path.write_text(device_file_text(replace(FILE, name="Käytävä")), "utf-8")
    assert read_identity(path, "kiosk").name == "Käytävä"


def test_the_data_folder_is_this_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_folder() == tmp_path / "welkom" / "devices"
