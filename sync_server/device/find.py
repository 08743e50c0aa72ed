"""The stores that let themselves be found on this network, by multicast DNS.

async with Finder(show) as finder:       # show() is called whenever finder.stores has changed
    ...
"""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from msgspec import Struct

from sync_server.protocol.enrol import SERVICE, WIRE

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

ASK_MS = 3000
LOOK_AGAIN_S = 5.0  # how soon a network that came is looked on: Wi-Fi may be slower to start than we are

log = logging.getLogger(__name__)


class Found(Struct, frozen=True, order=True):
    """A store that can be paired with. `address` (host:port) is what `Pairing.begin` takes.

    `key` is its public key, as it says itself, and `servers` where its own devices may reach it;
    neither is known of a store of before.
    """

    name: str
    address: str
    key: str = ""
    servers: tuple[str, ...] = ()


class Finder:
    """Looks for stores from `start` to `stop`, on the running loop; `on_change()` is called in it.

    Where there is no network, none is found, and nothing is raised: the address can be typed. A network
    that comes later, or another one, is looked on as well, within LOOK_AGAIN_S.
    `interfaces` are addresses of this computer to look on; by default all.
    """

    def __init__(self, on_change: Callable[[], None], interfaces: list[str] | None = None) -> None:
        self._on_change = on_change
        self._interfaces = interfaces
        self._stores: dict[str, Found] = {}
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._asking: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    @property
    def stores(self) -> list[Found]:
        """Those found so far, by name."""
        return sorted(set(self._stores.values()))

    def start(self) -> None:
        self._looking = asyncio.ensure_future(self._look())

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await self._end()

    async def _look(self) -> None:
        """Anew whenever this computer has other addresses: nobody is asked twice on the same network."""
        looked_on: set[str] | None = None
        told = False
        while True:
            try:
                if (network := own_addresses()) != looked_on:
                    looked_on = None
                    await self._end()
                    self._forget()
                    self._begin()
                    looked_on, told = network, False
            except Exception as error:
                if not told:
                    told = True
                    log.warning("stores cannot be looked for yet: %s", error)
            await asyncio.sleep(LOOK_AGAIN_S)

    def _begin(self) -> None:
        # Here, so that a library that cannot be loaded leaves the address to be typed.
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        if self._interfaces:
            self._zeroconf = AsyncZeroconf(interfaces=self._interfaces)
        else:
            self._zeroconf = AsyncZeroconf()
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE, handlers=[self._heard])

    async def _end(self) -> None:
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        browser, zeroconf, self._browser, self._zeroconf = self._browser, self._zeroconf, None, None
        if browser is not None:
            await browser.async_cancel()
        if zeroconf is not None:
            await zeroconf.async_close()

    def _forget(self) -> None:
        """What was found on another network says nothing of this one."""
        if self._stores:
            self._stores.clear()
            self._on_change()

    async def __aenter__(self) -> "Finder":
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # zeroconf names these arguments when it calls.
    def _heard(
        self, zeroconf: "Zeroconf", service_type: str, name: str, state_change: "ServiceStateChange"
    ) -> None:
        if state_change.name == "Removed":
            if self._stores.pop(name, None) is not None:
                self._on_change()
            return
        task = asyncio.ensure_future(self._ask(zeroconf, service_type, name))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, zeroconf: "Zeroconf", service_type: str, name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(service_type, name)
        try:
            if not await info.async_request(zeroconf, ASK_MS):
                return
            told = info.decoded_properties
            addresses = info.parsed_addresses()
        except Exception as error:
            log.warning("a store that was found could not be asked: %s", error)
            return
        if told.get("wire") != str(WIRE) or not addresses or not info.port:
            return
        # An IPv4 address first: it is what people compare with, and needs no interface beside it.
        address = next((a for a in addresses if ":" not in a), f"[{addresses[0]}]")
        servers = _servers(addresses, told.get("sync") or "")
        found = Found(
            (told.get("store") or name)[:200], f"{address}:{info.port}", told.get("key") or "", servers
        )
        self._stores[name] = found
        self._on_change()


def own_addresses() -> set[str]:
    """The IPv4 addresses of this computer."""
    import ifaddr

    return {str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4}


def _servers(addresses: list[str], port: str) -> tuple[str, ...]:
    """Where devices reach a store that says so; nothing for a port that is none, whoever says it."""
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        return ()
    return tuple(f"tcp://{f'[{a}]' if ':' in a else a}:{int(port)}" for a in addresses)
