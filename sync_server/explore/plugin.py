"""Our plugin of Datasette: a module with a function for each of its hooks."""

import sqlite3

from datasette import hookimpl

from .hidden import hide_secrets


@hookimpl  # type: ignore[untyped-decorator]
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Called for each connection to the store."""
    hide_secrets(conn)
