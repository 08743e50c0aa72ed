"""A new device finds its store, or fails with a reason; pairing by commands."""

import asyncio
import uuid
from types import SimpleNamespace

import pytest
import requests
from click.testing import CliRunner, Result
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncZeroconf

from sync_server.cli import main
from sync_server.device.network import discovery
from sync_server.device.network.discovery import StoreBrowser
from sync_server.device.network.enrol_client import EnrolClient, PairingFailure
from sync_server.device.storage.identity_file import identity_path
from sync_server.protocol import enrol
from sync_server.protocol.device_file import parse_device_file
from sync_server.service.auth import devices
from sync_server.service.enrol import mdns
from sync_server.service.enrol.mdns import MdnsAnnouncement
from sync_server.service.net.page_addresses import PageAddresses

from .pairing_steps import enrol_port, failing, waiting
from .process import ServerProcess


async def test_pairing_with_no_server_or_another_program_fails_with_a_reason():
    answers = [(404, b"<html>"), (200, b"<html>"), (200, b'{"wire":2}'), (500, b""), (429, b'{"why":"odd"}')]
    answers += [(200, b"[" * 5000), (302, b"")]

    async def answer(*_):
        return answers.pop(0)

    wanted = [PairingFailure.NOT_A_STORE, PairingFailure.NOT_A_STORE, PairingFailure.OTHER_VERSION]
    wanted += [PairingFailure.NOT_A_STORE] * 4
    async with enrol_port(answer) as address:
        for reason in wanted:
            with failing(reason):
                await EnrolClient("kiosk").begin(address)
    with failing(PairingFailure.UNREACHABLE):
        await EnrolClient("kiosk").begin(address)


async def test_another_wire_version_is_refused_with_both_versions(shop):
    await shop.open()
    answer = await asyncio.to_thread(
        requests.post, f"http://{shop.server.enrol.address}/enrol", data=b'{"wire":7,"kind":"robot"}'
    )
    denied = enrol.decode(answer.content, enrol.Denied)
    assert (answer.status_code, denied.why, denied.wire) == (400, "other_version", enrol.WIRE)


LAN = "192.168.1.10"


@pytest.mark.parametrize(
    ("web", "public", "private", "host", "url"),
    [
        ("127.0.0.1:8350", "", False, "127.0.0.1", "http://127.0.0.1:8350/manager/devices"),
        ("127.0.0.1:8350", "", False, LAN, ""),
        ("0.0.0.0:8350", "", False, LAN, ""),  # the page does not answer there
        ("0.0.0.0:8350", "", False, "127.0.0.1", "http://127.0.0.1:8350/manager/devices"),
        ("0.0.0.0:8350", "", True, LAN, f"http://{LAN}:8350/manager/devices"),
        (f"{LAN}:8350", "", True, "10.0.0.1", f"http://{LAN}:8350/manager/devices"),
        (f"{LAN}:8350", "", False, LAN, ""),
        ("[::]:8350", "", True, "fd00::10", "http://[fd00::10]:8350/manager/devices"),
        ("[::1]:8350", "", False, "::1", "http://[::1]:8350/manager/devices"),
        ("0.0.0.0:8350", f"http://{LAN}:8350/", False, LAN, ""),
        ("0.0.0.0:8350", "http://shop/", True, LAN, "http://shop/manager/devices"),
        ("127.0.0.1:8350", "https://shop.example", False, LAN, "https://shop.example/manager/devices"),
    ],
)
def test_a_screen_shows_the_managers_address_only_where_the_page_answers(web, public, private, host, url):
    pages = PageAddresses(web, public_url=public, private=private)
    assert pages.devices_page(host) == url


# --- finding it -----------------------------------------------------------------------------------


class FoundStores:
    """What a browser has found of one store; other tests may announce others at the same time."""

    def __init__(self) -> None:
        self.name = f"Lumen & Co {uuid.uuid4().hex}"
        self.changed = asyncio.Event()
        self.finder = StoreBrowser(self.changed.set, ["127.0.0.1"])

    async def until(self, is_so) -> list:
        """Waits until `is_so(stores)`, and returns the stores."""
        async with asyncio.timeout(30):
            while not is_so(found := [store for store in self.finder.stores if store.name == self.name]):
                await self.changed.wait()
                self.changed.clear()
        return found


@pytest.fixture
def loopback(monkeypatch):
    """Multicast DNS on loopback. It fails `unreachable` times; `made` counts the sockets after that.

    `asked` is where they were to be made.
    """
    made = AsyncZeroconf

    def make(**where):
        network.asked.append(where)
        if network.unreachable:
            network.unreachable -= 1
            raise OSError("network is unreachable")
        network.made += 1
        return made(interfaces=["127.0.0.1"])

    network = SimpleNamespace(unreachable=0, made=0, asked=[])
    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", make)
    monkeypatch.setattr(mdns, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(discovery, "NETWORK_CHECK_S", 0.01)
    return network


async def test_a_device_finds_the_stores_that_announce_themselves(shop):
    await shop.open()
    stores = FoundStores()
    async with stores.finder:
        async with MdnsAnnouncement(stores.name, shop.server.enrol.address):
            (found,) = await stores.until(bool)
            shown = await EnrolClient("kiosk").begin(found.address)
            assert shown.digits == waiting(shop)[0].digits
        await stores.until(lambda found: not found)  # a store that closes withdraws its announcement


async def test_without_a_network_to_look_on_nothing_is_raised(monkeypatch):
    warned = {module: asyncio.Event() for module in (mdns, discovery)}
    for module, event in warned.items():
        monkeypatch.setattr(module.log, "warning", lambda *_, event=event: event.set())
    async with (
        MdnsAnnouncement("Lumen & Co", "203.0.113.7:8351"),
        StoreBrowser(lambda: None, ["203.0.113.7"]) as finder,
    ):
        async with asyncio.timeout(30):
            for event in warned.values():
                await event.wait()
        assert finder.stores == []


@pytest.mark.fault(
    "Server and screens are started before there is a network",
    "they find each other as soon as there is one; the log reports the problem once",
)
async def test_a_network_that_comes_later_is_announced_and_looked_on(loopback, caplog):
    stores = FoundStores()
    loopback.unreachable = 20
    async with stores.finder, MdnsAnnouncement(stores.name, "127.0.0.1:8351"):
        await stores.until(bool)
    assert caplog.text.count("type its address there") == 1
    assert caplog.text.count("stores cannot be looked for yet") == 1


@pytest.mark.fault(
    "The store's computer gets another address while it runs",
    "the new address is announced",
)
@pytest.mark.usefixtures("loopback")
async def test_another_address_of_the_store_is_announced(monkeypatch):
    # A port of its own: its host name has the port, and other tests announce this computer too.
    stores = FoundStores()
    addresses = ["192.0.2.7"]
    monkeypatch.setattr(mdns, "own_addresses", lambda _ipv6: list(addresses))
    async with stores.finder, MdnsAnnouncement(stores.name, "0.0.0.0:8399", "key", "7350"):
        (found,) = await stores.until(bool)
        assert (found.address, found.servers) == ("192.0.2.7:8399", ("tcp://192.0.2.7:7350",))
        addresses[:] = ["192.0.2.8"]
        await stores.until(lambda found: [store.servers for store in found] == [("tcp://192.0.2.8:7350",)])


@pytest.mark.parametrize(
    ("addresses", "asked"),
    [
        (["127.0.0.1", "192.0.2.7"], {"ip_version": IPVersion.V4Only}),
        (
            ["127.0.0.1", "192.0.2.7", "::1", "fd00::7"],
            {"ip_version": IPVersion.All, "interfaces": ["192.0.2.7", "fd00::7"]},
        ),
    ],
)
async def test_a_store_on_all_addresses_announces_itself_where_others_are(
    loopback, monkeypatch, addresses, asked
):
    stores = FoundStores()
    monkeypatch.setattr(mdns, "own_addresses", lambda _ipv6: addresses)
    async with stores.finder, MdnsAnnouncement(stores.name, "[::]:8351"):
        await stores.until(bool)
        assert asked in loopback.asked


@pytest.mark.parametrize(
    ("addresses", "version"),
    [
        (["127.0.0.1", "192.0.2.7", "::1"], IPVersion.V4Only),
        (["127.0.0.1", "192.0.2.7", "::1", "fd00::7"], IPVersion.All),
        (["fd00::7"], IPVersion.All),
    ],
)
async def test_stores_are_looked_for_over_ipv6_where_this_computer_has_it(
    loopback, monkeypatch, addresses, version
):
    monkeypatch.setattr(discovery, "own_addresses", lambda ipv6: addresses if ipv6 else addresses[:2])
    stores = FoundStores()
    stores.finder = StoreBrowser(stores.changed.set)
    async with stores.finder, MdnsAnnouncement(stores.name, "127.0.0.1:8351"):
        await stores.until(bool)
    assert {"ip_version": version} in loopback.asked


@pytest.mark.fault(
    "A screen changes to another network while it looks for its store",
    "it also looks there",
)
async def test_stores_are_searched_again_on_another_network(loopback, monkeypatch):
    stores = FoundStores()
    addresses = {"192.0.2.7"}
    monkeypatch.setattr(discovery, "own_addresses", lambda _ipv6: set(addresses))
    async with stores.finder, MdnsAnnouncement(stores.name, "127.0.0.1:8351"):
        await stores.until(bool)
        made = loopback.made
        addresses.add("192.0.2.8")
        await stores.until(lambda found: not found)
        await stores.until(bool)
    assert loopback.made == made + 1


@pytest.mark.fault(
    "Another program uses the port for new devices",
    "the shop opens without it; the log and the manager's page say so",
)
async def test_an_enrolment_port_in_use_does_not_stop_the_server(shop):
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    shop.enrol_at = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await shop.open()
    assert "cannot listen on" in shop.server.enrol.unavailable.text
    assert shop.server.enrol.address == ""
    server.close()


# --- as commands ----------------------------------------------------------------------------------


def welkom(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


async def test_a_device_is_paired_with_two_commands(shop, tmp_path):
    """`welkom join` on the device and `welkom device code` at the store; the device finds its file later."""
    process = await ServerProcess(shop.data_dir.path, enrol="127.0.0.1:0").start()
    try:
        data = ("--data", shop.data_dir.path)
        made = await asyncio.to_thread(welkom, "device", "code", "kiosk", "--name", "Front", *data)
        assert made.exit_code == 0, made.stderr
        invitation = next(word for word in made.stdout.split() if word.startswith("welkom://"))
        nobody_there = "127.0.0.1:1,"  # another address of the store's, out of reach from here
        invitation = invitation.replace("welkom://", f"welkom://{nobody_there}")
        joined = await asyncio.to_thread(welkom, "join", "kiosk", invitation, "--data", tmp_path)
        assert joined.exit_code == 0, joined.stderr
        file = parse_device_file(identity_path(tmp_path, "kiosk").read_text())
        assert (file.device_id, file.server, file.others) == ("front", f"tcp://{process.sync}", ())
        again = await asyncio.to_thread(welkom, "join", "kiosk", invitation, "--data", tmp_path)
        assert (again.exit_code, "this code does not fit" in again.stderr) == (1, True)
        nobody = await asyncio.to_thread(welkom, "device", "pair", *data)
        assert "No device asks" in nobody.stdout
        address = invitation.split("/")[2].split(",")[1]
        pairing = EnrolClient("staff")
        digits = (await pairing.begin(address)).digits
        listed = await asyncio.to_thread(welkom, "device", "pair", *data)
        assert "staff  127.0.0.1" in listed.stdout
        assert digits not in listed.stdout  # they are typed from the device's screen
        wrong = await asyncio.to_thread(welkom, "device", "pair", "000 00x", "--name", "X", *data)
        assert (wrong.exit_code, "no device that asks shows 000 00x" in wrong.stderr) == (1, True)
        compact = digits.replace(" ", "")
        right = await asyncio.to_thread(welkom, "device", "pair", compact, "--name", "Maya's", *data)
        assert right.exit_code == 0, right.stderr
        assert (await pairing.wait()).name == "Maya's"
    finally:
        await process.stop()


def test_pairing_commands_need_a_running_server_and_say_so(folder):
    for command in (["pair"], ["code", "kiosk", "--name", "Front"]):
        answer = welkom("device", *command, "--data", folder.path)
        assert answer.exit_code == 1
        assert "start it with `welkom server" in answer.stderr


def test_names_and_roles_can_be_changed_without_a_server(folder):
    at = ("--server", "127.0.0.1:7350")  # this store's own port is any that is free
    added = welkom("device", "add", "kiosk", "--name", "Front", *at, "--data", folder.path)
    assert added.exit_code == 0, added.stderr
    assert welkom("device", "rename", "front", "Side", "--data", folder.path).exit_code == 0
    assert welkom("device", "role", "front", "staff", "--data", folder.path).exit_code == 0
    assert welkom("device", "list", "--data", folder.path).stdout.split()[:5] == [
        "front", "staff", "A", "active", "Side",
    ]  # fmt: skip
    gone = welkom("device", "rename", "nobody", "X", "--data", folder.path)
    assert (gone.exit_code, 'no device "nobody" takes part' in gone.stderr) == (1, True)
    assert devices.KINDS == ("kiosk", "staff")
