"""Finds the stores that announce themselves on this network by multicast DNS.

async with StoreBrowser(on_change) as browser:    # on_change() is called when browser.stores has changed
    ...
"""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from msgspec import Struct

from sync_server.addresses import DEVICE_SCHEME, Address
from sync_server.network_addresses import is_loopback, nearest_first, own_addresses, own_networks
from sync_server.protocol.enrol import SERVICE, WIRE

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

RESOLVE_MS = 3000  # how long a store that was found may take to send its details
NETWORK_CHECK_S = 5.0  # how often the addresses of this computer are checked: Wi-Fi may come up later

log = logging.getLogger(__name__)


class FoundStore(Struct, frozen=True, order=True):
    """A store that this device can be paired with.

    `address` (host:port) is what `EnrolClient.begin` takes, and `others` are more of the same. `key` is the
    public key that the store announces, and `servers` are the addresses for its devices; an older store
    announces neither. The nearest address is the first everywhere.
    """

    name: str
    address: str
    key: str = ""
    servers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class StoreBrowser:
    """Searches for stores from `start` to `stop`, on the running loop; `on_change()` is called in it.

    Without a network it finds nothing and raises nothing: a person can type the address. It searches
    again within NETWORK_CHECK_S when a network appears or changes.
    `interfaces` are the addresses of this computer to search on; by default all.
    """

    def __init__(self, on_change: Callable[[], None], interfaces: list[str] | None = None) -> None:
        self._on_change = on_change
        self._interfaces = interfaces
        self._stores: dict[str, FoundStore] = {}
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._resolving: set[asyncio.Task[None]] = set()
        self._search_task: asyncio.Task[None] | None = None

    @property
    def stores(self) -> list[FoundStore]:
        """The stores found so far, by name."""
        return sorted(set(self._stores.values()))

    def other_addresses(self, address: str) -> tuple[str, ...]:
        """More addresses of the store that was found at this one."""
        return next((store.others for store in self.stores if store.address == address), ())

    def start(self) -> None:
        self._search_task = asyncio.ensure_future(self._search())

    async def stop(self) -> None:
        if self._search_task is not None:
            self._search_task.cancel()
            await asyncio.gather(self._search_task, return_exceptions=True)
        await self._close()

    async def _search(self) -> None:
        """Opens a new browser whenever the addresses of this computer have changed."""
        searched: set[str] | None = None
        logged = False
        while True:
            try:
                if (network := set(own_addresses(True))) != searched:
                    searched = None
                    await self._close()
                    self._clear()
                    self._open(network)
                    searched, logged = network, False
            except Exception as error:
                if not logged:
                    logged = True
                    log.warning("stores cannot be looked for yet: %s", error)
            await asyncio.sleep(NETWORK_CHECK_S)

    def _open(self, network: set[str]) -> None:
        """Searches on `interfaces`, else on all of the computer's addresses, `network`."""
        # Imported here: without the library an address can still be typed.
        from zeroconf import IPVersion
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        # Asked for IPv6 on a computer that has none, the library fails.
        ipv6 = any(":" in address and not is_loopback(address) for address in network)
        version = IPVersion.All if ipv6 else IPVersion.V4Only
        if self._interfaces:
            self._zeroconf = AsyncZeroconf(interfaces=self._interfaces)
        else:
            self._zeroconf = AsyncZeroconf(ip_version=version)
        handlers = [self._service_changed]
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE, handlers=handlers)

    async def _close(self) -> None:
        for task in self._resolving:
            task.cancel()
        await asyncio.gather(*self._resolving, return_exceptions=True)
        browser, zeroconf, self._browser, self._zeroconf = self._browser, self._zeroconf, None, None
        if browser is not None:
            await browser.async_cancel()
        if zeroconf is not None:
            await zeroconf.async_close()

    def _clear(self) -> None:
        """Forgets the stores that were found on another network."""
        if self._stores:
            self._stores.clear()
            self._on_change()

    async def __aenter__(self) -> "StoreBrowser":
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # zeroconf passes these arguments by name.
    def _service_changed(
        self, zeroconf: "Zeroconf", service_type: str, name: str, state_change: "ServiceStateChange"
    ) -> None:
        if state_change.name == "Removed":
            if self._stores.pop(name, None) is not None:
                self._on_change()
            return
        task = asyncio.ensure_future(self._resolve(zeroconf, service_type, name))
        self._resolving.add(task)
        task.add_done_callback(self._resolving.discard)

    async def _resolve(self, zeroconf: "Zeroconf", service_type: str, name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(service_type, name)
        try:
            if not await info.async_request(zeroconf, RESOLVE_MS):
                return
            properties = info.decoded_properties
            addresses = nearest_first(info.parsed_addresses(), own_networks())
        except Exception as error:
            log.warning("a store that was found could not be asked: %s", error)
            return
        if properties.get("wire") != str(WIRE) or not addresses or not info.port:
            return
        nearest, *others = (str(Address(host, info.port)) for host in addresses)
        self._stores[name] = FoundStore(
            name=(properties.get("store") or name)[:200],
            address=nearest,
            others=tuple(others),
            key=properties.get("key") or "",
            servers=_server_addresses(addresses, properties.get("sync") or ""),
        )
        self._on_change()


def _server_addresses(addresses: list[str], port: str) -> tuple[str, ...]:
    """Where devices reach a store that announces this port; empty if it is not a valid port."""
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        return ()
    return tuple(f"{DEVICE_SCHEME}{Address(a, int(port))}" for a in addresses)
