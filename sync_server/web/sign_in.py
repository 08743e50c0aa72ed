"""The manager comes and goes: one password for the store."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .manager import HOME, SIGN_IN, check_token, password_set_at, server_of, spoken_by, token
from .pages import page

LONGEST_PASSWORD = 1000


async def sign_in(request: Request) -> Response:
    """Asks for the password; after too many wrong ones tells how long to wait."""
    if request.method == "GET":
        return _ask(request)
    form = await request.form()
    check_token(request, form.get("token"))
    server = server_of(request)
    address = request.client.host if request.client else ""
    # One check at a time: guesses made at once must not slip past the pause that slows them down.
    async with request.app.state.one_at_a_time:
        right, wait_s = await server.doorman.check_password(
            address, str(form.get("password", ""))[:LONGEST_PASSWORD]
        )
    if not right:
        return _ask(request, 429 if wait_s else 401, wrong=True, wait_s=wait_s)
    language = request.session.get("language")
    request.session.clear()
    request.session["password_of"] = await asyncio.to_thread(password_set_at, server)
    if language:
        request.session["language"] = language
    return RedirectResponse(_wanted(request), 303)


async def sign_out(request: Request) -> Response:
    form = await request.form()
    check_token(request, form.get("token"))
    language = spoken_by(request)
    request.session.clear()
    request.session["language"] = language
    return RedirectResponse(f"{SIGN_IN}?out", 303)


def _ask(request: Request, status: int = 200, wrong: bool = False, wait_s: int = 0) -> Response:
    response = page(
        request,
        "sign_in.html",
        spoken_by(request),
        status,
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
