"""Stores that announce themselves on the network: found, changed, gone, and never trusted too much."""

import asyncio
import ipaddress
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from zeroconf import IPVersion

from sync_server.device.network import discovery
from sync_server.device.network.discovery import NETWORK_CHECK_S, RESOLVE_MS, FoundStore, StoreBrowser
from sync_server.network_addresses import OwnAddress
from sync_server.protocol.enrol import SERVICE

from .virtual_time import loop, virtual_time

KEY = "k" * 40


class Announcement(SimpleNamespace):
    """What a store sends when it is asked for its details."""

    def __init__(self, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "properties": {"wire": "1", "store": "Lumen & Co", "key": KEY, "sync": "8350"},
            "addresses": ["192.168.1.10"],
            "port": 8351,
            "answers": True,
        }
        super().__init__(**(fields | changes))


class Network:
    """Stands for the library and the network. `addresses` are those of this computer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.addresses = ["192.168.1.77"]
        self.networks: list[OwnAddress] = []
        self.unreachable = 0  # so many times there is no network
        self.announced: dict[str, Announcement] = {}
        self.searches: list[dict[str, Any]] = []
        self.open_searches = 0
        self.cancelled = 0
        self.asked: list[tuple[str, str, object, float]] = []
        self.wait = asyncio.Event()
        self.wait.set()
        self._handlers: list[Callable[..., None]] = []
        network = self

        class FakeZeroconf:
            def __init__(self, **options: Any) -> None:
                if network.unreachable:
                    network.unreachable -= 1
                    raise OSError("network is unreachable")
                network.searches.append(options)
                network.open_searches += 1
                self.zeroconf = "the zeroconf"

            async def async_close(self) -> None:
                network.open_searches -= 1

        class FakeBrowser:
            def __init__(self, zeroconf: object, service: str, handlers: list[Callable[..., None]]) -> None:
                assert (zeroconf, service) == ("the zeroconf", SERVICE)
                network._handlers = handlers

            async def async_cancel(self) -> None:
                network._handlers = []
                network.cancelled += 1

        class FakeInfo:
            decoded_properties: ClassVar[dict[str, str | None]]

            def __init__(self, service: str, name: str) -> None:
                self._name = (service, name)

            async def async_request(self, zeroconf: object, timeout_ms: float) -> bool:
                network.asked.append((*self._name, zeroconf, timeout_ms))
                await network.wait.wait()
                announcement = network.announced[self._name[1]]
                self.decoded_properties = announcement.properties  # type: ignore[misc]
                self.port = announcement.port
                self._addresses = announcement.addresses
                return announcement.answers

            def parsed_addresses(self) -> list[str]:
                return self._addresses

        monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", FakeZeroconf)
        monkeypatch.setattr("zeroconf.asyncio.AsyncServiceBrowser", FakeBrowser)
        monkeypatch.setattr("zeroconf.asyncio.AsyncServiceInfo", FakeInfo)
        monkeypatch.setattr(discovery, "own_addresses", lambda _ipv6: list(self.addresses))
        monkeypatch.setattr(discovery, "own_networks", lambda: list(self.networks))

    def report(self, name: str, change: str) -> None:
        for handler in self._handlers:
            handler(
                zeroconf="the zeroconf",
                service_type=SERVICE,
                name=name,
                state_change=SimpleNamespace(name=change),
            )

    async def announce(self, name: str, **changes: Any) -> None:
        self.announced[name] = Announcement(**changes)
        self.report(name, "Added")
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Browsing:
    """A browser on a fake network; `changes` counts the calls of its listener."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, interfaces: list[str] | None = None) -> None:
        self.network = Network(monkeypatch)
        self.changes = 0
        self.browser = StoreBrowser(self._changed, interfaces)

    def _changed(self) -> None:
        self.changes += 1

    async def __aenter__(self) -> "Browsing":
        assert await self.browser.__aenter__() is self.browser
        await settled()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.browser.__aexit__(None, None, None)
        assert self.network.open_searches == 0
        assert self.network.cancelled == len(self.network.searches)
        assert self.browser._search_task is not None
        assert self.browser._search_task.done()


@virtual_time
async def test_a_store_is_found_and_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Browsing(monkeypatch) as on:
        assert (on.network.searches, on.browser.stores) == ([{"ip_version": IPVersion.V4Only}], [])
        await on.network.announce("one")
        found = FoundStore("Lumen & Co", "192.168.1.10:8351", KEY, ("tcp://192.168.1.10:8350",))
        assert (on.browser.stores, on.changes) == ([found], 1)
        assert on.network.asked == [(SERVICE, "one", "the zeroconf", 3000)]
        await on.network.announce("two", properties={"wire": "1", "store": "Another"})
        another = FoundStore("Another", "192.168.1.10:8351")
        assert on.browser.stores == [another, found], "by name"
        on.network.report("one", "Removed")
        assert (on.browser.stores, on.changes) == ([another], 3)
        on.network.report("one", "Removed")
        assert on.changes == 3
    assert (RESOLVE_MS, NETWORK_CHECK_S) == (3000, 5)
    assert FoundStore("Lumen & Co", "10.0.0.1:8351").key == ""


@virtual_time
async def test_it_searches_on_the_given_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Browsing(monkeypatch, ["127.0.0.1"]) as on:
        assert on.network.searches == [{"interfaces": ["127.0.0.1"]}]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"addresses": ["fd00::1", "10.0.0.5"]}, ("10.0.0.5:8351", ("tcp://10.0.0.5:8350", "tcp://[fd00::1]:8350"))),
        ({"addresses": ["fd00::1"]}, ("[fd00::1]:8351", ("tcp://[fd00::1]:8350",))),
        ({"properties": {"wire": "1", "sync": "0"}}, ("192.168.1.10:8351", ())),
        ({"properties": {"wire": "1", "sync": "1"}}, ("192.168.1.10:8351", ("tcp://192.168.1.10:1",))),
        ({"properties": {"wire": "1", "sync": "65535"}}, ("192.168.1.10:8351", ("tcp://192.168.1.10:65535",))),
        ({"properties": {"wire": "1", "sync": "65536"}}, ("192.168.1.10:8351", ())),
        ({"properties": {"wire": "1", "sync": "08"}}, ("192.168.1.10:8351", ("tcp://192.168.1.10:8",))),
        ({"properties": {"wire": "1", "sync": "²"}}, ("192.168.1.10:8351", ())),
        ({"properties": {"wire": "1", "sync": "٣"}}, ("192.168.1.10:8351", ())),
        ({"properties": {"wire": "1", "sync": "9" * 200}}, ("192.168.1.10:8351", ())),
        ({"properties": {"wire": "1", "sync": "7350/x"}}, ("192.168.1.10:8351", ())),
        ({"properties": {"wire": "1", "sync": "-1"}}, ("192.168.1.10:8351", ())),
        ({"properties": {"wire": "1", "sync": None}}, ("192.168.1.10:8351", ())),
        ({"properties": {"wire": "2"}}, None),
        ({"properties": {}}, None),
        ({"addresses": []}, None),
        ({"port": None}, None),
        ({"port": 0}, None),
        ({"answers": False}, None),
    ],
)  # fmt: skip
@virtual_time
async def test_what_is_read_of_an_announcement(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], found: tuple[str, tuple[str, ...]] | None
) -> None:
    async with Browsing(monkeypatch) as on:
        await on.network.announce("one", **changes)
        assert [(store.address, store.servers) for store in on.browser.stores] == ([found] if found else [])
        assert on.changes == (found is not None)


@virtual_time
async def test_a_store_without_a_name_is_called_by_its_announcement(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Browsing(monkeypatch) as on:
        await on.network.announce("one", properties={"wire": "1", "store": None})
        await on.network.announce("two", properties={"wire": "1", "store": "x" * 300})
        assert [store.name for store in on.browser.stores] == ["one", "x" * 200]
        assert [store.key for store in on.browser.stores] == ["", ""]


@virtual_time
async def test_a_store_that_announces_itself_twice_is_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Browsing(monkeypatch) as on:
        await on.network.announce("one")
        await on.network.announce("two")
        assert len(on.browser.stores) == 1


@virtual_time
async def test_a_store_that_cannot_be_asked_is_logged(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    async with Browsing(monkeypatch) as on:
        with caplog.at_level(logging.WARNING):
            on.network.report("nothing is announced", "Added")
            await settled()
        assert (on.browser.stores, on.changes) == ([], 0)
        (record,) = caplog.record_tuples
        assert record[:2] == ("sync_server.device.network.discovery", logging.WARNING)
        await on.network.announce("one")
        assert len(on.browser.stores) == 1


@virtual_time
async def test_without_a_network_it_tries_again_and_logs_that_once(
    monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    with caplog.at_level(logging.WARNING):
        async with Browsing(monkeypatch) as on:
            on.network.unreachable = 3
            await on.browser.stop()
            on.browser.start()
            await asyncio.sleep(3 * NETWORK_CHECK_S - 0.1)
            assert len(on.network.searches) == 1, "only the one before it was stopped"
            await asyncio.sleep(0.2)
            assert len(on.network.searches) == 2
            await on.network.announce("one")
            assert len(on.browser.stores) == 1
            assert len(caplog.records) == 1
            on.network.unreachable = 1
            on.network.addresses = ["10.0.0.1"]
            await asyncio.sleep(2 * NETWORK_CHECK_S)
            assert len(caplog.records) == 2, "a later failure is logged again"
            assert len(on.network.searches) == 3
    assert loop().time() < 60


@virtual_time
async def test_what_was_found_on_another_network_is_searched_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Browsing(monkeypatch) as on:
        await on.network.announce("one")
        await asyncio.sleep(10 * NETWORK_CHECK_S)
        assert (len(on.network.searches), on.changes) == (1, 1)
        on.network.addresses.append("10.0.0.1")
        await asyncio.sleep(NETWORK_CHECK_S)
        assert (len(on.network.searches), on.network.open_searches) == (2, 1)
        assert (on.browser.stores, on.changes) == ([], 2)
        await asyncio.sleep(NETWORK_CHECK_S)
        on.network.addresses.reverse()
        await asyncio.sleep(2 * NETWORK_CHECK_S)
        assert (len(on.network.searches), on.changes) == (2, 2), "the same addresses, and nothing to forget"


@virtual_time
async def test_an_unanswered_question_ends_with_the_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Browsing(monkeypatch) as on:
        on.network.wait.clear()
        await on.network.announce("one")
        (question,) = on.browser._resolving
        assert not question.done()
    assert question.cancelled()
    assert on.browser._resolving == set()
    on.network.wait.set()
    await settled()
    assert on.browser.stores == []


@virtual_time
async def test_a_browser_that_never_started_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    on = Browsing(monkeypatch)
    await on.browser.stop()
    assert on.network.searches == []


@virtual_time
async def test_the_nearest_address_of_a_store_is_the_first_and_none_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Browsing(monkeypatch) as on:
        shop = ipaddress.ip_network("192.168.1.0/24")
        docker = ipaddress.ip_network("172.17.0.0/16")
        on.network.networks = [
            OwnAddress("192.168.1.77", shop, False),
            OwnAddress("172.17.0.1", docker, True),
        ]
        hosts = ["172.17.0.1", "fd00::1", "10.8.0.1", "192.168.1.10"]
        await on.network.announce("one", addresses=hosts)
        (store,) = on.browser.stores
        assert store.address == "192.168.1.10:8351"
        assert store.others == ("10.8.0.1:8351", "[fd00::1]:8351", "172.17.0.1:8351")
        assert store.servers == tuple(
            f"tcp://{host}:8350" for host in ("192.168.1.10", "10.8.0.1", "[fd00::1]", "172.17.0.1")
        )
        assert on.browser.other_addresses("192.168.1.10:8351") == store.others
        assert on.browser.other_addresses("192.168.1.11:8351") == ()
