"""Signing in and out: a password, and a name where there are several accounts."""

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth.managers import Account
from sync_server.service.auth.second_factor import find_factor
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context

from .access import (
    FIRST_RUN,
    HOME,
    SIGN_IN,
    all_accounts,
    begin_session,
    end_session,
    has_manager,
    signed_in_account,
)
from .audit import address_of, write_audit
from .forms import MAX_NAME_LENGTH, StaleForm, form_token, read_form
from .layout import card_page, manager_language
from .people.sign_in_code import CODE_STEP, KEY, half_sign_ins


class SignInPage(Context, frozen=True):
    """The form. `asks_name` where there are several accounts; `name` is what was typed before.

    `wrong` says that the last attempt failed, `wait_s` how many seconds there is none after too many.
    `message` is the key of a sentence above the form, which may be empty.
    """

    template: ClassVar[str] = "manager/sign_in.html"

    token: str
    asks_name: bool
    name: str = ""
    wrong: bool = False
    wait_s: int = 0
    message: str = ""


async def sign_in(request: Request) -> Response:
    """Shows the form and checks the password. After too many wrong ones it says how long to wait."""
    server = server_of(request)
    accounts = await asyncio.to_thread(all_accounts, server)
    if not accounts:
        return RedirectResponse(FIRST_RUN, 303)
    asks_name, message = len(accounts) > 1, _message(request, accounts)
    if request.method == "GET":
        return card_page(request, SignInPage(form_token(request), asks_name, message=message))
    try:
        form = await read_form(request)
    except StaleForm:
        # Perhaps in another tab, since this one was opened.
        if await asyncio.to_thread(signed_in_account, request, True):
            return RedirectResponse(_page_asked_for(request), 303)
        context = SignInPage(form_token(request), asks_name, message="manager.sign_in.once_more")
        return card_page(request, context, 400)
    address = address_of(request)
    name = form.get("name", "")[:MAX_NAME_LENGTH].strip()
    password = form.get("password", "")
    account, wait_s = await server.credential_checker.check_password(address, password, name)
    if account is None:
        await write_audit(request, (AuditAction.SIGN_IN_REFUSED, ""), name)
        context = SignInPage(form_token(request), asks_name, name, True, wait_s, message)
        response = card_page(request, context, 429 if wait_s else 401)
        if wait_s:
            response.headers["Retry-After"] = str(wait_s)
        return response
    if await asyncio.to_thread(_has_factor, request, account.name):
        half = half_sign_ins(request).begin(account, server.processor.clock(), _page_asked_for(request))
        language = request.session.get("language")
        end_session(request)  # an earlier sign-in is over, whatever comes of the code
        request.session.update({KEY: half} | ({"language": language} if language else {}))
        return RedirectResponse(CODE_STEP, 303)
    begin_session(request, account)
    await write_audit(request, (AuditAction.SIGNED_IN, ""), account.name)
    return RedirectResponse(_page_asked_for(request), 303)


def _has_factor(request: Request, name: str) -> bool:
    with reading(server_of(request).data_dir.store) as db:
        return find_factor(db, name) is not None


async def sign_out(request: Request) -> Response:
    """Ends the session. The language stays."""
    await read_form(request)
    language = manager_language(request)
    account = await asyncio.to_thread(signed_in_account, request)
    if account is not None:
        await write_audit(request, (AuditAction.SIGNED_OUT, ""), account.name)
    end_session(request)
    request.session["language"] = language
    # What the browser has kept of the pages goes too; the cookie stays, for the language.
    return RedirectResponse(f"{SIGN_IN}?out", 303, {"Clear-Site-Data": '"cache", "storage"'})


def _message(request: Request, accounts: Iterable[Account]) -> str:
    """Why somebody is here who was signed in before, or that only a manager is missing."""
    if not has_manager(accounts):
        return "manager.sign_in.no_manager"
    if "out" in request.query_params:
        return "manager.sign_in.signed_out"
    return "manager.sign_in.ended" if "ended" in request.query_params else ""


def _page_asked_for(request: Request) -> str:
    """The page that was asked for before the sign-in, if it is one of the manager's."""
    wanted = request.query_params.get("next", HOME)
    return wanted if wanted.startswith("/manager/") else HOME
