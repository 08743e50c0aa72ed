"""Reads the visit log for an export: day by day, with a rest after each."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sync_server.service.reports import visit_log
from sync_server.service.reports.visit_log import LogFilter

LONGEST_REST_S = 1.0
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
    `read` opens a connection. After each day it rests for as long as the day has taken: an export of years
    leaves half of the processor's time to the ops.
    """
    with read() as db:
        days = visit_log.days(db, log_filter)
    for day in days:
        began = time.perf_counter()
        with read() as db:
            rows = visit_log.lines_of_day(db, log_filter, day).fetchall()
        if rows:
            yield rows
        time.sleep(min(time.perf_counter() - began, LONGEST_REST_S))
