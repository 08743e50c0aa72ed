"""Lets devices find the store on its network, by multicast DNS. Never a reason for anything to fail.

New ones choose it by its name; its own ones know it by its key, should it have got another address.
"""

import asyncio
import logging
import re
import socket as sockets
from types import TracebackType
from typing import TYPE_CHECKING

from sync_server.protocol.enrol import SERVICE, WIRE

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

LOOK_AGAIN_S = 10.0  # how soon another address of this computer is noticed

log = logging.getLogger(__name__)


class Announcement:
    """Announces the enrolment port at `address` (host:port) for the length of a block; empty: nothing.

    A port on loopback is announced on loopback only. It takes a second until everybody has heard of
    it; nobody waits for that.
    """

    def __init__(self, store: str, address: str, key: str = "", sync_port: str = "") -> None:
        self._store = store.encode()[:200].decode("utf-8", "ignore")  # what fits into one record
        self._host, _, self._port = address.rpartition(":")
        self._told = {"store": self._store, "wire": str(WIRE), "key": key, "sync": sync_port}
        self._zeroconf: AsyncZeroconf | None = None
        self._announcing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Announcement":
        if self._host:
            self._announcing = asyncio.ensure_future(self._announce())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._announcing is not None:
            self._announcing.cancel()
            await asyncio.gather(self._announcing, return_exceptions=True)
        await self._take_back()

    async def _announce(self) -> None:
        """Until it succeeds, for a network may come later; and again whenever the address is another."""
        everywhere = self._host in ("0.0.0.0", "::")
        said: list[str] = []
        told = False
        while everywhere or not said:
            try:
                addresses = own_addresses() if everywhere else [self._host]
                if addresses and addresses != said:
                    said = []
                    await self._take_back()
                    await self._say(addresses, everywhere)
                    said, told = addresses, False
            except Exception as error:
                if not told:
                    told = True
                    log.warning(
                        "new devices cannot find the store by themselves yet (%s); type its address there",
                        error,
                    )
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _take_back(self) -> None:
        if self._zeroconf is not None:
            zeroconf, self._zeroconf = self._zeroconf, None
            await zeroconf.async_close()

    async def _say(self, addresses: list[str], everywhere: bool) -> None:
        # Here, so that a library that cannot be loaded is no reason not to open the shop either.
        from zeroconf import IPVersion, ServiceInfo
        from zeroconf.asyncio import AsyncZeroconf

        self._zeroconf = (
            AsyncZeroconf(ip_version=IPVersion.V4Only)
            if everywhere
            else AsyncZeroconf(interfaces=[self._host])
        )
        info = ServiceInfo(
            SERVICE,
            f"{_label(self._store)}.{SERVICE}",
            port=int(self._port),
            properties=self._told,
            server=f"{_label(sockets.gethostname())}-{self._port}.local.",
            parsed_addresses=addresses,
        )
        await self._zeroconf.async_register_service(info, allow_name_change=True)


def own_addresses() -> list[str]:
    """The addresses of this computer that others can reach, IPv4."""
    import ifaddr

    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return [ip for ip in found if not ip.startswith("127.")] or found


def _label(name: str) -> str:
    """A name as one label of DNS: no dots, at most 63 bytes."""
    plain = re.sub(r"[^\w &'-]+", " ", name).strip() or "Welkom"
    return plain.encode()[:60].decode("utf-8", "ignore").strip()
