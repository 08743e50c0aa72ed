"""Reads the view `visit_log`: its lines, filtered, page by page."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

# Only visits whose words are not deleted yet have some: those of a day or so, which an index knows.
HAS_WORDS = (
    "visit_id IN (SELECT visit_id FROM visits JOIN visit_events USING (visit_id)"
    " WHERE (described OR linked) AND described"
    " AND event IN ('noted', 'handed_over', 'completed', 'corrected', 'rated')"
    " AND (json_extract(body, '$.note') LIKE :search ESCAPE '!'"
    "  OR json_extract(body, '$.comment') LIKE :search ESCAPE '!'))"
)
NEWEST_FIRST = "day DESC, created_at DESC, rowid DESC"  # as the indexes have them: nothing is sorted


class Condition(Struct, frozen=True):
    """One more SQL condition over the table `visits`, with its named values."""

    sql: str
    values: Mapping[str, float]


class LogFilter(Struct, frozen=True):
    """Which lines of the visit log. Days are the store's local dates, both included; None means any."""

    from_day: str | None = None
    to_day: str | None = None
    need: str | None = None
    employee: str | None = None
    state: str | None = None
    resolution: str | None = None
    search: str | None = None
    also: Condition | None = None

    def where(self) -> tuple[str, dict[str, Any]]:
        """The SQL condition over the table `visits`, and its values by name."""
        conditions: list[str] = ["1"]
        values: dict[str, Any] = {}
        for name, condition in (
            ("from_day", "day >= :from_day"),
            ("to_day", "day <= :to_day"),
            ("need", "need = :need"),
            ("employee", "employee = :employee"),
            ("state", "state = :state"),
            ("resolution", "resolution = :resolution"),
        ):
            if value := getattr(self, name):
                conditions.append(condition)
                values[name] = value
        if self.search:
            conditions.append(f"(ticket LIKE :search ESCAPE '!' OR {HAS_WORDS})")
            pattern = self.search.replace("!", "!!").replace("%", "!%").replace("_", "!_")
            values["search"] = f"%{pattern}%"
        if self.also is not None:
            conditions.append(self.also.sql)
            values |= self.also.values
        return " AND ".join(conditions), values


def visit_log(
    db: sqlite3.Connection, log_filter: LogFilter, limit: int = 100, offset: int = 0
) -> list[dict[str, Any]]:
    """Lines of the visit log by column name, the newest first."""
    # From the table, and only this page from the view: that computes every column, and its times are texts.
    where, values = log_filter.where()
    page = f"SELECT visit_id FROM visits WHERE {where} ORDER BY {NEWEST_FIRST} LIMIT :limit OFFSET :offset"
    visit_ids = [row[0] for row in db.execute(page, {**values, "limit": limit, "offset": offset})]
    names = columns(db)
    lines = (db.execute("SELECT * FROM visit_log WHERE visit_id = ?", (v,)).fetchone() for v in visit_ids)
    return [dict(zip(names, line, strict=True)) for line in lines if line is not None]


def columns(db: sqlite3.Connection) -> list[str]:
    """The names of the columns."""
    return [column[0] for column in db.execute("SELECT * FROM visit_log LIMIT 0").description]


def days(db: sqlite3.Connection, log_filter: LogFilter) -> list[str]:
    """The days that have visits, the first one first, within those of the filter."""
    found: list[str] = []
    first, last = log_filter.from_day or "", log_filter.to_day or "~"
    # From each day straight to the next one in the index, however many visits a day has.
    after = "SELECT min(day) FROM visits WHERE day >= ? AND day <= ?"
    while (day := db.execute(after, (first, last)).fetchone()[0]) is not None:
        found.append(day)
        first, after = day, "SELECT min(day) FROM visits WHERE day > ? AND day <= ?"
    return found


def lines_of_day(db: sqlite3.Connection, log_filter: LogFilter, day: str) -> sqlite3.Cursor:
    """Lines of one day, the oldest first."""
    where, values = log_filter.where()
    # Conditions are over the table: in the view its times are texts.
    of_day = f"SELECT visit_id FROM visits WHERE day = :day AND {where}"
    return db.execute(
        f"SELECT * FROM visit_log WHERE visit_id IN ({of_day}) ORDER BY created_at, visit_id",
        {**values, "day": day},
    )


def visit(db: sqlite3.Connection, visit_id: str) -> dict[str, Any] | None:
    """The line of one visit by column name; None where there is none."""
    rows = db.execute("SELECT * FROM visit_log WHERE visit_id = ?", (visit_id,))
    names = [column[0] for column in rows.description]
    row = rows.fetchone()
    return dict(zip(names, row, strict=True)) if row else None


def count_visits(db: sqlite3.Connection, log_filter: LogFilter) -> int:
    """How many lines there are."""
    where, values = log_filter.where()
    return int(db.execute(f"SELECT count(*) FROM visits WHERE {where}", values).fetchone()[0])
