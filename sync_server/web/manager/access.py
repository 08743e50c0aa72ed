"""Decides who may open which of the manager's pages."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.domain.permissions import Permission, is_allowed
from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth import managers
from sync_server.service.auth.managers import Account
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.sse import Render, Signal, StreamEnded

from .audit import action_of, address_of, device_of, write_audit
from .session import ManagerSessions

SIGN_IN = "/manager/sign-in"
FIRST_RUN = "/manager/first-run"
CONFIRM = "/manager/confirm"
HOME = "/manager/today"
ONLY_LOOKS = "only looks"  # the detail of a 403 for somebody who is signed in but may not do this

Endpoint = Callable[[Request], Awaitable[Response]]


def signed_in(endpoint: Endpoint, permission: Permission = Permission.LOOK) -> Endpoint:
    """Wraps a page that only people with `permission` may open; `request.state.account` says who it is.

    Somebody who is not signed in is sent to the sign-in, and back afterwards. Raises 403 for somebody
    who is signed in without the permission.
    """

    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        by_person = "hx-request" not in request.headers  # else the page renews a part of itself
        account = await asyncio.to_thread(signed_in_account, request, by_person)
        if account is None:
            return _redirect_to_sign_in(request)
        if not is_allowed(account.role, permission):
            await write_audit(request, (AuditAction.NOT_ALLOWED, request.url.path), account.name)
            raise HTTPException(403, ONLY_LOOKS)
        request.state.account = account
        response = await endpoint(request)
        if response.status_code < 400 and (action := action_of(request)) is not None:
            await write_audit(request, action)
        return response

    return guarded


def confirmed(endpoint: Endpoint, form_on: str = "") -> Endpoint:
    """Wraps a page of `signed_in` that changes what is delicate: the password was typed in the last minutes.

    Else the person is asked for it, and comes back to the page, or to `form_on` if the form is there.
    """

    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        key, now = request.session.get("session"), server_of(request).processor.clock()
        if sessions_of(request).is_confirmed(key, now):
            return await endpoint(request)
        page = path_and_query(request) if request.method == "GET" else form_on or request.url.path
        return RedirectResponse(f"{CONFIRM}?{urlencode({'next': page})}", 303)

    return guarded


def signed_in_account(request: Request, by_person: bool = False) -> Account | None:
    """The account that is signed in, as the store has it now. `by_person`: keeps the session valid.

    Reads the database.
    """
    server = server_of(request)
    session = sessions_of(request).find(request.session.get("session"), server.processor.clock(), by_person)
    if session is None:
        return None
    with reading(server.data_dir.store) as db:
        account = managers.find(db, session.account)
    return account if account is not None and account.set_at == session.password_set_at else None


def while_signed_in(request: Request, render: Render) -> Render:
    """The same events, until the one who listens is no longer signed in."""

    async def guarded() -> tuple[str, bool]:
        if await asyncio.to_thread(signed_in_account, request) is None:
            raise StreamEnded(Signal.SIGNED_OUT)
        return await render()

    return guarded


def has_permission(request: Request, permission: Permission) -> bool:
    """Whether the person who asked for this page may also do this: decides what the page offers."""
    account: Account = request.state.account
    return is_allowed(account.role, permission)


def sessions_of(request: Request) -> ManagerSessions:
    """The sessions of this application."""
    sessions: ManagerSessions = request.app.state.sessions
    return sessions


def begin_session(request: Request, account: Account) -> None:
    """Signs in. The session is a new one, so that a cookie from before the sign-in opens nothing."""
    language = request.session.get("language")
    end_session(request)
    request.session["session"] = sessions_of(request).begin(
        account, server_of(request).processor.clock(), address_of(request), device_of(request)
    )
    if language:
        request.session["language"] = language


def end_session(request: Request) -> None:
    """Signs out and forgets what the cookie holds."""
    sessions_of(request).end(request.session.get("session"))
    request.session.clear()


def all_accounts(server: Server) -> list[Account]:
    """Every account that can sign in. Reads the database."""
    with reading(server.data_dir.store) as db:
        return managers.every(db)


def has_manager(accounts: Iterable[Account]) -> bool:
    """Whether somebody has chosen the first password. Others may have accounts that only look before that."""
    return any(is_allowed(account.role, Permission.MANAGE) for account in accounts)


def _redirect_to_sign_in(request: Request) -> Response:
    if "hx-request" in request.headers:  # a page that was left open tries to renew a part of itself
        return Response(status_code=401)  # live.js goes to the sign-in
    return RedirectResponse(f"{SIGN_IN}?{urlencode({'next': path_and_query(request)})}", 303)


def path_and_query(request: Request) -> str:
    """The address of a page within this server."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
