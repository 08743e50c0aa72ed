"""Where the store's server is: where it was last, or wherever a store with its key says that it is.

An address that was found is only ever tried. The store's key decides, in the handshake: whoever has
not got it cannot be talked to, whatever they announce.
"""

import asyncio
from collections.abc import Callable

from .find import Finder

LOOK_AFTER_MS = 30_000  # without the server for so long, it may have got another address

Find = Callable[[Callable[[], None]], Finder]


class Whereabouts:
    """Times in ms by a clock that never jumps. `at` is the address that is being tried, or was reached.

    Without `find` nothing is ever looked for.
    """

    def __init__(self, server: str, key: str, find: Find | None, now: int) -> None:
        self.at = server
        self._known = server
        self._key = key
        self._find = find
        self._finder: Finder | None = None
        self._looking: asyncio.Task[None] | None = None
        self._spoke_at = now
        self._tries = 0

    def next(self, now: int) -> str:
        """The address to try now: the one it was at, and between two tries of it another that was found."""
        if self._find is not None and self._looking is None and now - self._spoke_at >= LOOK_AFTER_MS:
            self._looking = asyncio.ensure_future(self._look(self._find))
        found = self._found()
        self._tries += 1
        self.at = found[self._tries // 2 % len(found)] if found and self._tries % 2 else self._known
        return self.at

    def reached(self, now: int) -> None:
        """The server spoke, at `at`."""
        self._known, self._spoke_at = self.at, now
        self.stop()

    def stop(self) -> None:
        """Looks no more."""
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._finder = None

    def _found(self) -> list[str]:
        stores = self._finder.stores if self._finder is not None else []
        servers = [server for store in stores if store.key == self._key for server in store.servers]
        return [server for server in servers if server != self._known]

    async def _look(self, find: Find) -> None:
        async with find(lambda: None) as self._finder:
            await asyncio.Event().wait()
