"""Removes what was said about one shopper, by a tap on the page of their visit."""

import asyncio
import sqlite3
from typing import ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth.errors import AccountError
from sync_server.service.reports import visit_log
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.audit import note
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page


class ErasePage(Context, frozen=True):
    """Asks once more. `visit_id`, `ticket` and `day` say which visit it is."""

    template: ClassVar[str] = "manager/visit_log/erase.html"

    token: str
    visit_id: str
    ticket: str
    day: str


async def erase(request: Request) -> Response:
    """Asks, then removes name, looks, notes, comment and link in every copy. Times and outcome stay."""
    server, visit_id = server_of(request), request.path_params["visit"]
    day, ticket = await asyncio.to_thread(_ticket_of, server, visit_id)
    if request.method == "GET":
        return framed_page(request, "log", ErasePage(form_token(request), visit_id, ticket, day))
    await read_form(request)
    note(request, AuditAction.ERASED, f"{ticket}, {day}")
    try:
        await server.control.do("erase", day=day, ticket=ticket)
    except AccountError:
        raise HTTPException(404) from None
    except sqlite3.Error as error:
        raise HTTPException(503) from error
    return RedirectResponse(f"/manager/visits/{visit_id}", 303)


def _ticket_of(server: Server, visit_id: str) -> tuple[str, str]:
    """The day and the ticket of a visit. Raises 404."""
    with reading(server.data_dir.store) as db:
        line = visit_log.visit(db, visit_id)
    if line is None:
        raise HTTPException(404)
    return str(line["day"]), str(line["ticket"])
