"""The page Other programs: their tokens with scopes, and calendars of follow-ups. Each is shown once."""

import sqlite3
from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth import calendars, tokens
from sync_server.service.auth.calendars import FollowUpCalendar
from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.tokens import Scope, Token
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.audit import note
from sync_server.web.manager.forms import form_token, read_form_data
from sync_server.web.manager.layout import framed_page
from sync_server.web.manager.settings.saving import SETTINGS

from .store_access import read_store, write_store

PROGRAMS = f"{SETTINGS}/api"
SCOPES = tuple(Scope)


class ListedToken(Struct, frozen=True):
    """A program as the page lists it."""

    token: Token
    made: datetime
    used: datetime | None


class ProgramsPage(Context, frozen=True):
    """The page.

    `made` is a token or the address of a calendar that was just made: it is shown now and never again.
    `made_for` is its name. `problem` is the key of what went wrong. `typed` is the name in the box, `chosen`
    the scopes.
    """

    template: ClassVar[str] = "manager/connections/programs.html"

    token: str
    programs: list[ListedToken]
    calendars: list[FollowUpCalendar]
    scopes: tuple[Scope, ...]
    chosen: frozenset[Scope]
    typed: str
    problem: str
    made: str
    made_for: str
    is_calendar: bool


async def page(request: Request) -> Response:
    """The page."""
    return await _page(request)


async def change(request: Request) -> Response:
    """Does what a form of the page asks for."""
    form = await read_form_data(request)
    match form.get("do"):
        case "make":
            return await _make_token(request, form)
        case "revoke":
            return await _revoke(request, str(form.get("name", "")))
        case "calendar":
            return await _make_calendar(request, form)
        case "remove-calendar":
            return await _remove_calendar(request, str(form.get("n", "")))
    raise HTTPException(400)


async def _make_token(request: Request, form: FormData) -> Response:
    """Makes a token and shows it."""
    name = " ".join(str(form.get("name", "")).split())[:60]
    wanted = {str(value) for value in form.getlist("scope")}
    scopes = frozenset(scope for scope in Scope if scope in wanted)
    note(request, AuditAction.TOKEN_MADE, f"{name}: {' '.join(sorted(scopes))}")
    if not scopes:
        return await _page(request, "manager.programs.no_scope", typed=name, chosen=scopes)
    now = server_of(request).processor.clock()
    try:
        made = await write_store(request, lambda db: tokens.add_token(db, name, now, scopes))
    except AccountError:
        return await _page(request, "manager.programs.bad_name", typed=name, chosen=scopes)
    return await _page(request, made=made, made_for=name)


async def _revoke(request: Request, name: str) -> Response:
    """Takes a token away. One that is no more stays so."""
    note(request, AuditAction.TOKEN_REVOKED, name[:60])

    def work(db: sqlite3.Connection) -> None:
        if name in {token.name for token in tokens.list_tokens(db)}:
            tokens.revoke_token(db, name)

    await write_store(request, work)
    return RedirectResponse(PROGRAMS, 303)


async def _make_calendar(request: Request, form: FormData) -> Response:
    """Makes a calendar of follow-ups and shows its address."""
    note(request, AuditAction.CALENDAR_CHANGED, str(form.get("name", ""))[:60])
    name = " ".join(str(form.get("name", "")).split())[:60]
    server = server_of(request)
    languages = server.processor.catalogue.store.languages
    language = str(form.get("language", ""))
    chosen, now = language if language in languages else languages[0], server.processor.clock()
    try:
        token = await write_store(request, lambda db: calendars.add_calendar(db, name, chosen, now))
    except AccountError:
        return await _page(request, "manager.programs.bad_name")
    base = (server.settings.store.public_url or str(request.base_url)).rstrip("/")
    return await _page(request, made=f"{base}/calendar/{token}.ics", made_for=name, is_calendar=True)


async def _remove_calendar(request: Request, n: str) -> Response:
    """Removes a calendar."""
    note(request, AuditAction.CALENDAR_CHANGED, n[:10])
    if n.isdecimal() and len(n) < 10:
        await write_store(request, lambda db: calendars.remove_calendar(db, int(n)))
    return RedirectResponse(PROGRAMS, 303)


async def _page(
    request: Request,
    problem: str = "",
    typed: str = "",
    chosen: frozenset[Scope] = frozenset(),
    made: str = "",
    made_for: str = "",
    is_calendar: bool = False,
) -> Response:
    found = await read_store(request, lambda db: (tokens.list_tokens(db), calendars.list_calendars(db)))
    local = server_of(request).processor.catalogue.local
    context = ProgramsPage(
        form_token(request),
        [
            ListedToken(one, local(one.made_at), None if one.used_at is None else local(one.used_at))
            for one in found[0]
        ],
        found[1],
        SCOPES,
        chosen,
        typed,
        problem,
        made,
        made_for,
        is_calendar,
    )
    return framed_page(request, "settings", context, 400 if problem else 200)
