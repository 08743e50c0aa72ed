"""Asks somebody who is signed in for their password again, before they change what is delicate.

Who finds an open browser can look, but cannot take the shop over.
"""

import asyncio
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth.managers import Account
from sync_server.service.auth.second_factor import find_factor
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.access import HOME, sessions_of
from sync_server.web.manager.audit import address_of, write_audit
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import card_page

from .sign_in_code import check_typed_code


class ConfirmPage(Context, frozen=True):
    """The form. `asks_code`: the account has a second factor. `wrong` and `wait_s` as on the sign-in."""

    template: ClassVar[str] = "manager/people/confirm.html"

    token: str
    name: str
    asks_code: bool
    back: str
    wrong: bool = False
    wait_s: int = 0


async def page(request: Request) -> Response:
    """Shows the form, checks what was typed, and goes on to the page that was asked for."""
    server = server_of(request)
    account: Account = request.state.account
    wanted = request.query_params.get("next", HOME)
    wanted = wanted if wanted.startswith("/manager/") else HOME
    with_factor = await asyncio.to_thread(_has_factor, request, account.name)
    if request.method == "GET":
        return card_page(request, ConfirmPage(form_token(request), account.name, with_factor, HOME))
    form = await read_form(request)
    password = form.get("password", "")
    found, wait_s = await server.credential_checker.check_password(
        address_of(request), password, account.name
    )
    right = found is not None
    if right and with_factor:
        result = await check_typed_code(request, account.name, form.get("code", ""))
        right, wait_s = result.accepted, result.wait_s
    if not right:
        await write_audit(request, (AuditAction.CONFIRM_REFUSED, wanted))
        context = ConfirmPage(form_token(request), account.name, with_factor, HOME, True, wait_s)
        return card_page(request, context, 429 if wait_s else 401)
    sessions_of(request).confirm(request.session.get("session"), server.processor.clock())
    request.state.audit = (AuditAction.CONFIRMED, wanted)
    return RedirectResponse(wanted, 303)


def _has_factor(request: Request, name: str) -> bool:
    with reading(server_of(request).data_dir.store) as db:
        return find_factor(db, name) is not None
