"""Applies retention to a running server, every ten minutes."""

import logging
import sqlite3

from sync_server.service.audit.audit_log import remove_old
from sync_server.service.storage.errors import explain

from .processor import OpProcessor

EVERY_S = 600.0

log = logging.getLogger(__name__)


async def run_retention(processor: OpProcessor) -> None:
    """Removes what is due. What cannot be removed now is logged, and removed later."""
    try:
        await processor.apply_retention()
        await processor.writer.call(lambda db: remove_old(db, processor.clock()))
    except sqlite3.Error as error:  # a full disk, as a rule: the next round does it
        log.warning("what is due could not be removed and is tried again: %s", explain(error))
