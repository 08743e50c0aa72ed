"""One's own account: another password, the second factor, and where one is signed in."""

import asyncio
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth import managers, second_factor
from sync_server.service.auth.managers import Account, CommonPassword
from sync_server.service.auth.second_factor import SecondFactor
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.store_clock import wall_clock
from sync_server.web.http.app_state import server_of
from sync_server.web.http.qr_code import qr_svg
from sync_server.web.http.templates import Context
from sync_server.web.manager.access import begin_session, sessions_of
from sync_server.web.manager.audit import address_of, note
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page

from .accounts_page import ListedSession, listed_sessions
from .join import problem_of

OWN_ACCOUNT = "/manager/account"
FACTOR = f"{OWN_ACCOUNT}/second-step"


class OwnAccountPage(Context, frozen=True):
    """The page. `problem` is the key of what was wrong with the new password; `done` of what was done.

    `factor_since` is when the second factor was added, None without one; `codes_left` its recovery codes.
    `clock_off` is by how many seconds the phone's clock is wrong, as the last sign-in showed.
    """

    template: ClassVar[str] = "manager/people/own_account.html"

    token: str
    name: str
    role: str
    min_length: int
    factor_since: datetime | None
    codes_left: int
    sessions: list[ListedSession]
    problem: str
    done: str
    clock_off: int


class FactorPage(Context, frozen=True):
    """How the second factor is added: the QR code and the secret for the app, then the first code.

    `problem` is the key of what was wrong with the code, `minutes` by how much the phone's clock is off.
    """

    template: ClassVar[str] = "manager/people/second_step.html"

    token: str
    qr_code: Markup
    secret: str
    problem: str
    minutes: int


class RecoveryPage(Context, frozen=True):
    """The recovery codes, which are shown once."""

    template: ClassVar[str] = "manager/people/recovery.html"

    codes: list[str]


async def page(request: Request) -> Response:
    """The page."""
    query = request.query_params
    done = next((key for key in ("password", "factor", "removed", "recovery") if key in query), "")
    return await _page(request, done=f"manager.account.done.{done}" if done else "")


async def _page(request: Request, problem: str = "", done: str = "") -> Response:
    server, account = server_of(request), _own(request)
    factor, left = await asyncio.to_thread(_read, server, account.name)
    context = OwnAccountPage(
        form_token(request),
        account.name,
        account.role.value,
        managers.MIN_PASSWORD_LENGTH,
        server.processor.catalogue.local(factor.since) if factor else None,
        left,
        listed_sessions(request, account.name),
        problem,
        done,
        int(request.session.pop("off_s", 0)) if "clock" in request.query_params else 0,
    )
    return framed_page(request, "account", context, 400 if problem else 200)


async def change_password(request: Request) -> Response:
    """Takes a new password, with the old one. Every other sign-in of the account ends."""
    server, account, form = server_of(request), _own(request), await read_form(request)
    old, password, again = (form.get(key, "") for key in ("old", "password", "again"))
    if problem := problem_of(password, again):
        return await _page(request, problem)
    found, wait_s = await server.credential_checker.check_password(address_of(request), old, account.name)
    if found is None:
        return await _page(request, "manager.account.wait" if wait_s else "manager.account.wrong_old")
    try:
        hashed = await asyncio.to_thread(
            managers.hash_manager_password, password, account.name, server.settings.store.name
        )
    except CommonPassword:
        return await _page(request, "manager.first_run.common")
    now = server.processor.clock()
    await server.processor.writer.call(lambda db: managers.set_password(db, hashed, now, account.name))
    begin_session(request, await asyncio.to_thread(_account, server, account.name))
    note(request, AuditAction.PASSWORD_CHANGED)
    return RedirectResponse(f"{OWN_ACCOUNT}?password", 303)


async def end_own_session(request: Request) -> Response:
    """Ends one of one's own sign-ins."""
    await read_form(request)
    n, name = int(request.path_params["n"]), _own(request).name
    if any(one.n == n for one in listed_sessions(request, name)):
        sessions_of(request).end_number(n)
        note(request, AuditAction.SESSION_ENDED, name)
    return RedirectResponse(OWN_ACCOUNT, 303)


async def add_factor(request: Request) -> Response:
    """Shows what the app needs, and adds the factor once the app's first code is right."""
    server, account = server_of(request), _own(request)
    offered: dict[str, str] = request.app.state.offered_secrets
    key = str(request.session.get("session"))
    if request.method == "GET":
        while len(offered) >= 100:
            del offered[next(iter(offered))]
        offered[key] = second_factor.new_secret()
        return _factor_page(request, offered[key])
    form = await read_form(request)
    if (secret := offered.get(key)) is None:
        return RedirectResponse(FACTOR, 303)
    if server.credential_checker.code_wait_s(account.name):
        return _factor_page(request, secret, "manager.account.wait")
    now = wall_clock() if server.processor.pace > 1 else server.clock()
    result = second_factor.check_code(secret, form.get("code", "")[:40], 0, now)
    if not result.accepted:
        server.credential_checker.code_failed(account.name)
        problem = "manager.code.clock" if result.off_s else "manager.code.wrong"
        return _factor_page(request, secret, problem, round(abs(result.off_s) / 60))
    codes = second_factor.new_recovery_codes()
    hashes = await asyncio.to_thread(lambda: [second_factor.hash_recovery_code(code) for code in codes])
    factor = SecondFactor(secret, server.processor.clock(), result.step)
    await server.processor.writer.call(lambda db: second_factor.add_factor(db, account.name, factor, hashes))
    offered.pop(key, None)
    note(request, AuditAction.FACTOR_ADDED)
    return framed_page(request, "account", RecoveryPage(codes))


async def remove_factor(request: Request) -> Response:
    """Removes one's own second factor."""
    await read_form(request)
    name = _own(request).name
    await server_of(request).processor.writer.call(lambda db: second_factor.remove_factor(db, name))
    note(request, AuditAction.FACTOR_REMOVED, name)
    return RedirectResponse(f"{OWN_ACCOUNT}?removed", 303)


def _factor_page(request: Request, secret: str, problem: str = "", minutes: int = 0) -> Response:
    shop = server_of(request).processor.catalogue.store.name
    picture = qr_svg(second_factor.app_address(secret, _own(request).name, shop))
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    context = FactorPage(form_token(request), picture, grouped, problem, minutes)
    return framed_page(request, "account", context, 400 if problem else 200)


def _own(request: Request) -> Account:
    account: Account = request.state.account
    return account


def _read(server: Server, name: str) -> tuple[SecondFactor | None, int]:
    with reading(server.data_dir.store) as db:
        return second_factor.find_factor(db, name), len(second_factor.recovery_codes(db, name))


def _account(server: Server, name: str) -> Account:
    with reading(server.data_dir.store) as db:
        found = managers.find(db, name)
    assert found is not None, "it is signed in"
    return found
