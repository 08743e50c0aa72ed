"""Signing in and out: a password, and a name where there are several accounts."""

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.auth.managers import Account
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context

from .access import FIRST_RUN, HOME, SIGN_IN, all_accounts, has_manager, sessions_of, signed_in_account
from .forms import StaleForm, form_token, read_form
from .layout import card_page, manager_language

MAX_PASSWORD_LENGTH = 1000  # characters; the rest is cut off


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
    address = request.client.host if request.client else ""
    name = form.get("name", "")[:MAX_PASSWORD_LENGTH].strip()
    password = form.get("password", "")[:MAX_PASSWORD_LENGTH]
    account, wait_s = await server.credential_checker.check_password(address, password, name)
    if account is None:
        context = SignInPage(form_token(request), asks_name, name, True, wait_s, message)
        response = card_page(request, context, 429 if wait_s else 401)
        if wait_s:
            response.headers["Retry-After"] = str(wait_s)
        return response
    begin_session(request, account)
    return RedirectResponse(_page_asked_for(request), 303)


async def sign_out(request: Request) -> Response:
    """Ends the session. The language stays."""
    await read_form(request)
    language = manager_language(request)
    end_session(request)
    request.session["language"] = language
    return RedirectResponse(f"{SIGN_IN}?out", 303)


def begin_session(request: Request, account: Account) -> None:
    """Signs in. The session is a new one, so that a cookie from before the sign-in opens nothing."""
    language = request.session.get("language")
    end_session(request)
    request.session["session"] = sessions_of(request).begin(account, server_of(request).processor.clock())
    if language:
        request.session["language"] = language


def end_session(request: Request) -> None:
    """Signs out and forgets what the cookie holds."""
    sessions_of(request).end(request.session.get("session"))
    request.session.clear()


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
