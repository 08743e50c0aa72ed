"""The tables that other programs use through the HTTP API. See `migrations.py`."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations


def register(migrations: Migrations) -> None:
    """Adds the steps that make and change these tables."""

    @migrations()
    def scopes_of_tokens(db: Database) -> None:
        """What each program may do. Those of before go on as they could: open visits, read the metrics."""
        db.execute("ALTER TABLE tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT 'visits:open figures:read'")
        db.table("tokens").add_column("used_at", int)

    @migrations()
    def arrivals(db: Database) -> None:
        """People who came through a door, by quarter of an hour, and which reports were counted."""
        db.table("arrivals").create(
            {"quarter": int, "door": str, "people": int},
            pk=("quarter", "door"),
            not_null={"quarter", "door", "people"},
            strict=True,
        )
        db.table("arrival_reports").create(
            {"report": str, "digest": str, "at": int},
            pk="report",
            not_null={"digest", "at"},
            strict=True,
        )
        db.table("arrival_reports").create_index(["at"])
