"""The `welkom` command as a person types it: child processes, with and without a running server."""

import asyncio
import re
import socket
import stat
import subprocess
import tomllib

import pytest

from sync_server.protocol.device_file import parse_device_file
from sync_server.service.auth import managers, password_hash, pins, setup_link
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir, DataDirLock
from tests.sample_store import PASSWORD

from .harness import come
from .process import ServerProcess, welkom


def plainly(ran, reason: str, code: int = 1) -> None:
    """The command failed with one sentence."""
    assert ran.returncode == code, ran.stderr
    assert re.search(reason, ran.stderr), ran.stderr
    assert "Traceback" not in ran.stderr


# --- a store -------------------------------------------------------------------------------------------


def test_init_makes_a_store_once_and_check_accepts_it(tmp_path):
    path = tmp_path / "my store"
    ran = welkom("init", path, "--name", 'Lumen "Süd" 🙂')
    assert (ran.returncode, ran.stderr) == (0, "")
    folder = DataDir(path)
    db = connect(folder.store, read_only=True)
    assert managers.every(db) == []  # there is no default password
    db.close()
    assert len(setup_link.make_code(folder)) == 22
    assert stat.S_IMODE(folder.setup_code.stat().st_mode) == 0o600
    assert tomllib.loads(folder.settings.read_text("utf-8"))["store"]["name"] == 'Lumen "Süd" 🙂'
    ran = welkom("check", "--data", path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert 'store.toml: all right. Lumen "Süd" 🙂: ' in ran.stdout
    plainly(welkom("init", path), "is a store already; choose another folder")
    plainly(welkom("init", tmp_path / "other", "--password", "short"), "at least 8 characters")


def test_the_commands_that_init_prints_work_as_they_are_printed(tmp_path):
    path = tmp_path / "Shop & Son's $HOME (1)"
    printed = re.findall("`(welkom [^`]*)`", welkom("init", path).stdout)
    assert [line.split()[1] for line in printed] == ["server", "kiosk", "staff", "check", "employee"]
    for line in (printed[0], *printed[3:]):
        words = subprocess.run(
            ["sh", "-c", line.replace("welkom", "printf '%s\\n'", 1)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        assert words[-2:] == ["--data", str(path)]
    assert welkom("check", "--data", path).returncode == 0


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
def test_a_name_that_the_terminal_cannot_write_stops_nothing_half_way(folder, encoding):
    add = ("device", "add", "kiosk", "--data", folder.path, "--name")
    ran = welkom(*add, "Ελένη 王", "--server", "x:1", encoding=encoding)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "to the device and start it there: welkom kiosk --device" in ran.stdout
    (row,) = (line for line in welkom("device", "list", "--data", folder.path).stdout.splitlines())
    assert row.endswith("active   Ελένη 王")
    plainly(
        welkom(*add, "ω" * 41, "--server", "x:1", encoding=encoding), "name has 41 characters; 40 is the most"
    )


def test_check_names_an_unknown_icon_and_similar_ones(folder):
    text = folder.settings.read_text()
    folder.settings.write_text(text.replace('icon = "bag"', 'icon = "tooll"'))
    ran = welkom("check", "--data", folder.path)
    assert ran.returncode == 0  # screens show a dot
    assert "4 needs, 2 skills, 3 employees" in ran.stdout
    assert """needs (code "buy"), icon: no icon 'tooll'; did you mean tool, """ in ran.stdout


def test_every_wrong_line_of_the_settings_is_named(folder):
    text = folder.settings.read_text().replace('closes = "21:00"', 'closes = "late"')
    folder.settings.write_text(text.replace("offer_s = 15", "offer_s = 0"))
    ran = welkom("check", "--data", folder.path)
    plainly(ran, r'store\.toml: store\.closes: "late" is no time of day')
    assert re.search(r"store\.toml: times\.offer_s: 0 is not between 1 and 600", ran.stderr)
    plainly(welkom("server", "--data", folder.path), r"times\.offer_s")


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["server"],
        ["report"],
        ["device", "list"],
        ["device", "revoke", "front"],
        ["device", "add", "kiosk", "--name", "Front"],
        ["employee", "pin", "tom", "--pin", "1234"],
        ["manager", "password", "--password", PASSWORD],
        ["manager", "add", "owner", "--password", PASSWORD],
        ["manager", "list"],
        ["manager", "remove", "owner"],
        ["token", "add", "bookings"],
        ["token", "list"],
        ["token", "revoke", "bookings"],
    ],
    ids=" ".join,
)
def test_every_command_names_a_missing_data_directory(tmp_path, command):
    plainly(welkom(*command, "--data", tmp_path / "nowhere"), "nowhere.*`welkom init")


# --- devices and people, with no server running ------------------------------------------------------------


def test_devices_are_added_listed_and_revoked(folder):
    ran = welkom(
        "device", "add", "kiosk", "--name", "Front door", "--data", folder.path, "--server", "10.0.0.7:7350"
    )
    assert ran.returncode == 0, ran.stderr
    path = folder.path / "front-door.device.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file = parse_device_file(path.read_text("utf-8"))
    assert (file.device_id, file.letter, file.server) == ("front-door", "A", "tcp://10.0.0.7:7350")
    out = folder.path / "maya.toml"
    at = ("--server", "[fd00::7]:7350")
    ran = welkom("device", "add", "staff", "--name", "Maya's", "--data", folder.path, "--out", out, *at)
    assert parse_device_file(out.read_text("utf-8")).server == "tcp://[fd00::7]:7350"
    assert parse_device_file(out.read_text("utf-8")).letter == "B"
    plainly(
        welkom("device", "add", "staff", "--name", "Tom's", "--data", folder.path, "--out", out, *at),
        "is there already; choose another name with --out",
    )
    assert welkom("device", "revoke", "front-door", "--data", folder.path).returncode == 0
    listed = welkom("device", "list", "--data", folder.path).stdout.splitlines()
    assert [line.split() for line in listed] == [
        ["front-door", "kiosk", "A", "revoked", "Front", "door"],
        ["maya-s", "staff", "B", "active", "Maya's"],
    ]
    plainly(welkom("device", "revoke", "toaster", "--data", folder.path), 'no device "toaster"')
    plainly(welkom("device", "add", "robot", "--name", "R2", "--data", folder.path), "robot", 2)


def test_pins_and_passwords_are_prompted_twice_and_stored_as_hashes(folder):
    ran = welkom("employee", "pin", "tom", "--data", folder.path, answer="471147\n471147\n")
    assert ran.returncode == 0, ran.stderr
    assert "471147" not in ran.stdout
    ran = welkom("manager", "password", "--data", folder.path, answer="correct horse\ncorrect horse\n")
    assert ran.returncode == 0, ran.stderr
    db = connect(folder.store, read_only=True)
    assert password_hash.verify_password(pins.pin_hash(db, "tom"), "471147")
    assert password_hash.verify_password(managers.find(db, "manager").password_hash, "correct horse")
    db.close()
    plainly(welkom("employee", "pin", "tom", "--pin", "12", "--data", folder.path), "6 to 8 digits")
    ran = welkom("employee", "pin", "eve", "--pin", "481516", "--data", folder.path)
    plainly(ran, 'no employee "eve"')
    assert "there are maya, tom, kim" in ran.stderr


EVE = '[[employees]]\nid = "eve"\nname = "Eve"\nskills = ["sales"]\n'


async def test_a_new_employee_can_get_a_pin_before_the_server_starts(house):
    """In the order of the README: the settings, then the PINs, then the server."""
    with house.data_dir.settings.open("a") as settings:
        settings.write(EVE)
    ran = welkom("employee", "pin", "eve", "--pin", "727374", "--data", house.data_dir.path)
    assert (ran.returncode, ran.stdout) == (0, "eve has a new PIN\n")
    file = house.enrol("staff", "Eve's")
    await house.open()
    await house.sign_in(house.device(file), "eve", "727374")


# --- with a server running ---------------------------------------------------------------------------------


async def test_commands_reach_the_server_that_runs(house):
    """The commands run in threads: a tablet without heartbeats would give its link up."""
    data = ["--data", house.data_dir.path]

    async def run(*words):
        return await asyncio.to_thread(lambda: welkom(*words))

    server = await ServerProcess(house.data_dir.path).start()
    house.sync = server.sync
    try:
        ran = await run("device", "add", "staff", "--name", "Toms", "--server", server.sync, *data)
        assert ran.returncode == 0, ran.stderr
        file = parse_device_file((house.data_dir.path / "toms.device.toml").read_text("utf-8"))
        tablet = house.device(file)
        await house.until(lambda: tablet.live)  # let in without a restart
        with house.data_dir.settings.open("a") as settings:
            settings.write(EVE)
        assert (await run("employee", "pin", "eve", "--pin", "727374", *data)).returncode == 0
        await house.until(lambda: tablet.catalogue.employed("eve"))  # she is known without a restart too
        await house.sign_in(tablet, "eve", "727374")
        assert "active" in (await run("device", "list", *data)).stdout
        ran = await run("device", "revoke", "toms", *data)
        assert ran.returncode == 0, ran.stderr
        await house.until(lambda: not tablet.live)
        plainly(await run("device", "revoke", "toaster", *data), 'no device "toaster"')
        plainly(await run("employee", "pin", "tom", "--pin", "1", *data), "6 to 8 digits")
        plainly(await run("server", "--web", "127.0.0.1:0", *data), "a server is running on this folder")
    finally:
        assert await server.stop() == 0


def test_a_server_that_holds_the_folder_but_does_not_answer_is_named(folder):
    with DataDirLock(folder):
        plainly(
            welkom("device", "revoke", "front", "--data", folder.path),
            "a server is running on this folder but does not answer",
        )


def test_a_port_in_use_is_named(folder):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        ran = welkom("server", "--data", folder.path, "--sync", address)
        plainly(ran, rf"server\.sync: cannot listen on {address}.*another program may be using the port")
        ran = welkom("server", "--data", folder.path, "--sync", "127.0.0.1:0", "--web", address)
        plainly(ran, rf"server\.web: cannot listen on {address}")


async def test_a_kiosk_added_by_the_command_can_be_used_with_its_file_as_it_is(house):
    text = house.data_dir.settings.read_text("utf-8")
    with socket.create_server(("127.0.0.1", 0)) as other:
        house.sync = f"127.0.0.1:{other.getsockname()[1]}"
    house.data_dir.settings.write_text(
        text.replace('sync = "127.0.0.1:0"', f'sync = "{house.sync}"'), "utf-8"
    )
    ran = welkom("device", "add", "kiosk", "--name", "Front", "--data", house.data_dir.path)
    assert ran.returncode == 0, ran.stderr
    file = parse_device_file((house.data_dir.path / "front.device.toml").read_text("utf-8"))
    await house.open()
    kiosk = house.device(file)
    come(kiosk)
    await house.until(lambda: house.agrees(kiosk))
