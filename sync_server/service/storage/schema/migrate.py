"""Creates a new store's file, or brings one that is there up to date."""

import os
import sqlite3
from pathlib import Path

from sqlite_utils import Database

from sync_server.service.storage.connection import connect
from sync_server.service.storage.errors import StoreError, explain
from sync_server.service.storage.store_file import require_store

from .migrations import migrations
from .views import update_views

# Earlier versions left copies of removed data where SQLite moved rows. A file of such a version has a smaller
# user_version; it is rewritten once.
WITHOUT_COPIES = 1


def create_store_file(path: Path) -> None:
    """Makes the file of a new store. Raises OSError where there is one already, or StoreError.

    To be called by `welkom init` alone: a store that is missing is put back, never made anew (18).
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))  # it will hold what shoppers said
    _apply(path)


def migrate(path: Path) -> None:
    """Applies the migrations that the file lacks, then updates its views.

    Raises StoreMissing where there is no store, or StoreError.
    """
    require_store(path)
    _apply(path)


def _apply(path: Path) -> None:
    db = connect(path)
    try:
        steps = Database(db)
        with steps.atomic():  # its table and its index are two statements
            migrations.ensure_migrations_table(steps)
        migrations.apply(steps)
        update_views(db)
        if db.execute("PRAGMA user_version").fetchone()[0] < WITHOUT_COPIES:
            db.execute("VACUUM")
            db.execute(f"PRAGMA user_version={WITHOUT_COPIES}")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {explain(error)}") from error
    finally:
        db.close()
