"""Which address of the server a device tries, and when it searches the network for another one."""

import asyncio
import ipaddress
from collections.abc import Callable
from typing import Any, cast

import pytest
from msgspec.structs import replace

from sync_server.device.network import server_locator
from sync_server.device.network.discovery import FoundStore, StoreBrowser
from sync_server.device.network.server_locator import ServerLocator
from sync_server.network_addresses import OwnAddress
from sync_server.protocol.device_file import DeviceFile

from .virtual_time import virtual_time

HOME, NEW, LIE = "tcp://192.168.1.10:8350", "tcp://192.168.1.23:8350", "tcp://192.168.1.66:8350"
KEY, OTHER = "k" * 40, "o" * 40
SEARCH_AFTER_MS = 30_000
FILE = DeviceFile("front", "kiosk", "Front", "A", HOME, KEY, "p" * 40, "s" * 40)


class Network:
    """A network on which stores are announced. `searches` is how many searches run."""

    def __init__(self, *stores: FoundStore) -> None:
        self.stores = list(stores)
        self.searches = 0
        self.started = 0

    def find(self, on_change: Callable[[], None]) -> StoreBrowser:
        on_change()
        return cast(Any, self)

    async def __aenter__(self) -> "Network":
        self.searches += 1
        self.started += 1
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.searches -= 1


def store(key: str, *servers: str) -> FoundStore:
    return FoundStore("Lumen & Co", "192.168.1.9:8351", key, servers)


async def settled() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_the_search_begins_after_half_a_minute() -> None:
    assert server_locator.SEARCH_AFTER_MS == SEARCH_AFTER_MS


@virtual_time
async def test_it_searches_only_after_a_while_and_not_once_the_server_was_reached() -> None:
    network = Network(store(KEY, NEW))
    locator = ServerLocator(FILE, network.find, 1000)
    assert locator.address == HOME
    assert locator.next(999 + SEARCH_AFTER_MS) == HOME
    await settled()
    assert network.searches == 0
    locator.next(1000 + SEARCH_AFTER_MS)
    await settled()
    assert network.searches == 1
    assert {locator.next(40_000), locator.next(44_000)} == {HOME, NEW}
    await settled()
    assert network.started == 1, "one search is enough"
    while locator.address != NEW:
        locator.next(50_000)
    locator.reached(50_000)
    await settled()
    assert network.searches == 0
    assert [locator.next(49_999 + SEARCH_AFTER_MS) for _ in range(3)] == [NEW] * 3
    await settled()
    assert network.started == 1
    locator.next(50_000 + SEARCH_AFTER_MS)
    await settled()
    assert network.started == 2, "it was lost again"
    locator.stop()
    locator.stop()


@virtual_time
async def test_found_addresses_and_the_last_good_one_are_tried_in_turns() -> None:
    network = Network(store(KEY, LIE, HOME), store(KEY, NEW))
    locator = ServerLocator(FILE, network.find, 0)
    assert locator.next(SEARCH_AFTER_MS) == HOME, "nothing is found yet"
    await settled()
    tried = [locator.next(40_000) for _ in range(8)]
    assert tried == [LIE, HOME, NEW, HOME, LIE, HOME, NEW, HOME]
    locator.stop()
    await settled()
    assert network.searches == 0
    assert [locator.next(41_000), locator.next(41_000)] == [HOME, HOME], "what was found is forgotten"
    locator.stop()


@pytest.mark.attack(
    "An attacker announces a store with another key, or with this store's key and a wrong address",
    "no device joins it; every second try goes to the store's old address",
)
@virtual_time
async def test_addresses_of_other_announcements_are_tried_but_never_saved() -> None:
    network = Network(store(OTHER, "tcp://192.168.1.99:8350"), store(KEY, LIE, NEW))
    locator = ServerLocator(FILE, network.find, 0)
    locator.next(SEARCH_AFTER_MS)
    await settled()
    tried = [locator.next(40_000) for _ in range(8)]
    assert set(tried) == {HOME, LIE, NEW}
    assert tried.count(HOME) == 4
    locator.stop()


@virtual_time
async def test_without_a_network_to_search_it_stays_where_it_was() -> None:
    locator = ServerLocator(FILE, None, 0)
    assert [locator.next(10**9) for _ in range(3)] == [HOME] * 3
    locator.stop()


@virtual_time
async def test_every_address_of_the_device_file_is_tried_from_the_start_the_nearest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = OwnAddress("192.168.7.2", ipaddress.ip_network("192.168.7.0/24"), virtual=False)
    docker = OwnAddress("172.17.0.1", ipaddress.ip_network("172.17.0.0/16"), virtual=True)
    own: list[OwnAddress] = []
    monkeypatch.setattr(server_locator, "own_networks", lambda: own)
    virtual, near = "tcp://172.17.0.1:8350", "tcp://192.168.7.1:8350"
    locator = ServerLocator(replace(FILE, server=virtual, others=(HOME, near)), None, 0)
    assert locator.next(0) == virtual, "without a network nothing is near"
    own += shop, docker
    locator = ServerLocator(replace(FILE, server=virtual, others=(HOME, near)), None, 0)
    assert locator.address == virtual, "the link begins with the file's"
    assert [locator.next(0) for _ in range(4)] == [near, HOME, virtual, near]
    while locator.next(0) != HOME:
        pass
    locator.reached(0)
    assert [locator.next(0) for _ in range(4)].count(HOME) == 2, "every second try is where it was"
    assert {locator.next(0) for _ in range(4)} == {virtual, HOME, near}
    locator.stop()


@virtual_time
async def test_an_announcement_keeps_no_address_of_the_file_from_being_tried() -> None:
    network = Network(store(KEY, LIE, "tcp://192.168.1.67:8350"))
    locator = ServerLocator(replace(FILE, others=(NEW,)), network.find, 0)
    locator.next(SEARCH_AFTER_MS)
    await settled()
    tried = [locator.next(40_000) for _ in range(8)]
    assert (tried.count(HOME), tried.count(NEW)) == (2, 2)
    locator.stop()
