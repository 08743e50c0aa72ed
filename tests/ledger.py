"""Writes what happened on a floor into a real `store.db`, as the server does it."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from sync_server.domain.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor import Floor
from sync_server.service import tables
from sync_server.service.store import transaction
from sync_server.service.tables import PresenceLog


def write(db: sqlite3.Connection, catalogue: Catalogue, records: Iterable[Record]) -> Floor:
    """All tables of these records, one after the other; the floor they lead to."""
    floor = Floor(catalogue)
    presence = PresenceLog(floor)
    with transaction(db):
        for record in records:
            floor.apply(record)
            db.execute(tables.INSERT_EVENT, tables.event_row(record))
            if record.visit_id is not None:
                db.execute(tables.UPSERT_VISIT, tables.visit_row(floor.visits[record.visit_id]))
            db.executemany(tables.INSERT_PRESENCE, presence.rows(floor, [record]))
            if (row := tables.feedback_row(record)) is not None:
                db.execute(tables.INSERT_FEEDBACK, row)
    return floor


def rows(db: sqlite3.Connection, sql: str, *values: Any) -> list[dict[str, Any]]:
    found = db.execute(sql, values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]
