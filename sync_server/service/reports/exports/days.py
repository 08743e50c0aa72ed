"""Reads the visit log for an export, day by day."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sync_server.service.reports import visit_log
from sync_server.service.reports.visit_log import LogFilter

TIMES = ("created_at", "offered_at", "accepted_at", "serving_at", "ended_at")  # columns with a time

Read = Callable[[], AbstractContextManager[sqlite3.Connection]]
Row = Sequence[Any]


def columns(read: Read) -> list[str]:
    """The names of the columns."""
    with read() as db:
        return visit_log.columns(db)


def rows_of_days(read: Read, log_filter: LogFilter) -> Iterator[list[Row]]:
    """The rows of each day, the first day first and the oldest visit first.

    Each day is read at once and given then: while the client receives it, however slowly, nothing is read.
    `read` opens a connection.
    """
    with read() as db:
        days = visit_log.days(db, log_filter)
    for day in days:
        with read() as db:
            rows = visit_log.lines_of_day(db, log_filter, day).fetchall()
        if rows:
            yield rows
