"""What nobody sees in Datasette: what proves who somebody is, and the tables of the server alone."""

import sqlite3

# Columns that read as empty, also in one's own SQL.
SECRETS = {
    "accounts": {"password_hash"},
    "employees": {"pin_hash"},
    "tokens": {"token_hash"},
    "walls": {"token_hash"},
    "ops": {"digest"},
}
# Tables without a page. They are of use to the server alone.
SERVER_TABLES = (
    *("accounts", "tokens", "tries", "walls", "ops", "epochs", "clock_trusted"),
    *("period_summaries", "saved_views", "log_columns", "settings_history", "_sqlite_migrations"),
)


def hide_secrets(db: sqlite3.Connection) -> None:
    """From now on this connection reads every secret as NULL."""
    db.set_authorizer(_authorize)


def _authorize(
    action: int, table: str | None, column: str | None, _database: str | None, _inside: str | None
) -> int:
    if action == sqlite3.SQLITE_READ and column in SECRETS.get(table or "", ()):
        return sqlite3.SQLITE_IGNORE
    return sqlite3.SQLITE_OK
