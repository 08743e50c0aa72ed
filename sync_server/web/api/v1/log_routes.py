"""The past in the API: the visit log and the follow-ups, page by page."""

import asyncio
import re
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from sync_server.domain.resolution import NOT_FIRST_CONTACT
from sync_server.service.reports.visit_log import Condition, LogFilter, Sort, visit_log
from sync_server.service.storage.connection import reading
from sync_server.service.visit_states import Words, words_of

from .calls import ApiCall
from .models import FollowUp, FollowUpPage, LogLine, LogLines, LogQuery, PageQuery
from .problems import ApiProblem, ProblemCode
from .visit_reading import visit_in_log

OLDEST_FIRST = Sort(descending=False)
# After the visit that a cursor names, in the order of the pages: an index finds the next ones.
_AFTER = "(day, created_at, rowid) > (SELECT day, created_at, rowid FROM visits WHERE visit_id = :after)"
_FOLLOW_UP = f"resolution IN ({', '.join(repr(str(r)) for r in NOT_FIRST_CONTACT)})"
_CURSOR = re.compile(r"[0-9a-f]{32}")


async def get_log(call: ApiCall) -> LogLines:
    """The lines of the visit log."""
    query: LogQuery = call.query

    def read(db: sqlite3.Connection) -> list[LogLine]:
        lines = visit_log(db, _log_filter(query), query.limit + 1, sort=OLDEST_FIRST)
        return [_line(line, call.may_read_words()) for line in lines]

    lines = await _read(call, read)
    return LogLines(lines[: query.limit], _cursor([line.visit_id for line in lines], query))


async def get_follow_ups(call: ApiCall) -> FollowUpPage:
    """The completed visits that leave something to do: booked, referred or not solved."""
    query: PageQuery = call.query

    def read(db: sqlite3.Connection) -> list[FollowUp]:
        lines = visit_log(db, _log_filter(query, _FOLLOW_UP), query.limit + 1, sort=OLDEST_FIRST)
        return [_follow_up(db, line, call.may_read_words()) for line in lines]

    found = await _read(call, read)
    return FollowUpPage(found[: query.limit], _cursor([each.visit_id for each in found], query))


def _line(line: dict[str, Any], with_words: bool) -> LogLine:
    found = msgspec.convert(line, LogLine, strict=False)
    return found if with_words else msgspec.structs.replace(found, comment=UNSET)


def _follow_up(db: sqlite3.Connection, line: dict[str, Any], with_words: bool) -> FollowUp:
    visit = visit_in_log(db, line["visit_id"]) if with_words else None
    words: Words | msgspec.UnsetType = UNSET if visit is None else words_of(visit)
    columns = ("visit_id", "ticket", "day", "need", "resolution", "employee", "ended_at")
    return FollowUp(**{column: line[column] for column in columns}, words=words)


def _log_filter(query: PageQuery, condition: str = "1") -> LogFilter:
    values: dict[str, float | str] = {}
    if query.cursor is not None:
        if not _CURSOR.fullmatch(query.cursor):
            raise ApiProblem(
                ProblemCode.INVALID_PARAMETER, "cursor: use the `next` of the page before", "cursor"
            )
        condition = f"{condition} AND {_AFTER}"
        values["after"] = query.cursor
    found = LogFilter(
        from_day=None if query.from_day is None else query.from_day.isoformat(),
        to_day=None if query.to_day is None else query.to_day.isoformat(),
        also=(Condition(condition, values),),
    )
    if not isinstance(query, LogQuery):
        return found
    return msgspec.structs.replace(
        found, need=query.need, employee=query.employee, state=query.state, resolution=query.resolution
    )


def _cursor(visit_ids: list[str], query: PageQuery) -> str | None:
    """The id of the last visit of this page, if there are more."""
    return visit_ids[query.limit - 1] if len(visit_ids) > query.limit else None


async def _read(call: ApiCall, read: Callable[[sqlite3.Connection], Any]) -> Any:
    def in_thread() -> Any:
        with reading(call.server.data_dir.store) as db:
            return read(db)

    return await asyncio.to_thread(in_thread)
