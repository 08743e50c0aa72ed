"""The visit log: every visit, filtered and page by page, and the same visits as CSV."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from assets.i18n.texts import Texts
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from sync_server.service.reports import csv_export
from sync_server.service.reports.figure_rows import FIGURES, Part, figure_condition
from sync_server.service.server import Server
from sync_server.service.storage import catalogue_mirror, visit_log
from sync_server.service.storage.connection import reading
from sync_server.service.storage.visit_log import Condition, LogFilter
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, need_name, texts_of
from sync_server.web.manager.day_span import InvalidAddress, parse_date
from sync_server.web.manager.layout import framed_page, manager_language

from .log_rows import LogRow, log_row

PAGE_SIZE = 50
MAX_FILTER_LENGTH = 100  # characters; the rest is cut off

# Excel takes a file for UTF-8 only if it begins with this mark. Scripts read it as "utf-8-sig";
# pandas, R and DuckDB skip it by themselves.
BOM = "\ufeff"

PARAMETERS = {  # of the address, and the fields of LogFilter
    "from": "from_day",
    "to": "to_day",
    "need": "need",
    "employee": "employee",
    "state": "state",
    "resolution": "resolution",
    "search": "search",
}
FIGURE, PART = "figure", "part"  # parameters: a figure of the report, and which of its visits

Options = list[tuple[str, str]]  # of a filter: the value, and its text


class Choices(Struct, frozen=True):
    """What the filters offer: all that is in the log or may get into it."""

    needs: Options
    employees: Options
    states: Options
    resolutions: Options


class LogPage(Context, frozen=True):
    """One page of the log.

    `rows` are those of this page and `count` is how many visits match. `number` is this page's number of
    `pages`, and `first` the position of its first row; both count from 1. `given` are the filters as the
    address has them, `link_to_page` gives the address of another page. `figure` says in words which figure's
    visits these are, empty for none, and `without_figure` is the address of the same page without it.
    """

    template: ClassVar[str] = "manager/visit_log/log.html"

    rows: list[LogRow]
    count: int
    first: int
    number: int
    pages: int
    filters: LogFilter
    given: Mapping[str, str]
    choices: Choices
    link_to_page: Callable[[int], str]
    csv_link: str
    figure: str
    without_figure: str


async def log(request: Request) -> Response:
    """One page of the log."""
    server = server_of(request)
    catalogue = server.processor.catalogue
    texts = texts_of(manager_language(request))
    filters = requested_filter(request)
    number = _page_number(request)
    rows, count, employees = await asyncio.to_thread(_read, server, filters, number)
    shown = (*PARAMETERS, FIGURE, PART)
    given = {key: value for key, value in request.query_params.items() if key in shown and value}
    other = {key: value for key, value in given.items() if key in PARAMETERS}
    context = LogPage(
        rows=rows,
        count=count,
        first=(number - 1) * PAGE_SIZE + 1,
        number=number,
        pages=-(-count // PAGE_SIZE),
        filters=filters,
        given=given,
        choices=Choices(
            needs=[
                (need.code, need_name(catalogue, need.code, texts))
                for need in catalogue.needs
                if catalogue.need(need.code)
            ],
            employees=employees,
            states=[(state.value, texts.say(f"state.{state}")) for state in State],
            resolutions=[(end.value, texts.say(f"resolution.{end}")) for end in Resolution],
        ),
        link_to_page=lambda page: f"?{urlencode({**given, 'page': page})}",
        csv_link=f"/manager/log.csv?{urlencode(given)}",
        figure=_figure_in_words(given, texts),
        without_figure=f"?{urlencode(other)}",
    )
    return framed_page(request, "log", context)


async def log_csv(request: Request) -> Response:
    """All lines that match the filters, streamed, with the stable column names of `visit_log`.

    UTF-8 with a byte order mark, commas, CRLF (RFC 4180). Times are ISO 8601 in UTC.
    """
    filters = requested_filter(request)
    name = "-".join(["visits", *(day for day in (filters.from_day, filters.to_day) if day)])
    return StreamingResponse(
        _csv_parts(server_of(request), filters),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def requested_filter(request: Request) -> LogFilter:
    """The filter in the address. Empty parameters filter nothing.

    Raises 400 for a wrong date, and InvalidAddress for a figure that the log does not know.
    """
    given = {
        field: value.strip()[:MAX_FILTER_LENGTH]
        for parameter, field in PARAMETERS.items()
        if (value := request.query_params.get(parameter, "")).strip()
    }
    for field in ("from_day", "to_day"):
        if field in given:
            given[field] = parse_date(given[field]).isoformat()
    return LogFilter(**given, also=_figure_condition(request))


def _figure_condition(request: Request) -> Condition | None:
    """The visits behind `?figure=service_level&part=no`; without a part all that the figure counts."""
    figure, part = request.query_params.get(FIGURE), request.query_params.get(PART) or Part.ALL
    if not figure:
        return None
    if figure not in FIGURES:
        raise InvalidAddress("manager.error.figure", figure)
    if part not in set(Part):
        raise InvalidAddress("manager.error.part", part)
    processor = server_of(request).processor
    target_s = processor.catalogue.times.service_level_s
    return figure_condition(figure, Part(part), target_s, processor.clock())


def _figure_in_words(given: Mapping[str, str], texts: Texts) -> str:
    """`Greeted in time: no`."""
    if FIGURE not in given:
        return ""
    name = texts.say(f"figure.{given[FIGURE]}")
    part = given.get(PART, Part.ALL)
    return name if part == Part.ALL else texts.say(f"manager.log.figure.{part}", figure=name)


def _page_number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def _read(server: Server, filters: LogFilter, number: int) -> tuple[list[LogRow], int, Options]:
    with reading(server.data_dir.store) as db:
        lines = visit_log.visit_log(db, filters, PAGE_SIZE, (number - 1) * PAGE_SIZE)
        employees = catalogue_mirror.employee_names(db)
        now, names = server.processor.clock(), dict(employees)
        rows = [log_row(line, server.processor.catalogue, names, now) for line in lines]
        return rows, visit_log.count_visits(db, filters), employees


def _csv_parts(server: Server, filters: LogFilter) -> Iterator[str]:
    yield BOM
    yield from csv_export.visit_log_csv(lambda: reading(server.data_dir.store), filters)
