"""The visit log: every visit, filtered, page by page; and the same lines as CSV."""

import asyncio
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sync_server.domain.events import Resolution
from sync_server.domain.visit import State
from sync_server.service import figures, queries
from sync_server.service.queries import LogFilter
from sync_server.service.server import Server
from sync_server.service.store import reading

from .days import a_day
from .manager import framed, server_of
from .rows import Row, row

PAGE = 50
LONGEST_SEARCH = 100

# Excel takes a file for UTF-8 only if it begins with this mark. Scripts read it as "utf-8-sig";
# pandas, R and DuckDB skip it by themselves.
BOM = "\ufeff"


class Choices(NamedTuple):
    """What the filters offer: all that is in the log or may come into it."""

    employees: list[tuple[str, str]]
    states: list[str]
    resolutions: list[str]


async def log(request: Request) -> Response:
    server = server_of(request)
    wanted = filtered(request)
    number = _page_number(request)
    rows, count, employees = await asyncio.to_thread(_read, server, wanted, number)
    asked = {key: value for key, value in request.query_params.items() if key in _PARAMETERS and value}
    return framed(
        request,
        "log.html",
        "log",
        rows_shown=rows,
        count=count,
        first=(number - 1) * PAGE + 1,
        number=number,
        pages=-(-count // PAGE),
        wanted=wanted,
        asked=asked,
        choices=Choices(employees, [s.value for s in State], [r.value for r in Resolution]),
        needs=[n.code for n in server.shop.catalogue.needs if server.shop.catalogue.need(n.code)],
        in_page=lambda page: f"?{urlencode({**asked, 'page': page})}",
        csv_address=f"/manager/log.csv?{urlencode(asked)}",
    )


async def log_csv(request: Request) -> Response:
    """All lines of the filters, streamed, with the stable column names of `visit_log`.

    UTF-8 with a mark at the beginning, commas, CRLF (RFC 4180). Times are ISO 8601 in UTC.
    """
    wanted = filtered(request)
    name = "-".join(["visits", *(day for day in (wanted.from_day, wanted.to_day) if day)])
    return StreamingResponse(
        _csv(server_of(request), wanted),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


_PARAMETERS = {
    "from": "from_day",
    "to": "to_day",
    "need": "need",
    "employee": "employee",
    "state": "state",
    "resolution": "resolution",
    "search": "search",
}


def filtered(request: Request) -> LogFilter:
    """The filter in the address; what is empty or missing filters nothing. Raises 400 for a wrong day."""
    given = {
        field: value.strip()[:LONGEST_SEARCH]
        for parameter, field in _PARAMETERS.items()
        if (value := request.query_params.get(parameter, "")).strip()
    }
    for field in ("from_day", "to_day"):
        if field in given:
            given[field] = a_day(given[field]).isoformat()
    return LogFilter(**given)


def _page_number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def _read(server: Server, wanted: LogFilter, number: int) -> tuple[list[Row], int, list[tuple[str, str]]]:
    with reading(server.folder.store) as db:
        lines = queries.visit_log(db, wanted, PAGE, (number - 1) * PAGE)
        rows = [row(line, server.shop.catalogue, server.shop.clock()) for line in lines]
        return rows, queries.count_visits(db, wanted), figures.employees_seen(db)


def _csv(server: Server, wanted: LogFilter) -> Iterator[str]:
    with reading(server.folder.store) as db:
        yield BOM
        yield from queries.visit_log_csv(db, wanted)
