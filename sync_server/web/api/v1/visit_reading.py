"""Reads visits for the API: from the floor, or from the log where they ended long ago."""

import asyncio
import sqlite3

from sync_server.domain.floor.offline_ops import rebuild_visit
from sync_server.domain.visit.visit import Visit
from sync_server.service.server import Server
from sync_server.service.storage import event_log
from sync_server.service.storage.connection import reading


async def read_visit_of(server: Server, visit_id: str) -> Visit | None:
    """The visit as it is; None if there is none."""
    found = server.processor.floor.visits.get(visit_id)
    return found or await asyncio.to_thread(_read_visit, server, visit_id)


def visit_in_log(db: sqlite3.Connection, visit_id: str) -> Visit | None:
    """The visit as the log has it; None if there is none."""
    return rebuild_visit(event_log.records_of(db, visit_id))


def _read_visit(server: Server, visit_id: str) -> Visit | None:
    with reading(server.data_dir.store) as db:
        return visit_in_log(db, visit_id)
