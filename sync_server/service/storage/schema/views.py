"""Keeps the views of a store as `views.sql` defines them."""

import re
import sqlite3
from pathlib import Path

from sync_server.service.storage.connection import transaction

VIEWS_SQL = Path(__file__).with_name("views.sql")


def view_statements() -> dict[str, str]:
    """The CREATE VIEW statement of each view, by its name."""
    text = re.sub(r"(?m)^--.*\n", "", VIEWS_SQL.read_text("utf-8"))
    statements = [statement.strip() for statement in text.split(";") if statement.strip()]
    return {_name(statement): statement for statement in statements}


def update_views(db: sqlite3.Connection) -> None:
    """Creates every view again whose text in the store is not the present one. Raises sqlite3.Error."""
    in_store = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall())
    changed = {name: sql for name, sql in view_statements().items() if in_store.get(name) != sql}
    if not changed:
        return
    with transaction(db):
        for name, sql in changed.items():
            db.execute(f"DROP VIEW IF EXISTS {name}")
            db.execute(sql)


def _name(statement: str) -> str:
    match = re.match(r"CREATE VIEW (\w+) AS\s", statement)
    if match is None:
        raise ValueError(f"{VIEWS_SQL}: this is no CREATE VIEW statement: {statement[:60]}")
    return match[1]
