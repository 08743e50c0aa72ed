"""The first visit: no password comes with the product, so somebody chooses one. Once.

Who may: whoever sits at the server's own computer, and whoever holds the one-time link.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service import first_run, managers
from sync_server.service.accounts import AccountError

from . import mishaps
from .manager import FIRST_RUN, HOME, SIGN_IN, accounts_of, check_token, server_of, spoken_by, token
from .pages import page
from .private import at_this_computer
from .sign_in import LONGEST_PASSWORD, begin


async def choose(request: Request) -> Response:
    """Asks for the first password, and takes it."""
    server = server_of(request)
    if await asyncio.to_thread(accounts_of, server):
        return RedirectResponse(SIGN_IN, 303)
    code = request.path_params.get("code")
    allowed = (
        at_this_computer(request)
        if code is None
        else await asyncio.to_thread(first_run.fits, server.folder, code)
    )
    if not allowed:
        return mishaps.said(request, 403, "manager.first_run.closed_title", "manager.first_run.closed")
    if request.method == "GET":
        return _ask(request)
    form = await request.form()
    check_token(request, form.get("token"))
    password, again = (str(form.get(name, ""))[:LONGEST_PASSWORD] for name in ("password", "again"))
    if len(password) < managers.SHORTEST_PASSWORD:
        return _ask(request, 400, wrong="manager.first_run.short")
    if password != again:
        return _ask(request, 400, wrong="manager.first_run.differ")
    hashed = await asyncio.to_thread(managers.hash_password, password)
    now = server.shop.clock()
    try:
        await server.shop.store.call(lambda db: managers.add_first(db, hashed, now))
    except AccountError:  # somebody was faster
        return RedirectResponse(SIGN_IN, 303)
    await asyncio.to_thread(first_run.over, server.folder)
    (account,) = await asyncio.to_thread(accounts_of, server)
    begin(request, account)
    return RedirectResponse(HOME, 303)


def _ask(request: Request, status: int = 200, wrong: str = "") -> Response:
    return page(
        request,
        "first_run.html",
        spoken_by(request),
        status,
        wrong=wrong,
        shortest=managers.SHORTEST_PASSWORD,
        token=token(request),
        in_language=lambda code: f"?lang={code}",
    )


__all__ = ["FIRST_RUN", "choose"]
