"""The socket for commands: they come from the store's own user, reach its server, and no one else."""

import contextlib
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import requests

from sync_server.protocol.device_file import DeviceFile
from sync_server.service.admin import client, control_socket
from sync_server.service.admin.commands import CommandResult
from sync_server.service.auth import devices
from sync_server.service.auth.errors import AccountError
from sync_server.service.limits.numbers import CONTROL_BYTES
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir, DataDirError, DataDirLock

from .running_server import RunningServer
from .steps import full_disk

NOBODY = 65534


def ask(running: RunningServer, body: bytes) -> CommandResult:
    """Sends any bytes as a command."""
    with control_socket.connect(running.server.data_dir, 10) as connected:
        connected.sendall(body)
        connected.shutdown(socket.SHUT_WR)
        with connected.makefile("rb") as answer:
            return msgspec.json.decode(answer.read(), type=CommandResult)


def device_ids(running: RunningServer) -> list[str]:
    with reading(running.server.data_dir.store) as db:
        return [str(row.device_id) for row in devices.list_devices(db)]


def test_a_command_is_done_by_the_running_server(running: RunningServer) -> None:
    file = client.add_device(running.server.data_dir, "kiosk", "Front door", "tcp://127.0.0.1:7350")
    assert isinstance(file, DeviceFile)
    assert (file.device_id, file.letter) == ("front-door", "A")
    assert device_ids(running) == ["front-door"]


def test_a_device_may_connect_as_soon_as_it_is_added_until_it_is_revoked(running: RunningServer) -> None:
    folder = running.server.data_dir
    file = client.add_device(folder, "staff", "Tablet 1", "tcp://127.0.0.1:7350")
    assert file.public_key in running.call(lambda: dict(running.server.authenticator.devices))
    client.run(folder, "revoke_device", device_id=file.device_id)
    assert file.public_key not in running.call(lambda: dict(running.server.authenticator.devices))


def test_pins_and_passwords_are_set(running: RunningServer) -> None:
    folder = running.server.data_dir
    client.run(folder, "set_pin", employee="maya", pin="471147")
    assert running.run(running.server.credential_checker.check_pin("tablet", "maya", "471147")) == (None, 0)
    client.run(folder, "set_password", password="another secret")
    assert (
        running.run(running.server.credential_checker.check_password("here", "another secret"))[0].name
        == "manager"
    )


def test_a_refused_command_is_explained_as_on_the_command_line(running: RunningServer) -> None:
    with pytest.raises(AccountError, match="a PIN has 6 to 8 digits"):
        client.run(running.server.data_dir, "set_pin", employee="maya", pin="1")
    with pytest.raises(AccountError, match='there is no device "none"'):
        client.run(running.server.data_dir, "revoke_device", device_id="none")


def test_the_socket_is_its_owners_and_goes_with_the_server(running: RunningServer) -> None:
    path = running.server.data_dir.control_socket
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    running.call(running.server.control.close)
    assert not path.exists()


@pytest.mark.attack(
    "Another user of the server's computer sends a command, with every file mode wide open", "refused"
)
def test_another_user_of_the_computer_cannot_command(
    running: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_socket, "may_command", lambda user: user not in (0, os.geteuid()))
    answer = ask(running, b'{"command": "revoke_device", "arguments": {"device_id": "x"}}')
    assert answer.error == "the store belongs to another user of this computer"


@pytest.mark.parametrize("user", [1, 1000, NOBODY])
def test_only_the_servers_own_user_and_root_may_command(monkeypatch: pytest.MonkeyPatch, user: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1001)
    assert control_socket.may_command(1001)
    assert control_socket.may_command(0)
    assert not control_socket.may_command(user)


@pytest.mark.attack(
    "Another user's program listens in place of a server that has ended, and waits for passwords",
    "the command sees whose program it is and sends nothing",
)
def test_a_command_sends_nothing_to_another_users_program(
    folder: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DataDirLock(folder), contextlib.closing(control_socket.listen(folder)) as impostor:
        monkeypatch.setattr(control_socket, "user_of", lambda _socket: NOBODY)
        with pytest.raises(DataDirError, match=r"belongs to a program of nobody.*nothing was sent"):
            client.run(folder, "set_password", password="another secret")
        connected, _ = impostor.accept()
        with connected:
            assert connected.recv(1) == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run a program as another user")
def test_another_users_program_is_recognised_by_the_system(folder: DataDir) -> None:
    program = (
        "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); os.setuid(65534);"
        "s.listen(); print('listens', flush=True); c, _ = s.accept(); print(c.recv(1))"
    )
    command = [sys.executable, "-c", program, str(folder.control_socket)]
    with DataDirLock(folder), subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "listens\n"
        with pytest.raises(DataDirError, match="nothing was sent"):
            client.run(folder, "set_password", password="another secret")
        assert other.stdout.readline() == "b''\n"


def test_a_folder_with_a_very_long_name_has_a_socket_too(tmp_path: Path) -> None:
    folder = DataDir(tmp_path / ("x" * 120) / "store")
    folder.path.mkdir(parents=True)
    with contextlib.closing(control_socket.listen(folder)), control_socket.connect(folder, 1):
        assert folder.control_socket.exists()
    with contextlib.closing(control_socket.listen(folder)):  # the file of before is replaced
        assert stat.S_ISSOCK(folder.control_socket.stat().st_mode)


@pytest.mark.parametrize(
    "body",
    [
        {"command": "drop_everything", "arguments": {}},
        {"command": "add_device", "arguments": {"kind": "kiosk"}},
        {"command": "add_device", "arguments": {"kind": "toaster", "name": "x", "server": "y"}},
        {"command": "make_code", "arguments": {}},
        {"command": "set_pin"},
        [],
        "x",
    ],
)
def test_a_wrong_command_is_explained(running: RunningServer, body: object) -> None:
    assert ask(running, msgspec.json.encode(body)).error
    assert device_ids(running) == []


@pytest.mark.parametrize("body", [b"", b"{", b"\x00\xff", b"[" * 5000])
def test_bytes_that_are_no_command_are_explained(running: RunningServer, body: bytes) -> None:
    assert ask(running, body).error


def test_a_command_that_is_too_large_is_cut_off(running: RunningServer) -> None:
    with control_socket.connect(running.server.data_dir, 10) as connected:
        with contextlib.suppress(OSError):  # it may be closed before all is sent
            connected.sendall(b"x" * 100 * CONTROL_BYTES)
        with contextlib.suppress(ConnectionResetError):
            assert connected.recv(1) == b""
    assert device_ids(running) == []


@pytest.mark.attack("A command over HTTP, as earlier versions took them, from this computer", "not found")
def test_the_pages_take_no_commands(running: RunningServer, http: requests.Session) -> None:
    for key in ("", "wrong"):
        answer = http.post(
            running.address + "/control",
            json={"command": "add_token", "arguments": {"name": "x"}},
            headers={"Authorization": f"Bearer {key}"},
        )
        assert answer.status_code == 404


def test_a_store_that_cannot_be_written_says_why(running: RunningServer) -> None:
    async def forbid() -> None:
        full = "SELECT RAISE(FAIL, 'database or disk is full')"
        trigger = f"CREATE TRIGGER no_device BEFORE INSERT ON devices BEGIN {full}; END"
        await running.server.processor.writer.call(lambda db: db.execute(trigger))

    running.run(forbid())
    with pytest.raises(AccountError, match="the disk is full"):
        client.add_device(running.server.data_dir, "kiosk", "Front door", "tcp://127.0.0.1:7350")
    with full_disk(running):  # a full event log does not prevent setting a PIN
        assert client.run(running.server.data_dir, "set_pin", employee="maya", pin="471147") is None
