"""What people keep of the log: filters by name, and which columns they want to see."""

import sqlite3
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.domain.permissions import Permission
from sync_server.names import visible_words
from sync_server.service.reports import saved_views
from sync_server.service.reports.saved_views import MAX_NAME, MAX_VIEWS, TooManyViews
from sync_server.web.http.app_state import server_of
from sync_server.web.manager.access import has_permission
from sync_server.web.manager.day_span import InvalidAddress
from sync_server.web.manager.forms import read_form

from .columns import COLUMNS
from .log_filter import MAX_FILTER_LENGTH, ORDER, SORT, VISITS

LOG = "/manager/log"
# What is searched for may be a shopper's name, and a view is kept for ever.
_KEPT = tuple(name for name in (*VISITS, SORT, ORDER) if name != "search")


async def save_view(request: Request) -> Response:
    """Keeps the filters of the page by name. Raises InvalidAddress for no name, and for too many views."""
    form = await read_form(request)
    query = _kept_part(form.get("query", ""))
    name = visible_words(form.get("name", ""))[:MAX_NAME].strip()
    if not name:
        raise InvalidAddress("manager.error.view_name", "")
    account = request.state.account.name
    is_shared = "shared" in form and has_permission(request, Permission.MANAGE)
    owner, now = None if is_shared else account, server_of(request).processor.clock()
    try:
        await _write(request, lambda db: saved_views.save_view(db, name, query, owner, account, now))
    except TooManyViews:
        raise InvalidAddress("manager.error.too_many_views", str(MAX_VIEWS)) from None
    return RedirectResponse(f"{LOG}?{query}", 303)


async def remove_view(request: Request) -> Response:
    """Removes a view of one's own, or a shared one as a manager."""
    form = await read_form(request)
    account, may_share = request.state.account.name, has_permission(request, Permission.MANAGE)
    number = form.get("view", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise HTTPException(404)
    await _write(request, lambda db: saved_views.remove_view(db, int(number), account, may_share))
    return RedirectResponse(f"{LOG}?{_kept_part(form.get('query', ''))}", 303)


async def keep_columns(request: Request) -> Response:
    """Keeps which columns this account wants to see; none: the usual ones again."""
    form = await read_form(request)
    chosen = [column for column in COLUMNS if column in form]
    account = request.state.account.name
    await _write(request, lambda db: saved_views.keep_columns(db, account, chosen))
    return RedirectResponse(f"{LOG}?{_kept_part(form.get('query', ''))}", 303)


def _kept_part(query: str) -> str:
    """The parameters of the log in a query string, without what was searched for."""
    given = dict(parse_qsl(query[:2000]))
    return urlencode({name: given[name][:MAX_FILTER_LENGTH] for name in _KEPT if given.get(name)})


async def _write(request: Request, work: Callable[[sqlite3.Connection], None]) -> None:
    """Raises 503 if the database cannot be written."""
    try:
        await server_of(request).processor.writer.call(work)
    except sqlite3.Error as error:
        raise HTTPException(503) from error
