"""The visit log: every visit, filtered, ordered and page by page."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from sync_server.domain.permissions import Permission
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from sync_server.service.reports import saved_views, visit_log
from sync_server.service.reports.exports.formats import FORMATS, Format
from sync_server.service.reports.saved_views import SavedView
from sync_server.service.reports.visit_log import ARRIVAL, NEWEST, SORTS, Beside, LogFilter, Sort
from sync_server.service.server import Server
from sync_server.service.storage import catalogue_mirror
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, need_name, texts_of
from sync_server.web.manager.access import has_permission
from sync_server.web.manager.forms import form_token
from sync_server.web.manager.layout import framed_page, manager_language

from .columns import COLUMNS, chosen_columns
from .log_filter import (
    FIGURE,
    ORDER,
    PART,
    SORT,
    VISITS,
    figure_in_words,
    given_parameters,
    requested_filter,
    requested_sort,
)
from .log_rows import LogRow, log_row

PAGE_SIZE = 50
PAGE, AFTER, BEFORE = (
    "page",
    "after",
    "before",
)  # parameters: a page's number, and beside which visit it begins
MONDAY = date(2001, 1, 1)
MAX_ID = 40  # characters of a visit's id in the address
MAX_COUNTED = 10_000  # visits; of more the page says "more than"
MAX_SORTED = 150_000  # visits that are ordered by another column than their arrival, which an index has

Options = list[tuple[str, str]]  # of a filter: the value, and its text


class Choices(Struct, frozen=True):
    """What the filters offer: all that is in the log or may get into it."""

    needs: Options
    employees: Options
    states: Options
    resolutions: Options
    weekdays: Options
    hours: Options


class Download(Struct, frozen=True):
    """A format in which the visits can be downloaded. `install` is the command that it still needs."""

    kind: str
    link: str
    install: str


class SortLinks(Struct, frozen=True):
    """The order of the table. `link` gives the address that orders by a column, None for one that cannot."""

    column: str
    descending: bool
    link: Callable[[str], str | None]


class LogPage(Context, frozen=True):
    """One page of the log.

    `rows` are those of this page and `count` is how many visits match, at most MAX_COUNTED; `is_more` says
    that there are more. `first` is the position of the first row, from 1. `given` are the filters as the
    address has them, `query` those that a saved view keeps. `previous` and `following` are the addresses of
    the pages beside this one, empty where there is none. `columns` are shown, and `all_columns` can be.
    `too_many_to_sort` is how many visits can be ordered by a column, 0 where they were. `figure` says in
    words which figure's visits these are, empty for none, and `without_figure` is the address of the same
    page without it.
    """

    template: ClassVar[str] = "manager/visit_log/log.html"

    rows: list[LogRow]
    count: int
    is_more: bool
    first: int
    filters: LogFilter
    given: Mapping[str, str]
    query: str
    choices: Choices
    previous: str
    following: str
    sort: SortLinks
    too_many_to_sort: int
    columns: tuple[str, ...]
    all_columns: tuple[str, ...]
    downloads: list[Download]
    views: list[SavedView]
    may_share: bool
    token: str
    figure: str
    without_figure: str


class _Place(Struct, frozen=True):
    """A page's number, from 1, and beside which visit it begins; None where its number must say so."""

    number: int
    beside: Beside | None


class _Found(Struct, frozen=True):
    """What the database has for one page."""

    rows: list[LogRow]
    number: int
    has_next: bool
    count: int
    is_sorted: bool
    by_arrival: bool
    employees: Options
    views: list[SavedView]
    columns: list[str] | None


async def log(request: Request) -> Response:
    """One page of the log."""
    server = server_of(request)
    catalogue = server.processor.catalogue
    texts = texts_of(manager_language(request))
    filters, sort, place = requested_filter(request), requested_sort(request), _requested_place(request)
    account = request.state.account.name
    found = await asyncio.to_thread(_read, server, filters, sort, place, account)
    given = given_parameters(request)
    without_figure = {name: value for name, value in given.items() if name not in (FIGURE, PART)}
    context = LogPage(
        rows=found.rows,
        count=min(found.count, MAX_COUNTED),
        is_more=found.count > MAX_COUNTED,
        first=(found.number - 1) * PAGE_SIZE + 1,
        filters=filters,
        given=given,
        query=urlencode({name: value for name, value in given.items() if name != "search"}),
        choices=Choices(
            needs=[
                (need.code, need_name(catalogue, need.code, texts))
                for need in catalogue.needs
                if catalogue.need(need.code)
            ],
            employees=found.employees,
            states=[(state.value, texts.say(f"state.{state}")) for state in State],
            resolutions=[(end.value, texts.say(f"resolution.{end}")) for end in Resolution],
            weekdays=[(str(n), texts.weekday(MONDAY + timedelta(n - 1))) for n in range(1, 8)],
            hours=[(str(hour), f"{hour}–{hour + 1}") for hour in range(24)],
        ),
        previous=_link(given, found, -1) if found.number > 1 else "",
        following=_link(given, found, 1) if found.has_next else "",
        sort=_sort_links(sort if found.is_sorted else NEWEST, given),
        too_many_to_sort=0 if found.is_sorted else MAX_SORTED,
        columns=chosen_columns(found.columns),
        all_columns=COLUMNS,
        downloads=_downloads(given),
        views=found.views,
        may_share=has_permission(request, Permission.MANAGE),
        token=form_token(request),
        figure=figure_in_words(given, texts),
        without_figure=f"?{urlencode(without_figure)}",
    )
    return framed_page(request, "log", context)


def _requested_place(request: Request) -> _Place:
    asked = request.query_params
    text = asked.get(PAGE, "1")
    number = max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1
    after, before = (asked.get(name, "")[:MAX_ID] for name in (AFTER, BEFORE))
    return _Place(number, Beside(after or before, bool(after)) if number > 1 and (after or before) else None)


def _link(given: Mapping[str, str], found: _Found, step: int) -> str:
    """The address of the page after this one, or of the one before it: -1.

    It names the visit where that page begins, so that however far down a page is, it is found at once, and
    nothing moves when visits arrive meanwhile. An order that no index has goes by the number alone.
    """
    page = {**given, PAGE: str(found.number + step)}
    if found.by_arrival and found.rows and found.number + step > 1:
        page |= {AFTER: found.rows[-1].visit_id} if step > 0 else {BEFORE: found.rows[0].visit_id}
    return f"?{urlencode(page)}"


def _read(server: Server, filters: LogFilter, sort: Sort, place: _Place, account: str) -> _Found:
    with reading(server.data_dir.store) as db:
        is_sorted = sort.column == ARRIVAL
        is_sorted = is_sorted or visit_log.count_visits(db, filters, MAX_SORTED + 1) <= MAX_SORTED
        used = sort if is_sorted else NEWEST
        lines, has_next = _lines(db, filters, used, place)
        employees = catalogue_mirror.employee_names(db)
        now, names = server.processor.clock(), dict(employees)
        return _Found(
            rows=[log_row(line, server.processor.catalogue, names, now) for line in lines],
            number=place.number,
            has_next=has_next,
            by_arrival=used.column == ARRIVAL,
            count=visit_log.count_visits(db, filters, MAX_COUNTED + 1),
            is_sorted=is_sorted,
            employees=employees,
            views=saved_views.views_for(db, account),
            columns=saved_views.columns_of(db, account),
        )


def _lines(
    db: sqlite3.Connection, filters: LogFilter, sort: Sort, place: _Place
) -> tuple[list[dict[str, Any]], bool]:
    """The lines of the page, and whether another one follows."""
    if place.beside is not None and sort.column == ARRIVAL:
        lines = visit_log.lines_beside(db, filters, place.beside, PAGE_SIZE + 1, sort)
        if lines is not None:
            after = place.beside.is_after
            return (lines[:PAGE_SIZE], len(lines) > PAGE_SIZE) if after else (lines[-PAGE_SIZE:], True)
    lines = visit_log.visit_log(db, filters, PAGE_SIZE + 1, (place.number - 1) * PAGE_SIZE, sort)
    return lines[:PAGE_SIZE], len(lines) > PAGE_SIZE


def _sort_links(sort: Sort, given: Mapping[str, str]) -> SortLinks:
    def link(column: str) -> str | None:
        if column not in SORTS and column != ARRIVAL:
            return None
        descending = not sort.descending if column == sort.column else True
        return f"?{urlencode({**given, SORT: column, ORDER: 'desc' if descending else 'asc'})}"

    return SortLinks(sort.column, sort.descending, link)


def _downloads(given: Mapping[str, str]) -> list[Download]:
    which = {name: value for name, value in given.items() if name in VISITS}
    return [
        Download(
            kind.value,
            f"/manager/log.{kind}?{urlencode(which)}",
            "" if FORMATS[kind].is_there else FORMATS[kind].install,
        )
        for kind in Format
    ]
