"""Announces the store on its network by multicast DNS. Whatever goes wrong with it stops nothing else.

New devices choose the store by its name. Its own devices recognise it by its key, should it get
another address.
"""

import asyncio
import logging
import re
import socket as sockets
from types import TracebackType
from typing import TYPE_CHECKING

from sync_server.addresses import Address, parse_listen_address
from sync_server.network_addresses import is_loopback, own_addresses
from sync_server.protocol.enrol import SERVICE, WIRE
from sync_server.service.retry import log_once, retry_forever

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

LOOK_EVERY_S = 10.0  # how soon another address of this computer is noticed

log = logging.getLogger(__name__)


class MdnsAnnouncement:
    """Announces the enrolment port at `address` (host:port) for the length of a block; empty: nothing.

    A port on loopback is announced on loopback only. It takes a second until all devices have received
    it; nobody waits for that.
    """

    def __init__(self, store: str, address: str, key: str = "", sync_port: str = "") -> None:
        self._store = store.encode()[:200].decode("utf-8", "ignore")  # what fits into one record
        self._listens: Address | None = parse_listen_address(address) if address else None
        self._properties = {"store": self._store, "wire": str(WIRE), "key": key, "sync": sync_port}
        self._zeroconf: AsyncZeroconf | None = None
        self._announced: list[str] = []  # addresses
        self._announcing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "MdnsAnnouncement":
        if self._listens is not None:
            text = "new devices cannot find the store by themselves yet (%s); type its address there"
            # Until it succeeds, because a network may come later; and again whenever the address changes.
            again = retry_forever(self._announce, lambda _failures: LOOK_EVERY_S, log_once(log, text))
            self._announcing = asyncio.ensure_future(again)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._announcing is not None:
            self._announcing.cancel()
            await asyncio.gather(self._announcing, return_exceptions=True)
        await self._withdraw()

    async def _announce(self) -> None:
        """Announces the addresses of this computer if they are not those announced already."""
        assert self._listens is not None
        host = self._listens.host
        addresses = reachable_addresses(self._listens.is_ipv6) if self._listens.is_everywhere else [host]
        if addresses and addresses != self._announced:
            self._announced = []
            await self._withdraw()
            await self._register(addresses, self._listens)
            self._announced = addresses

    async def _withdraw(self) -> None:
        if self._zeroconf is not None:
            zeroconf, self._zeroconf = self._zeroconf, None
            await zeroconf.async_close()

    async def _register(self, addresses: list[str], listens: Address) -> None:
        # Imported here, so that a library that cannot be loaded does not keep the server from starting.
        from zeroconf import IPVersion, ServiceInfo
        from zeroconf.asyncio import AsyncZeroconf

        version = IPVersion.All if any(":" in address for address in addresses) else IPVersion.V4Only
        self._zeroconf = (
            AsyncZeroconf(ip_version=version)
            if listens.is_everywhere and version is IPVersion.V4Only  # with IPv6 it would try loopback too
            else AsyncZeroconf(interfaces=addresses, ip_version=version)
        )
        info = ServiceInfo(
            SERVICE,
            f"{_label(self._store)}.{SERVICE}",
            port=listens.port,
            properties=self._properties,
            server=f"{_label(sockets.gethostname())}-{listens.port}.local.",
            parsed_addresses=addresses,
        )
        await self._zeroconf.async_register_service(info, allow_name_change=True)


def reachable_addresses(ipv6: bool = False) -> list[str]:
    """The addresses at which others reach this computer; loopback where there are no others."""
    found = own_addresses(ipv6)
    return [ip for ip in found if not is_loopback(ip)] or found


def _label(name: str) -> str:
    """A name as one label of DNS: no dots, at most 63 bytes."""
    plain = re.sub(r"[^\w &'-]+", " ", name).strip() or "Welkom"
    return plain.encode()[:60].decode("utf-8", "ignore").strip()
