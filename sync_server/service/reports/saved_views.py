"""What people keep of the visit log: filters by name, for themselves or for everybody, and their columns."""

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

MAX_VIEWS = 50  # of one account, and shared ones
MAX_NAME = 40  # characters


class SavedView(Struct, frozen=True):
    """A filter with a name. `query` is the page's query string.

    `account` is whose it is, None for everybody's.
    """

    n: int
    name: str
    query: str
    account: str | None
    made_by: str

    @property
    def is_shared(self) -> bool:
        return self.account is None


class TooManyViews(Exception):
    """There are MAX_VIEWS already."""


def views_for(db: sqlite3.Connection, account: str) -> list[SavedView]:
    """The shared views and those of this account, by name."""
    rows = db.execute(
        "SELECT n, name, query, account, made_by FROM saved_views"
        " WHERE account IS NULL OR account = ? ORDER BY name COLLATE NOCASE, n",
        (account,),
    )
    return [SavedView(*row) for row in rows]


def save_view(
    db: sqlite3.Connection, name: str, query: str, account: str | None, made_by: str, now: int
) -> None:
    """Keeps a view; one of the same name and owner is replaced. `now` in ms UTC. Raises TooManyViews."""
    db.execute("DELETE FROM saved_views WHERE name = ? AND account IS ?", (name, account))
    (count,) = db.execute("SELECT count(*) FROM saved_views WHERE account IS ?", (account,)).fetchone()
    if count >= MAX_VIEWS:
        raise TooManyViews
    db.execute(
        "INSERT INTO saved_views (account, name, query, made_by, made_at) VALUES (?,?,?,?,?)",
        (account, name, query, made_by, now),
    )


def remove_view(db: sqlite3.Connection, n: int, account: str, may_remove_shared: bool) -> None:
    """Removes a view of this account, or a shared one. One that is not there any more is no mistake."""
    db.execute(
        "DELETE FROM saved_views WHERE n = ? AND (account = ? OR (account IS NULL AND ?))",
        (n, account, may_remove_shared),
    )


def columns_of(db: sqlite3.Connection, account: str) -> list[str] | None:
    """The columns that this account wants to see; None if it has never chosen."""
    row = db.execute("SELECT columns FROM log_columns WHERE account = ?", (account,)).fetchone()
    return row[0].split() if row else None


def keep_columns(db: sqlite3.Connection, account: str, columns: Sequence[str]) -> None:
    """Keeps the columns that this account wants to see."""
    db.execute("INSERT OR REPLACE INTO log_columns VALUES (?, ?)", (account, " ".join(columns)))
