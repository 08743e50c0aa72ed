"""Reads one visit for the shopper's page."""

import sqlite3

from msgspec import Struct


class VisitDetail(Struct, frozen=True):
    """What the shopper's page needs of a visit. Times in ms UTC.

    `employee_name` is also known of somebody who is no longer in `store.toml`.
    """

    visit_id: str
    ticket: str
    language: str
    need: str
    state: str
    rev: int
    employee: str | None
    employee_name: str | None
    handovers: int
    created_at: int
    ended_at: int | None
    tip: str | None
    ces: int | None
    day: str


def visit_detail(db: sqlite3.Connection, visit_id: str) -> VisitDetail | None:
    """The visit as it is on disk; None where there is none."""
    row = db.execute(
        "SELECT visit_id, ticket, language, need, state, rev, employee, name, handovers, created_at,"
        " ended_at, tip, ces, day FROM visits LEFT JOIN employees ON employees.id = visits.employee"
        " WHERE visit_id = ?",
        (visit_id,),
    ).fetchone()
    return VisitDetail(*row) if row else None
