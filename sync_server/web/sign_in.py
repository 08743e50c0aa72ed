"""Whoever may see the manager's pages comes and goes: a password, and a name where there are several."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.managers import Account

from .manager import FIRST_RUN, HOME, SIGN_IN, accounts_of, check_token, server_of, spoken_by, token
from .pages import page

LONGEST_PASSWORD = 1000


async def sign_in(request: Request) -> Response:
    """Asks for the password; after too many wrong ones tells how long to wait."""
    accounts = await asyncio.to_thread(accounts_of, server_of(request))
    if not accounts:
        return RedirectResponse(FIRST_RUN, 303)
    names = len(accounts) > 1
    if request.method == "GET":
        return _ask(request, names)
    form = await request.form()
    check_token(request, form.get("token"))
    server = server_of(request)
    address = request.client.host if request.client else ""
    name = str(form.get("name", ""))[:LONGEST_PASSWORD].strip()
    password = str(form.get("password", ""))[:LONGEST_PASSWORD]
    account, wait_s = await server.doorman.check_password(address, password, name)
    if account is None:
        return _ask(request, names, 429 if wait_s else 401, name, wrong=True, wait_s=wait_s)
    begin(request, account)
    return RedirectResponse(_wanted(request), 303)


def begin(request: Request, account: Account) -> None:
    """Signs in: whatever was known of this browser before, its session is a new one."""
    language = request.session.get("language")
    end(request)
    request.session["session"] = request.app.state.sessions.begin(account, server_of(request).shop.clock())
    if language:
        request.session["language"] = language


def end(request: Request) -> None:
    request.app.state.sessions.end(request.session.get("session"))
    request.session.clear()


async def sign_out(request: Request) -> Response:
    form = await request.form()
    check_token(request, form.get("token"))
    language = spoken_by(request)
    end(request)
    request.session["language"] = language
    return RedirectResponse(f"{SIGN_IN}?out", 303)


def _ask(
    request: Request, names: bool, status: int = 200, name: str = "", wrong: bool = False, wait_s: int = 0
) -> Response:
    response = page(
        request,
        "sign_in.html",
        spoken_by(request),
        status,
        names=names,
        name=name,
        wrong=wrong,
        wait_s=wait_s,
        out="out" in request.query_params,
        token=token(request),
        in_language=lambda code: f"?lang={code}",
    )
    if wait_s:
        response.headers["Retry-After"] = str(wait_s)
    return response


def _wanted(request: Request) -> str:
    """The page that was asked for before the sign-in; only ever one of the manager's."""
    wanted = request.query_params.get("next", HOME)
    return wanted if wanted.startswith("/manager/") else HOME
