"""Reads and writes the store for the pages of this room."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request

from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of

T = TypeVar("T")

log = logging.getLogger(__name__)


async def read_store(request: Request, work: Callable[[sqlite3.Connection], T]) -> T:
    """What `work` finds in the store. Raises StoreError."""

    def read() -> T:
        with reading(server_of(request).data_dir.store) as db:
            return work(db)

    return await asyncio.to_thread(read)


async def write_store(request: Request, work: Callable[[sqlite3.Connection], Any]) -> Any:
    """Does `work` in a transaction. Raises what it raises, and 503 if the store cannot be written."""
    try:
        return await server_of(request).processor.writer.call(work)
    except sqlite3.Error as error:
        log.error("a change of what connects the shop with others could not be saved: %s", error)
        raise HTTPException(503) from error
