"""When each device was last seen. It is written once a minute, not with each message."""

import logging
import sqlite3

from sync_server.service.auth.devices import write_last_seen
from sync_server.service.storage.writer import StoreWriter

WRITE_EVERY_S = 60.0

log = logging.getLogger(__name__)


class LastSeen:
    """`times` holds the times (ms UTC) that are not written yet, by device."""

    def __init__(self) -> None:
        self.times: dict[str, int] = {}

    async def write(self, writer: StoreWriter) -> None:
        """Writes the times. Where that fails they are kept for the next call.

        Raises errors that are not of the disk.
        """
        seen, self.times = self.times, {}
        if not seen:
            return
        try:
            await writer.call(lambda db: write_last_seen(db, seen))
        except Exception as error:
            self.times = {**seen, **self.times}
            if not isinstance(error, sqlite3.Error):
                raise
            log.warning("when devices were last seen could not be written down: %s", error)
