"""The tables of the device's database, and the settings that make a tap durable and its text erasable."""

import sqlite3

_TABLES = """
CREATE TABLE IF NOT EXISTS pending (
    position INTEGER PRIMARY KEY, op_id TEXT NOT NULL UNIQUE, submit BLOB NOT NULL, boot TEXT, steady INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS refused (
    op_id TEXT PRIMARY KEY, submit BLOB NOT NULL, refusal BLOB NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS last_rows (
    kind TEXT NOT NULL, id TEXT NOT NULL, row BLOB NOT NULL, PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
"""

_ADDED_COLUMNS = {"boot": "TEXT", "steady": "INTEGER"}  # to `pending`, since 0.1.0


def prepare(db: sqlite3.Connection) -> None:
    """Makes the tables that are missing. Raises sqlite3.Error."""
    # Stops a second Welkom that uses the same file.
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("PRAGMA page_size=1024")  # a tap is small, so a small page makes a small commit
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA secure_delete=ON")
    db.executescript(_TABLES)
    present = {row[1] for row in db.execute("PRAGMA table_info(pending)")}
    for name, kind in _ADDED_COLUMNS.items():
        if name not in present:
            db.execute(f"ALTER TABLE pending ADD COLUMN {name} {kind}")
