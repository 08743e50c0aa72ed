"""What is seen in Datasette. All else is hidden: what proves who somebody is, and the server's own tables."""

import sqlite3

# A new table is hidden until it is named here.
SHOWN = frozenset(
    (
        *("visits", "visit_events", "feedback", "presence_log", "employees", "needs", "devices"),
        *("planned_shifts", "staff_plans", "arrivals", "kiosk_sessions", "opened_pages"),
    )
)
# Columns of tables that are shown. They read as empty, also in one's own SQL.
SECRETS = {"employees": {"pin_hash"}}
_STORE = "visits"  # a database with this table is a store; Datasette has others of its own


def hidden_tables(db: sqlite3.Connection) -> frozenset[str]:
    """The tables of a store without a page. All their columns read as empty."""
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return frozenset(tables - SHOWN) if _STORE in tables else frozenset()


def hide_secrets(db: sqlite3.Connection) -> None:
    """From now on this connection reads every secret, and every hidden table, as NULL."""
    hidden = hidden_tables(db)

    def authorize(
        action: int, table: str | None, column: str | None, _database: str | None, _inside: str | None
    ) -> int:
        if action != sqlite3.SQLITE_READ or table is None:
            return sqlite3.SQLITE_OK
        is_secret = table in hidden or column in SECRETS.get(table, ())
        return sqlite3.SQLITE_IGNORE if is_secret else sqlite3.SQLITE_OK

    db.set_authorizer(authorize)
