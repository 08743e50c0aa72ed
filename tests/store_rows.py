"""Makes a `store.db`, writes records into it as the server does, and queries it."""

import functools
import sqlite3
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor.floor import Floor
from sync_server.service.storage import mapping
from sync_server.service.storage.connection import transaction
from sync_server.service.storage.mapping import PresenceLog
from sync_server.service.storage.schema.migrate import create_store_file


def empty_store_file(path: Path) -> None:
    """What `create_store_file` makes: a copy, because all migrations together take a while."""
    path.touch(0o600, exist_ok=False)
    path.write_bytes(_empty_store())


@functools.cache
def _empty_store() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "store.db")
        create_store_file(path)
        return path.read_bytes()


def write_records(db: sqlite3.Connection, catalogue: Catalogue, records: Iterable[Record]) -> Floor:
    """Writes these records one after another into all tables. Returns the floor after them."""
    floor = Floor(catalogue)
    presence = PresenceLog(floor)
    with transaction(db):
        for record in records:
            floor.apply(record)
            db.execute(mapping.INSERT_EVENT, mapping.event_row(record))
            if record.visit_id is not None:
                db.execute(mapping.UPSERT_VISIT, mapping.visit_row(floor.visits[record.visit_id]))
            db.executemany(mapping.INSERT_PRESENCE, presence.rows(floor, [record]))
            if (row := mapping.feedback_row(record)) is not None:
                db.execute(mapping.INSERT_FEEDBACK, row)
    return floor


def query(db: sqlite3.Connection, sql: str, *values: Any) -> list[dict[str, Any]]:
    """The rows, by column name."""
    found = db.execute(sql, values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]
