"""A damaged file on a device: it is put aside, and the device begins afresh."""

import logging
import sqlite3
import tomllib
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sync_server.device.app.cli import device_settings
from sync_server.device.app.config import ConfigError
from sync_server.device.storage import outbox
from sync_server.device.storage.identity_file import identity_path, save_identity
from sync_server.device.storage.open_outbox import open_outbox
from sync_server.device.storage.outbox import DEFAULT_RETENTION_MS, Outbox
from sync_server.device.storage.outbox_errors import Cause, OutboxDamaged, OutboxError
from sync_server.device.storage.put_aside import MAX_ASIDE, delete_put_aside, put_aside
from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFileError, device_file_text, parse_device_file
from sync_server.protocol.messages import Submit
from tests.sample_store import MONDAY_10

from .live_device import FILE, live_device, started_device
from .virtual_time import virtual_time

TAP = Submit("1" * 32, MONDAY_10, ops.Cancel("2" * 32))


def full(path: Path) -> bytes:
    """The content of a database that holds some taps."""
    outbox = Outbox(path)
    for number in range(40):
        outbox.put(replace(TAP, op_id=f"{number:032x}"))
    outbox.close()
    return path.read_bytes()


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(len(full(path))))


def garbage(path: Path) -> None:
    path.write_bytes(b"no database " * 300)


def its_end_cut_off(path: Path) -> None:
    content = full(path)
    path.write_bytes(content[: len(content) // 2])


def a_part_zeroed(path: Path) -> None:
    content = full(path)
    path.write_bytes(content[:2048] + bytes(len(content) - 2048))


def a_value_that_is_no_json(path: Path) -> None:
    full(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE pending SET submit = X'00FF7B' WHERE position = 7")
    db.close()


def a_database_of_something_else(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE pending (what TEXT)")
    db.close()


DAMAGES = [zeroed, garbage, its_end_cut_off, a_part_zeroed, a_value_that_is_no_json]
DAMAGES += [a_database_of_something_else]


@pytest.mark.parametrize("damage", DAMAGES)
@virtual_time
async def test_a_device_begins_afresh_keeps_the_damaged_file_and_says_so(
    tmp_path: Path, damage: Any, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "device-1.db"
    damage(path)
    content = path.read_bytes()
    with caplog.at_level(logging.ERROR):
        async with started_device(tmp_path) as live:
            assert live.device.put_aside == "device-1.db.damaged"
            aside = (tmp_path / "device-1.db.damaged").read_bytes()
            if damage is not a_database_of_something_else:  # this one got our tables before that was noticed
                assert aside[100:] == content[100:]  # the header names the version that opened it last
            hello = live.sent()[0]
            assert isinstance(hello, msg.Hello)
            assert hello.put_aside == "device-1.db.damaged"
            live.receive_snapshot()
            live.device.submit(TAP.op)
            assert len(live.device.outbox.pending()) == 1
    assert "device-1.db.damaged" in caplog.text


@virtual_time
async def test_it_says_so_until_a_person_has_read_it(tmp_path: Path) -> None:
    garbage(tmp_path / "device-1.db")
    async with live_device(tmp_path) as live:
        assert live.device.put_aside
    async with live_device(tmp_path) as live:
        assert live.device.put_aside
        live.device.dismiss_notice()
        assert live.device.put_aside == ""
    async with started_device(tmp_path) as live:
        assert live.device.put_aside == ""
        digest = live.device._engine._digest
        assert live.sent() == [msg.Hello(msg.PROTOCOL, digest, lenient=True, coalesces=True)]


@virtual_time
async def test_a_sound_file_is_left_as_it_is(tmp_path: Path) -> None:
    full(tmp_path / "device-1.db")
    async with started_device(tmp_path) as live:
        assert live.device.put_aside == ""
        assert len(live.device.outbox.pending()) == 40


@virtual_time
async def test_words_in_a_damaged_file_are_not_kept_longer_than_elsewhere(tmp_path: Path) -> None:
    aside = tmp_path / "device-1.db.damaged"
    garbage(tmp_path / "device-1.db")
    async with live_device(tmp_path) as live:
        live.wall_offset = DEFAULT_RETENTION_MS - 1000
        live.device._persistence.apply_retention()
        assert aside.exists()
        live.wall_offset = DEFAULT_RETENTION_MS + 1000
        live.device._persistence.apply_retention()
        assert not aside.exists()


def test_damaged_files_do_not_fill_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "front.db"
    for number in range(MAX_ASIDE + 2):
        path.write_text(str(number))
        Path(f"{path}-wal").write_text(str(number))
        put_aside(path, 7)
    kept = {name.name: name.read_text() for name in tmp_path.glob("*.damaged*")}
    last = str(MAX_ASIDE + 1)
    assert kept == {
        "front.db.damaged": "0", "front.db.damaged2": "1", "front.db.damaged3": last,
        "front.db.damaged-wal": "0", "front.db.damaged2-wal": "1", "front.db.damaged3-wal": last,
    }  # fmt: skip
    delete_put_aside(path, 8, 2)
    assert len(list(tmp_path.iterdir())) == 2 * MAX_ASIDE
    delete_put_aside(path, 8, 1)
    assert list(tmp_path.iterdir()) == []


# --- files that are whole, and cannot be used --------------------------------------------------------------


def test_a_database_that_is_in_use_is_no_damaged_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "IN_USE_S", 0)
    path = tmp_path / "front.db"
    first = open_outbox(path, MONDAY_10)
    with pytest.raises(OutboxError) as error:
        open_outbox(path, MONDAY_10)
    assert error.value.cause is Cause.IN_USE
    assert [name.name for name in tmp_path.glob("*.damaged*")] == []
    first.close()


def test_a_full_disk_is_named_as_such(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "front.db")
    outbox._db.execute("PRAGMA max_page_count = 1")

    def fill() -> None:
        for number in range(200):
            outbox.put(replace(TAP, op_id=f"{number:032x}"))

    with pytest.raises(OutboxError) as error:
        fill()
    assert error.value.cause is Cause.FULL
    outbox.close()


def test_ops_of_another_version_are_not_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "front.db"
    full(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE pending SET submit = ? WHERE position = 7", (b'{"op_id": 7}',))
    db.close()
    with pytest.raises(OutboxError) as error:
        open_outbox(path, MONDAY_10)
    assert error.value.cause is Cause.OTHER_VERSION
    assert not isinstance(error.value, OutboxDamaged)
    assert path.exists()


# --- the identity file -------------------------------------------------------------------------------------

OTHER_KEY = "oV8sARqdTp5:f1uajoD<jZ5/7ye5:NGai?dW3cqa"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(400),
        b"\xff\xfe\x00garbage",
        b"nonsense",
        b'device_id = "front"\n',
        "one key is of another device",
        "a key is no key",
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_damaged_identity_file_is_put_aside_and_leads_to_pairing(
    tmp_path: Path, content: bytes | str, named: bool
) -> None:
    path = save_identity(FILE, tmp_path)
    if isinstance(content, str):
        wrong = OTHER_KEY if "another" in content else "ö" * 40
        content = path.read_text("utf-8").replace(FILE.public_key, wrong).encode()
    path.write_bytes(content)
    settings = device_settings("kiosk", path if named else None, tmp_path, None, False, None)
    aside = path.with_name(f"{path.name}.damaged")
    assert (settings["device"], settings["damaged"]) == (None, aside)
    assert aside.read_bytes() == content
    again = device_settings("kiosk", None, tmp_path, None, False, None)
    assert (again["device"], again["damaged"]) == (None, None)


@pytest.mark.parametrize("address", ["10.0.0.5:7350", "tcp://10.0.0.5", "tcp://10.0.0.5:99999", ""])
def test_a_bad_address_in_an_identity_file_is_named_to_the_pairing_screen(
    tmp_path: Path, address: str
) -> None:
    path = save_identity(FILE, tmp_path)
    path.write_text(path.read_text("utf-8").replace(FILE.server, address), "utf-8")
    assert device_settings("kiosk", None, tmp_path, None, False, None)["bad_address"] == address
    assert device_settings("kiosk", None, tmp_path, None, False, None)["bad_address"] is None


def test_more_addresses_of_the_server_are_read_and_an_older_version_reads_the_file_as_well() -> None:
    others = ("tcp://10.0.0.5:7350", "tcp://[fd00::5]:7350")
    text = device_file_text(replace(FILE, others=others))
    assert parse_device_file(text) == replace(FILE, others=others)
    known_to_0_1_0 = {"device_id", "kind", "name", "letter", "server"}
    known_to_0_1_0 |= {"server_key", "public_key", "secret_key"}
    assert set(tomllib.loads(text)) == known_to_0_1_0  # it refuses any other key
    assert parse_device_file(text.replace("tcp://10.0.0.5:7350", "none")).others == others[1:]


def test_a_device_that_reached_another_address_of_the_server_knows_all_of_them_still() -> None:
    here, there = "tcp://10.0.0.5:7350", "tcp://10.0.9.9:7350"
    file = replace(FILE, others=(here,))
    reached = file.reached_at(here)
    assert (reached.server, reached.others) == (here, (FILE.server,))
    assert reached.reached_at(FILE.server) == file
    assert file.reached_at(there) == replace(file, server=there), "found on the network, perhaps for today"


def test_a_file_that_is_no_identity_file_is_left_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n")
    with pytest.raises(ConfigError, match="not a device file"):
        device_settings("kiosk", path, tmp_path, None, False, None)
    assert path.read_text() == "127.0.0.1 localhost\n"


def test_a_damaged_file_that_cannot_be_renamed_leads_to_pairing_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = identity_path(tmp_path, "kiosk")
    path.write_bytes(b"")

    def read_only(*_: object) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("sync_server.device.app.cli.put_aside", read_only)
    settings = device_settings("kiosk", None, tmp_path, None, False, None)
    assert (settings["device"], settings["damaged"]) == (None, path)


@pytest.mark.parametrize("key", ["%" * 39 + "~", "#" * 40])
def test_a_key_that_is_none_is_named(tmp_path: Path, key: str) -> None:
    path = save_identity(FILE, tmp_path)
    text = path.read_text("utf-8").replace(FILE.secret_key, key)
    with pytest.raises(DeviceFileError, match="secret_key: not a key"):
        parse_device_file(text)
