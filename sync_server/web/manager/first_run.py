"""The first visit: no password comes with the product, so somebody chooses one, once.

It needs the one-time link that the server shows, on the server's own computer as well: a request that comes
from there may be one that a proxy passed on.
"""

import asyncio
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth import managers, setup_link
from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.managers import CommonPassword, ManagerExists
from sync_server.service.settings import first_steps
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of

from .access import HOME, SIGN_IN, all_accounts, begin_session, has_manager
from .audit import write_audit
from .forms import MAX_NAME_LENGTH, form_token, read_form
from .layout import ManagerMessage, card_page, manager_language
from .settings.assistant.assistant_step import START


class FirstRunPage(Context, frozen=True):
    """The form for the first password. `problem` is the key of what was wrong with the last attempt.

    `name` is the new account's name. The form asks for it where there are other accounts (`asks_name`):
    then the sign-in asks for a name as well.
    """

    template: ClassVar[str] = "manager/first_run.html"

    token: str
    min_length: int
    asks_name: bool
    name: str
    problem: str


async def choose_password(request: Request) -> Response:
    """Shows the form for the first password, and takes it."""
    server = server_of(request)
    accounts = await asyncio.to_thread(all_accounts, server)
    if has_manager(accounts):
        return RedirectResponse(SIGN_IN, 303)
    if not await _is_allowed(request):
        say = texts_of(manager_language(request)).say
        closed = ManagerMessage(say("manager.first_run.closed_title"), say("manager.first_run.closed"))
        return card_page(request, closed, 403)
    asks_name = bool(accounts)
    if request.method == "GET":
        return _form_page(request, asks_name, managers.FIRST)
    form = await read_form(request)
    password, again = (form.get(field, "") for field in ("password", "again"))
    name = form.get("name", managers.FIRST).strip()[:MAX_NAME_LENGTH]
    if len(password) < managers.MIN_PASSWORD_LENGTH:
        return _form_page(request, asks_name, name, "manager.first_run.short")
    if password != again:
        return _form_page(request, asks_name, name, "manager.first_run.differ")
    try:
        hashed = await asyncio.to_thread(
            managers.hash_manager_password, password, name, server.settings.store.name
        )
    except CommonPassword:
        return _form_page(request, asks_name, name, "manager.first_run.common")
    now = server.processor.clock()
    try:
        await server.processor.writer.call(lambda db: managers.add_first(db, hashed, now, name))
    except ManagerExists:  # somebody else has chosen one in the meantime
        return RedirectResponse(SIGN_IN, 303)
    except AccountError:
        return _form_page(request, True, name, "manager.first_run.bad_name")
    await asyncio.to_thread(setup_link.discard, server.data_dir)
    (account,) = (one for one in await asyncio.to_thread(all_accounts, server) if one.name == name)
    begin_session(request, account)
    await write_audit(request, (AuditAction.FIRST_PASSWORD, ""), account.name)
    steps = await asyncio.to_thread(first_steps.remaining, server.data_dir)
    return RedirectResponse(START if steps else HOME, 303)


async def _is_allowed(request: Request) -> bool:
    code = request.path_params.get("code", "")
    return await asyncio.to_thread(setup_link.matches, server_of(request).data_dir, code)


def _form_page(request: Request, asks_name: bool, name: str, problem: str = "") -> Response:
    context = FirstRunPage(form_token(request), managers.MIN_PASSWORD_LENGTH, asks_name, name, problem)
    return card_page(request, context, 400 if problem else 200)
