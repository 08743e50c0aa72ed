"""Overwrites what was removed from the store, and says what is not overwritten yet.

What is removed from `store.db` stays in its files, above all in the write-ahead log, until that log has been
emptied. SQLite cannot empty it while some program reads an older state of the store.
"""

import logging
from collections.abc import Awaitable, Callable

RETRY_S = 2.0
LASTS = 5  # tries in a row that failed: it is no page that reads for a moment

log = logging.getLogger(__name__)


class Overwriting:
    """`empty_log()` empties the write-ahead log; False where some program prevents it."""

    def __init__(self, empty_log: Callable[[], Awaitable[bool]]) -> None:
        self.pending = False  # whether something that was removed is still in the store's files
        self._empty_log = empty_log
        self._failures = 0
        self._visits = 0  # whose words were removed and are not overwritten yet

    async def overwrite(self, visits: int = 0) -> bool:
        """Tries it once; whether it is done. `visits` are those whose words have been removed just now.

        Raises sqlite3.Error, then everything stays pending.
        """
        self._visits += visits
        self.pending = True
        if not await self._empty_log():
            self._failures += 1
            if self._failures == LASTS:
                log.warning(
                    "words that were removed are still in the store's files, because some program reads the"
                    " store; it is tried again until they are overwritten. Close SQL tools"
                )
            return False
        if self._failures >= LASTS:
            log.warning("the words that were removed are overwritten now")
        self._failures, self.pending = 0, False
        if self._visits:
            log.info("words about the shoppers of %d visits were removed", self._visits)
        self._visits = 0
        return True

    async def retry(self) -> None:
        """Tries it again if something is pending. To be called every RETRY_S."""
        if self.pending:
            await self.overwrite()
