"""What the manager's pages have in common: who may see them, their language, and the frame around them."""

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sync_server.domain.roles import Deed, may
from sync_server.domain.visit import IN_LINE
from sync_server.service import managers
from sync_server.service.managers import Account
from sync_server.service.server import Server
from sync_server.service.store import reading

from . import language, security
from .pages import draw, page
from .session import Sessions
from .sse import Render

SIGN_IN = "/manager/sign-in"
FIRST_RUN = "/manager/first-run"
HOME = "/manager/today"
ONLY_LOOKS = "only looks"  # why somebody signed in may not do something

Endpoint = Callable[[Request], Awaitable[Response]]


def server_of(request: Request) -> Server:
    server: Server = request.app.state.server
    return server


def signed_in(endpoint: Endpoint, deed: Deed = Deed.LOOK) -> Endpoint:
    """Lets through who may do `deed`; whoever is not signed in is led there, and back here afterwards.

    Raises 403 for somebody who is signed in and may not.
    """

    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        account = await asyncio.to_thread(still_in, request, "hx-request" not in request.headers)
        if account is None:
            return _to_sign_in(request)
        if not may(account.role, deed):
            raise HTTPException(403, ONLY_LOOKS)
        request.state.account = account
        return await endpoint(request)

    return guarded


def still_in(request: Request, by_person: bool = False) -> Account | None:
    """Who is signed in, as the store knows them this moment. `by_person`: keeps the session going."""
    server = server_of(request)
    sessions: Sessions = request.app.state.sessions
    session = sessions.find(request.session.get("session"), server.shop.clock(), by_person)
    if session is None:
        return None
    with reading(server.folder.store) as db:
        account = managers.find(db, session.account)
    return account if account is not None and account.set_at == session.password_of else None


def while_signed_in(request: Request, render: Render) -> Render:
    """The news of a page, until whoever asked for them is no longer signed in."""

    async def guarded() -> tuple[str, bool]:
        if await asyncio.to_thread(still_in, request) is None:
            return "", True
        return await render()

    return guarded


def may_do(request: Request, deed: Deed) -> bool:
    """Whether whoever asked for this page may do this as well: what to show them."""
    account: Account = request.state.account
    return may(account.role, deed)


def accounts_of(server: Server) -> list[Account]:
    with reading(server.folder.store) as db:
        return managers.every(db)


def _to_sign_in(request: Request) -> Response:
    if "hx-request" in request.headers:  # a page left open over night renews a part of itself
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{SIGN_IN}?{urlencode({'next': request.url.path + query})}", 303)


def token(request: Request) -> str:
    """The session's token, which every form carries: another site cannot know it."""
    if "token" not in request.session:
        request.session["token"] = secrets.token_urlsafe(16)
    return str(request.session["token"])


def check_token(request: Request, given: object) -> None:
    """Raises 403 for a form that was not drawn for this session."""
    known = str(request.session.get("token", ""))
    if (
        security.came_from_elsewhere(request)
        or not known
        or not hmac.compare_digest(known.encode(), str(given).encode())
    ):
        raise HTTPException(403)


def spoken_by(request: Request) -> str:
    """The manager's language: the one just asked for, from then on; else the browser's."""
    spoken = server_of(request).shop.catalogue.store.languages
    wanted = language.asked(request, spoken)
    if wanted is not None and request.session.get("language") != wanted:
        request.session["language"] = wanted
    chosen = wanted or request.session.get("language")
    return chosen if chosen in spoken else language.of_browser(request, spoken)


def framed(request: Request, template: str, here: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page of the manager's in its frame; `here` is its entry in the navigation."""

    def in_language(code: str) -> str:
        return f"?{urlencode({**request.query_params, 'lang': code})}"

    return page(
        request,
        template,
        spoken_by(request),
        status,
        here=here,
        token=token(request),
        in_language=in_language,
        **_notices(server_of(request)),
        **values,
    )


async def notice(request: Request) -> Response:
    """What needs the manager's care now, for the pages that renew it by themselves."""
    server = server_of(request)
    return HTMLResponse(draw(server, "notice.html", spoken_by(request), **_notices(server)))


def _notices(server: Server) -> dict[str, object]:
    shop = server.shop
    late = [v for v in shop.floor.open_visits() if v.alerted_at is not None and v.state in IN_LINE]
    late.sort(key=lambda v: v.created_at)
    return {
        "unwell": shop.mending.unwell,
        "late": late,
        "late_for": [(shop.clock() - v.created_at) / 1000 for v in late],
    }
