"""The page People of the pages: who may sign in, who is invited, and which sign-ins are open."""

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.domain.ops import ActorKind
from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth import invitations, managers, second_factor
from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.invitations import Invitation
from sync_server.service.auth.managers import Account
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.access import sessions_of
from sync_server.web.manager.audit import note
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page

ACCOUNTS = "/manager/accounts"
JOIN = "/manager/join"
ROLES = (ActorKind.MANAGER, ActorKind.READONLY)


class ListedAccount(Struct, frozen=True):
    """An account. `own`: it is that of the person who looks."""

    name: str
    role: ActorKind
    own: bool
    has_factor: bool


class ListedInvitation(Struct, frozen=True):
    """An invitation that is not used yet."""

    n: int
    name: str
    role: str
    until: datetime


class ListedSession(Struct, frozen=True):
    """A sign-in. `device` is the browser and its system, `own` the session of the person who looks."""

    n: int
    account: str
    device: str
    address: str
    since: datetime
    last_seen: datetime
    own: bool


class AccountsPage(Context, frozen=True):
    """The page. `problem` is the key of what was wrong with an invitation, `name` what was typed.

    `link` is that of an invitation that was made just now, for `invited`; it is shown once.
    """

    template: ClassVar[str] = "manager/people/accounts.html"

    token: str
    accounts: list[ListedAccount]
    invitations: list[ListedInvitation]
    sessions: list[ListedSession]
    roles: tuple[ActorKind, ...]
    problem: str
    name: str
    link: str
    invited: str


class AccountPage(Context, frozen=True):
    """One account. `problem` is the key of why something could not be done, empty if nothing was wrong."""

    template: ClassVar[str] = "manager/people/account.html"

    token: str
    account: ListedAccount
    roles: tuple[ActorKind, ...]
    problem: str


async def page(request: Request) -> Response:
    """The page."""
    return await _accounts_page(request)


async def _accounts_page(
    request: Request, problem: str = "", name: str = "", link: str = "", invited: str = ""
) -> Response:
    server = server_of(request)
    accounts, invited_people = await asyncio.to_thread(_read, server, _own(request).name)
    local = server.processor.catalogue.local
    context = AccountsPage(
        form_token(request),
        accounts,
        [ListedInvitation(one.n, one.name, one.role, local(one.until)) for one in invited_people],
        listed_sessions(request),
        ROLES,
        problem,
        name,
        link,
        invited,
    )
    return framed_page(request, "settings", context, 400 if problem else 200)


async def invite(request: Request) -> Response:
    """Makes an invitation and shows its link, once."""
    server, form = server_of(request), await read_form(request)
    name, role, by = form.get("name", "").strip(), form.get("role", ""), _own(request).name
    now = server.processor.clock()
    try:
        code = await _write(server, lambda db: invitations.invite(db, name, role, by, now))
    except AccountError:
        return await _accounts_page(request, "manager.accounts.bad_name", name[:80])
    note(request, AuditAction.INVITED, f"{name}, {role}")
    pages = server.pages
    return await _accounts_page(
        request, link=f"{pages.manager_elsewhere or pages.local}{JOIN}/{code}", invited=name
    )


async def end_session(request: Request) -> Response:
    """Ends one sign-in."""
    await read_form(request)
    ended = sessions_of(request).end_number(int(request.path_params["n"]))
    if ended is not None:
        note(request, AuditAction.SESSION_ENDED, f"{ended.account}, {ended.device}")
    return RedirectResponse(ACCOUNTS, 303)


async def remove_invitation(request: Request) -> Response:
    """Takes an invitation back."""
    await read_form(request)
    n = int(request.path_params["n"])
    await _write(server_of(request), lambda db: invitations.remove_invitation(db, n))
    note(request, AuditAction.INVITATION_REMOVED, str(n))
    return RedirectResponse(ACCOUNTS, 303)


async def account(request: Request) -> Response:
    """Shows one account, and gives it another role, removes its second factor, or removes it."""
    server, name = server_of(request), request.path_params["name"]
    found = await _find(request, name)
    if request.method == "GET":
        return framed_page(request, "settings", AccountPage(form_token(request), found, ROLES, ""))
    form = await read_form(request)
    do, role = form.get("do"), form.get("role", "")
    try:
        if do == "remove":
            await _write(server, lambda db: managers.remove(db, name))
            note(request, AuditAction.ACCOUNT_REMOVED, name)
            return RedirectResponse(ACCOUNTS, 303)
        if do == "remove_factor":
            await _write(server, lambda db: second_factor.remove_factor(db, name))
            note(request, AuditAction.FACTOR_REMOVED, name)
        else:
            await _write(server, lambda db: managers.change_role(db, name, role))
            note(request, AuditAction.ROLE_CHANGED, f"{name}, {role}")
    except managers.OnlyManager:
        context = AccountPage(form_token(request), found, ROLES, "manager.accounts.only_manager")
        return framed_page(request, "settings", context, 400)
    except AccountError:
        raise HTTPException(404) from None
    return RedirectResponse(ACCOUNTS, 303)


def listed_sessions(request: Request, account: str | None = None) -> list[ListedSession]:
    """The sign-ins that are open, of one account or of all."""
    server, sessions = server_of(request), sessions_of(request)
    now, local = server.processor.clock(), server.processor.catalogue.local
    own = sessions.find(request.session.get("session"), now)
    return [
        ListedSession(
            one.n,
            one.account,
            one.device,
            one.address,
            local(one.started_at),
            local(one.last_used_at),
            own is not None and one.n == own.n,
        )
        for one in sessions.all_valid(now)
        if account is None or one.account == account
    ]


async def _find(request: Request, name: str) -> ListedAccount:
    accounts, _ = await asyncio.to_thread(_read, server_of(request), _own(request).name)
    for one in accounts:
        if one.name == name:
            return one
    raise HTTPException(404)


def _own(request: Request) -> Account:
    account: Account = request.state.account
    return account


def _read(server: Server, own: str) -> tuple[list[ListedAccount], list[Invitation]]:
    with reading(server.data_dir.store) as db:
        with_factor = second_factor.accounts_with_factor(db)
        accounts = [
            ListedAccount(one.name, one.role, one.name == own, one.name in with_factor)
            for one in managers.every(db)
        ]
        return accounts, invitations.list_invitations(db, server.processor.clock())


async def _write(server: Server, work: Callable[[sqlite3.Connection], Any]) -> str:
    try:
        done: str = await server.processor.writer.call(work)
        return done
    except sqlite3.Error as error:
        raise HTTPException(503) from error
