"""Somebody who was invited chooses a password by the link of their invitation, once."""

import asyncio
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth import invitations, managers
from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.invitations import Invitation
from sync_server.service.auth.managers import CommonPassword
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.access import HOME, begin_session
from sync_server.web.manager.audit import write_audit
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import ManagerMessage, card_page, manager_language


class JoinPage(Context, frozen=True):
    """The form for the password. `name` is the new account's; `problem` the key of what was wrong."""

    template: ClassVar[str] = "manager/people/join.html"

    token: str
    name: str
    min_length: int
    problem: str


async def page(request: Request) -> Response:
    """Shows the form, and takes the password."""
    server, code = server_of(request), request.path_params["code"]
    invitation = await asyncio.to_thread(_find, server, code)
    if invitation is None:
        return _used_up(request)
    if request.method == "GET":
        return _form(request, invitation)
    form = await read_form(request)
    password, again = (form.get(field, "") for field in ("password", "again"))
    if problem := problem_of(password, again):
        return _form(request, invitation, problem)
    try:
        hashed = await asyncio.to_thread(
            managers.hash_manager_password, password, invitation.name, server.settings.store.name
        )
    except CommonPassword:
        return _form(request, invitation, "manager.first_run.common")
    now = server.processor.clock()
    try:
        await server.processor.writer.call(lambda db: invitations.accept_invitation(db, code, hashed, now))
    except AccountError:  # somebody else was quicker, or the account exists by now
        return _used_up(request)
    account = await asyncio.to_thread(_account, server, invitation.name)
    begin_session(request, account)
    await write_audit(request, (AuditAction.JOINED, invitation.role), account.name)
    return RedirectResponse(HOME, 303)


def problem_of(password: str, again: str) -> str:
    """The key of what is wrong with a new password that was typed twice; empty if nothing is."""
    if len(password) < managers.MIN_PASSWORD_LENGTH:
        return "manager.first_run.short"
    return "manager.first_run.differ" if password != again else ""


def _form(request: Request, invitation: Invitation, problem: str = "") -> Response:
    context = JoinPage(form_token(request), invitation.name, managers.MIN_PASSWORD_LENGTH, problem)
    return card_page(request, context, 400 if problem else 200)


def _used_up(request: Request) -> Response:
    say = texts_of(manager_language(request)).say
    return card_page(
        request, ManagerMessage(say("manager.join.closed_title"), say("manager.join.closed")), 403
    )


def _find(server: Server, code: str) -> Invitation | None:
    with reading(server.data_dir.store) as db:
        return invitations.find_invitation(db, code, server.processor.clock())


def _account(server: Server, name: str) -> managers.Account:
    with reading(server.data_dir.store) as db:
        found = managers.find(db, name)
    assert found is not None, "it was added just now"
    return found
