"""How a new device finds its store, and what it says where there is none; pairing by commands."""

import asyncio
import uuid
from types import SimpleNamespace

import pytest
import requests
from click.testing import CliRunner, Result
from msgspec.structs import replace
from zeroconf.asyncio import AsyncZeroconf

from sync_server.cli import main
from sync_server.device import find
from sync_server.device.enrol import Pairing, Reason
from sync_server.device.find import Finder
from sync_server.device.own_file import own_file
from sync_server.protocol import enrol
from sync_server.protocol.device_file import parse_device_file
from sync_server.service import accounts, announce
from sync_server.service.announce import Announcement
from sync_server.service.door import Door
from sync_server.service.settings import ACCEPTED

from .joining import failing, listening, waiting
from .process import ServerProcess


async def test_where_nobody_answers_or_somebody_else_does_it_is_said_in_words():
    answers = [(404, b"<html>"), (200, b"<html>"), (200, b'{"wire":2}'), (500, b""), (429, b'{"why":"odd"}')]
    answers += [(200, b"[" * 5000), (302, b"")]

    async def answer(*_):
        return answers.pop(0)

    door = Door(answer)
    address = await listening(door)
    wanted = [Reason.NOT_A_STORE, Reason.NOT_A_STORE, Reason.OTHER_VERSION]
    wanted += [Reason.NOT_A_STORE] * 4
    for reason in wanted:
        with failing(reason):
            await Pairing("kiosk").begin(address)
    await door.close()
    with failing(Reason.UNREACHABLE):
        await Pairing("kiosk").begin(address)


async def test_another_version_is_told_which_side_speaks_which(shop):
    await shop.open()
    told = await asyncio.to_thread(
        requests.post, f"http://{shop.server.enrolment.address}/enrol", data=b'{"wire":7,"kind":"robot"}'
    )
    denied = enrol.decode(told.content, enrol.Denied)
    assert (told.status_code, denied.why, denied.wire) == (400, "other_version", enrol.WIRE)


LAN = "192.168.1.10"


@pytest.mark.parametrize(
    ("web", "public", "private", "host", "url"),
    [
        ("127.0.0.1:8350", "", False, "127.0.0.1", "http://127.0.0.1:8350/manager/devices"),
        ("127.0.0.1:8350", "", False, LAN, ""),
        ("0.0.0.0:8350", "", False, LAN, ""),  # the page would not answer there
        ("0.0.0.0:8350", "", False, "127.0.0.1", "http://127.0.0.1:8350/manager/devices"),
        ("0.0.0.0:8350", "", True, LAN, f"http://{LAN}:8350/manager/devices"),
        (f"{LAN}:8350", "", True, "10.0.0.1", f"http://{LAN}:8350/manager/devices"),
        (f"{LAN}:8350", "", False, LAN, ""),
        (":::8350", "", True, "fd00::10", "http://[fd00::10]:8350/manager/devices"),
        ("::1:8350", "", False, "::1", "http://[::1]:8350/manager/devices"),
        ("0.0.0.0:8350", f"http://{LAN}:8350/", False, LAN, ""),
        ("0.0.0.0:8350", "http://shop/", True, LAN, "http://shop/manager/devices"),
        ("127.0.0.1:8350", "https://shop.example", False, LAN, "https://shop.example/manager/devices"),
    ],
)
async def test_a_screen_shows_the_managers_address_only_where_the_page_answers(
    shop, web, public, private, host, url
):
    server = await shop.open()
    store = replace(server.settings.store, public_url=public)
    listen = replace(server.settings.server, manager_without_tls=ACCEPTED if private else "")
    server.settings = replace(server.settings, store=store, server=listen)
    server.web_address = web
    assert server.enrolment.manager_url(host) == url


# --- finding it -----------------------------------------------------------------------------------


class Heard:
    """What a finder has found of one store; others may be announced on this computer at the same time."""

    def __init__(self) -> None:
        self.name = f"Lumen & Co {uuid.uuid4().hex}"
        self.changed = asyncio.Event()
        self.finder = Finder(self.changed.set, ["127.0.0.1"])

    async def until(self, is_so) -> list:
        """What is found as soon as `is_so` of that."""
        async with asyncio.timeout(30):
            while not is_so(found := [store for store in self.finder.stores if store.name == self.name]):
                await self.changed.wait()
                self.changed.clear()
        return found


@pytest.fixture
def loopback(monkeypatch):
    """What is announced stays on this computer. There is no network `unreachable` times, then `made` ones."""
    made = AsyncZeroconf

    def make(**_where):
        if loopback.unreachable:
            loopback.unreachable -= 1
            raise OSError("network is unreachable")
        loopback.made += 1
        return made(interfaces=["127.0.0.1"])

    loopback = SimpleNamespace(unreachable=0, made=0)
    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", make)
    for module in (announce, find):
        monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.01)
    return loopback


async def test_a_device_finds_the_stores_that_announce_themselves(shop):
    await shop.open()
    heard = Heard()
    async with heard.finder:
        async with Announcement(heard.name, shop.server.enrolment.address):
            (found,) = await heard.until(bool)
            shown = await Pairing("kiosk").begin(found.address)
            assert shown.digits == waiting(shop)[0].digits
        await heard.until(lambda found: not found)  # a store that closed takes its leave


async def test_without_a_network_to_look_on_nothing_is_raised(monkeypatch):
    warned = {module: asyncio.Event() for module in (announce, find)}
    for module, event in warned.items():
        monkeypatch.setattr(module.log, "warning", lambda *_, event=event: event.set())
    async with (
        Announcement("Lumen & Co", "203.0.113.7:8351"),
        Finder(lambda: None, ["203.0.113.7"]) as finder,
    ):
        async with asyncio.timeout(30):
            for event in warned.values():
                await event.wait()
        assert finder.stores == []


@pytest.mark.fault(
    "Server and screens are started before there is a network",
    "they find each other as soon as there is one; the log says once what is the matter",
)
async def test_a_network_that_comes_later_is_announced_and_looked_on(loopback, caplog):
    heard = Heard()
    loopback.unreachable = 20
    async with heard.finder, Announcement(heard.name, "127.0.0.1:8351"):
        await heard.until(bool)
    assert caplog.text.count("type its address there") == 1
    assert caplog.text.count("stores cannot be looked for yet") == 1


@pytest.mark.fault("The store's computer gets another address while it runs", "that one is announced instead")
@pytest.mark.usefixtures("loopback")
async def test_another_address_of_the_store_is_announced(monkeypatch):
    heard = Heard()
    addresses = ["192.0.2.7"]
    monkeypatch.setattr(announce, "own_addresses", lambda: list(addresses))
    async with heard.finder, Announcement(heard.name, "0.0.0.0:8351", "key", "7350"):
        (found,) = await heard.until(bool)
        assert (found.address, found.servers) == ("192.0.2.7:8351", ("tcp://192.0.2.7:7350",))
        addresses[:] = ["192.0.2.8"]
        await heard.until(lambda found: [store.servers for store in found] == [("tcp://192.0.2.8:7350",)])


@pytest.mark.fault("A screen comes to another network while it looks for its store", "it looks there as well")
async def test_what_was_found_on_another_network_is_looked_for_anew(loopback, monkeypatch):
    heard = Heard()
    addresses = {"192.0.2.7"}
    monkeypatch.setattr(find, "own_addresses", lambda: set(addresses))
    async with heard.finder, Announcement(heard.name, "127.0.0.1:8351"):
        await heard.until(bool)
        made = loopback.made
        addresses.add("192.0.2.8")
        await heard.until(lambda found: not found)
        await heard.until(bool)
    assert loopback.made == made + 1


@pytest.mark.fault(
    "Another program has the port for new devices",
    "the shop opens without it; the log and the manager's page say so",
)
async def test_a_port_that_is_taken_leaves_the_shop_open(shop):
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    shop.enrol_at = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await shop.open()
    assert "cannot listen on" in shop.server.enrolment.off.text
    assert shop.server.enrolment.address == ""
    server.close()


# --- as commands ----------------------------------------------------------------------------------


def welkom(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


async def test_a_device_is_paired_with_two_commands(shop, tmp_path):
    """`welkom join` on the device, `welkom device code` at the store; and the file is found afterwards."""
    process = await ServerProcess(shop.folder.path, enrol="127.0.0.1:0").start()
    try:
        data = ("--data", shop.folder.path)
        made = await asyncio.to_thread(welkom, "device", "code", "kiosk", "--name", "Front", *data)
        assert made.exit_code == 0, made.stderr
        invitation = next(word for word in made.stdout.split() if word.startswith("welkom://"))
        joined = await asyncio.to_thread(welkom, "join", "kiosk", invitation, "--data", tmp_path)
        assert joined.exit_code == 0, joined.stderr
        file = parse_device_file(own_file(tmp_path, "kiosk").read_text())
        assert (file.device_id, file.server) == ("front", f"tcp://{process.sync}")
        again = await asyncio.to_thread(welkom, "join", "kiosk", invitation, "--data", tmp_path)
        assert (again.exit_code, "this code does not fit" in again.stderr) == (1, True)
        nobody = await asyncio.to_thread(welkom, "device", "pair", *data)
        assert "No device asks" in nobody.stdout
        address = invitation.split("/")[2]
        pairing = Pairing("staff")
        digits = (await pairing.begin(address)).digits
        listed = await asyncio.to_thread(welkom, "device", "pair", *data)
        assert f"{digits}  staff" in listed.stdout
        wrong = await asyncio.to_thread(welkom, "device", "pair", "000 00x", "--name", "X", *data)
        assert (wrong.exit_code, "no device that asks shows 000 00x" in wrong.stderr) == (1, True)
        compact = digits.replace(" ", "")
        right = await asyncio.to_thread(welkom, "device", "pair", compact, "--name", "Maya's", *data)
        assert right.exit_code == 0, right.stderr
        assert (await pairing.wait()).name == "Maya's"
    finally:
        await process.stop()


def test_without_a_server_a_command_says_that_pairing_needs_it(folder):
    for command in (["pair"], ["code", "kiosk", "--name", "Front"]):
        told = welkom("device", *command, "--data", folder.path)
        assert told.exit_code == 1
        assert "start it with `welkom server" in told.stderr


def test_names_and_roles_can_be_changed_without_a_server(folder):
    added = welkom("device", "add", "kiosk", "--name", "Front", "--data", folder.path)
    assert added.exit_code == 0, added.stderr
    assert welkom("device", "rename", "front", "Side", "--data", folder.path).exit_code == 0
    assert welkom("device", "role", "front", "staff", "--data", folder.path).exit_code == 0
    assert welkom("device", "list", "--data", folder.path).stdout.split()[:5] == [
        "front", "staff", "A", "active", "Side",
    ]  # fmt: skip
    gone = welkom("device", "rename", "nobody", "X", "--data", folder.path)
    assert (gone.exit_code, 'no device "nobody" takes part' in gone.stderr) == (1, True)
    assert accounts.KINDS == ("kiosk", "staff")
