"""Reads the view `visit_log`: its lines, filtered, page by page."""

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from sync_server.domain.visit.visit import ENDED

from .words_search import visits_with_words

NEWEST_FIRST = "day DESC, created_at DESC, rowid DESC"  # as the indexes have them: nothing is sorted
_TICKET = re.compile(r"([A-Za-z]{1,2})-?([1-9][0-9]{0,3})")
_WAIT = "CASE WHEN NOT (source = 'staff' AND created_at IS serving_at)"

# From each day straight to the one before in the index, however many visits a day has. Sunday is '0'.
_ON_WEEKDAY = (
    "day IN (WITH RECURSIVE d(day) AS (SELECT max(day) FROM visits"
    " UNION ALL SELECT (SELECT max(day) FROM visits WHERE day < d.day) FROM d WHERE d.day IS NOT NULL)"
    " SELECT day FROM d WHERE strftime('%w', day) = :weekday)"
)

# By which columns the lines can be ordered, besides the time of arrival: an expression over the table.
SORTS = {
    "ticket": "ticket",
    "need": "need",
    "wait_s": f"{_WAIT} THEN coalesce(serving_at, ended_at) - created_at END",
    "employee": "employee",
    "service_s": f"{_WAIT} THEN CASE WHEN NOT left_open THEN ended_at - serving_at - held_ms END"
    " ELSE said_service_s * 1000 END",
    "visit_s": f"{_WAIT} THEN CASE WHEN NOT left_open THEN ended_at - created_at END END",
    "resolution": "coalesce(resolution, state)",
    "ces": "ces",
    "offers": "offers",
    "handovers": "handovers",
    "goodwill_cents": "nullif(goodwill_cents, 0)",
    "party_size": "party_size",
    "source": "source",
    "language": "language",
}
ARRIVAL = "created_at"


class Sort(Struct, frozen=True):
    """The order of the lines: by a column of SORTS, or by arrival. What is empty comes last."""

    column: str = ARRIVAL
    descending: bool = True

    def order_by(self) -> str:
        """The SQL of it."""
        direction = "DESC" if self.descending else "ASC"
        if self.column == ARRIVAL:
            return NEWEST_FIRST if self.descending else NEWEST_FIRST.replace("DESC", "ASC")
        value = SORTS[self.column]
        return f"({value}) IS NULL, {value} {direction}, {NEWEST_FIRST}"


NEWEST = Sort()


class Beside(Struct, frozen=True):
    """Where a page of the log begins: right after this visit in the order of the lines, or before it."""

    visit_id: str
    is_after: bool = True


class Condition(Struct, frozen=True):
    """One more SQL condition over the table `visits`, with its named values."""

    sql: str
    values: Mapping[str, float | str]


class LogFilter(Struct, frozen=True):
    """Which lines of the visit log. Days are the store's local dates, both included; None means any.

    `weekday` 0 is Monday.
    """

    from_day: str | None = None
    to_day: str | None = None
    need: str | None = None
    employee: str | None = None
    state: str | None = None
    resolution: str | None = None
    search: str | None = None
    weekday: int | None = None
    also: tuple[Condition, ...] = ()

    def where(self, db: sqlite3.Connection) -> tuple[str, dict[str, Any]]:
        """The SQL condition over the table `visits`, and its values by name. Looks for the words in `db`."""
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
        if self.state:
            # Says it to SQLite as its indexes have it.
            conditions.append("ended_at IS NOT NULL" if self.state in ENDED else "ended_at IS NULL")
        if self.weekday is not None:
            conditions.append(_ON_WEEKDAY)
            values["weekday"] = str((self.weekday + 1) % 7)
        if self.search:
            condition, found = self._searched(db, self.search)
            conditions.append(condition)
            values |= found
        for also in self.also:
            conditions.append(also.sql)
            values |= also.values
        return " AND ".join(conditions), values

    @staticmethod
    def _searched(db: sqlite3.Connection, search: str) -> tuple[str, dict[str, Any]]:
        ticket, with_words = _as_ticket(search), visits_with_words(db, search)
        if not with_words:
            return "ticket = :ticket", {"ticket": ticket}  # in the order of the index
        # A list of ids first, whatever the rest: neither words nor tickets are looked for row by row.
        found = msgspec.json.encode(with_words).decode()
        condition = (
            "visit_id IN (SELECT visit_id FROM visits WHERE ticket = :ticket"
            " UNION SELECT value FROM json_each(:found))"
        )
        return condition, {"ticket": ticket, "found": found}


def visit_log(
    db: sqlite3.Connection, log_filter: LogFilter, limit: int = 100, offset: int = 0, sort: Sort = NEWEST
) -> list[dict[str, Any]]:
    """Lines of the visit log by column name, the newest first unless `sort` says otherwise."""
    where, values = log_filter.where(db)
    return _lines(db, where, sort.order_by(), {**values, "limit": limit, "offset": offset})


def lines_beside(
    db: sqlite3.Connection, log_filter: LogFilter, beside: Beside, limit: int, sort: Sort = NEWEST
) -> list[dict[str, Any]] | None:
    """The same, those next to a visit; None where there is no such visit.

    For an order by arrival: the index leads to the place, however far from the first line it is, and new
    visits move nothing.
    """
    place = db.execute(
        "SELECT day, created_at, rowid FROM visits WHERE visit_id = ?", (beside.visit_id,)
    ).fetchone()
    if place is None:
        return None
    where, values = log_filter.where(db)
    goes_back = sort.descending == beside.is_after  # in time
    here = f"(day, created_at, rowid) {'<' if goes_back else '>'} (:at_day, :at, :at_row)"
    values |= dict(zip(("at_day", "at", "at_row"), place, strict=True), limit=limit, offset=0)
    lines = _lines(db, f"{where} AND {here}", Sort(descending=goes_back).order_by(), values)
    return lines if beside.is_after else lines[::-1]


def _lines(db: sqlite3.Connection, where: str, order_by: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    # From the table, and only this page from the view: that computes every column, and its times are texts.
    page = f"SELECT visit_id FROM visits WHERE {where} ORDER BY {order_by} LIMIT :limit OFFSET :offset"
    visit_ids = [row[0] for row in db.execute(page, values)]
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
    where, values = log_filter.where(db)
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


def count_visits(db: sqlite3.Connection, log_filter: LogFilter, at_most: int = -1) -> int:
    """How many lines there are. It stops counting at `at_most`; -1 for never."""
    where, values = log_filter.where(db)
    counted = f"SELECT count(*) FROM (SELECT 1 FROM visits WHERE {where} LIMIT :at_most)"
    return int(db.execute(counted, {**values, "at_most": at_most}).fetchone()[0])


def _as_ticket(text: str) -> str | None:
    """The ticket that was typed, as it is stored: `a42` is `A-42`. None for anything else."""
    match = _TICKET.fullmatch(text.strip())
    return f"{match[1].upper()}-{match[2]}" if match else None
