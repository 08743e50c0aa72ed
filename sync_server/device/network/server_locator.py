"""Decides which address of the server to try: the last that worked, one of the file, or one that was found.

Of those in the device file the nearest is first.

An address that was found on the network is only tried. Whether it is the right store is decided by
the handshake: a server without the store's key cannot complete it, whatever it announces.
"""

import asyncio
from collections.abc import Callable

from sync_server.addresses import DEVICE_SCHEME
from sync_server.network_addresses import nearest_addresses_first, own_networks
from sync_server.protocol.device_file import DeviceFile

from .discovery import StoreBrowser

SEARCH_AFTER_MS = 30_000  # after this long without the server, it may have a new address

BrowserFactory = Callable[[Callable[[], None]], StoreBrowser]


class ServerLocator:
    """`address` is the one that is being tried, or that was reached. Times are a steady clock's, ms.

    The first one is that of the device's `file`. Without a `find` nothing is searched for.
    """

    def __init__(self, file: DeviceFile, find: BrowserFactory | None, now: int) -> None:
        self._in_file = (file.server, *file.others)
        self._last_good = None if file.others else file.server
        self.address = file.server
        self._key = file.server_key
        self._find = find
        self._browser: StoreBrowser | None = None
        self._search_task: asyncio.Task[None] | None = None
        self._contact_at = now
        self._tries = 0

    def next(self, now: int) -> str:
        """The address to try now. Every second one is of the file or was reached, whatever is announced."""
        if self._find is not None and self._search_task is None and now - self._contact_at >= SEARCH_AFTER_MS:
            self._search_task = asyncio.ensure_future(self._search(self._find))
        sure, others = self._sure_addresses(), self._other_addresses()
        pool = others if others and self._tries % 2 else sure
        self.address = pool[(self._tries // 2 if others else self._tries) % len(pool)]
        self._tries += 1
        return self.address

    def reached(self, now: int) -> None:
        """The server has sent something from `address`."""
        self._last_good, self._contact_at = self.address, now
        self.stop()

    def stop(self) -> None:
        """Ends the search."""
        if self._search_task is not None:
            self._search_task.cancel()
        self._search_task = self._browser = None

    def _sure_addresses(self) -> list[str]:
        """The one that was reached last. Before that those of the device's file, the nearest first."""
        if self._last_good is not None:
            return [self._last_good]
        plain = [server.removeprefix(DEVICE_SCHEME) for server in self._in_file]
        return [f"{DEVICE_SCHEME}{server}" for server in nearest_addresses_first(plain, own_networks())]

    def _other_addresses(self) -> list[str]:
        """Those that were found, the nearest first, and those of the device's file."""
        stores = self._browser.stores if self._browser is not None else []
        found = [server for store in stores if store.key == self._key for server in store.servers]
        # A file with one address has the one that the server has moved from.
        known = self._in_file if self._last_good is not None and len(self._in_file) > 1 else ()
        return [server for server in dict.fromkeys((*found, *known)) if server != self._last_good]

    async def _search(self, find: BrowserFactory) -> None:
        async with find(lambda: None) as self._browser:
            await asyncio.Event().wait()
