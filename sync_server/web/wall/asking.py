"""A screen that wants to be a wall display: it shows a code until a manager has typed it."""

from typing import ClassVar

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sync_server.service.enrol.wall_requests import WallRequests
from sync_server.web.http.app_state import server_of
from sync_server.web.http.language import browser_language, requested_language
from sync_server.web.http.qr_code import qr_svg
from sync_server.web.http.templates import Context, html_page

from .display import WALL


class AskingPage(Context, frozen=True):
    """The code, or that too many screens ask (`code` is empty). `now` is where the page asks again.

    `qr_code` leads to the manager's page with the code; None where a phone could not open that page.
    """

    template: ClassVar[str] = "wall/asking.html"

    code: str
    now: str
    qr_code: Markup | None


async def begin(request: Request) -> Response:
    """A screen begins to ask."""
    asked = _requests(request).ask(_address(request), server_of(request).processor.clock())
    return _page(request) if asked is None else RedirectResponse(f"{WALL}/asking/{asked.id}", 303)


async def asking(request: Request) -> Response:
    """The page with the code. Once a manager has typed it, the screen goes to its own page."""
    found = _requests(request).find(request.path_params["request"], server_of(request).processor.clock())
    if found is None:
        return RedirectResponse(WALL, 303)
    if found.token is not None:
        return RedirectResponse(f"{WALL}/{found.token}", 303)
    return _page(request, found.code)


async def asking_now(request: Request) -> Response:
    """Where the screen goes now: its own page, a new code, or nowhere (null)."""
    found = _requests(request).find(request.path_params["request"], server_of(request).processor.clock())
    to = WALL if found is None else f"{WALL}/{found.token}" if found.token else None
    return JSONResponse({"to": to})


def _page(request: Request, code: str = "") -> Response:
    server = server_of(request)
    languages = server.processor.catalogue.store.languages
    language = requested_language(request, languages) or browser_language(request, languages)
    can_scan = request.url.scheme == "https" or server.settings.server.accepts_reading
    devices = f"{request.base_url}manager/devices?wall={code.replace(' ', '')}"
    context = AskingPage(code, f"{request.url.path}/now", qr_svg(devices) if code and can_scan else None)
    response = html_page(request, language, 200 if code else 503, context)
    if not code:
        response.headers["Refresh"] = "15"
    return response


def _requests(request: Request) -> WallRequests:
    requests: WallRequests = request.app.state.wall_requests
    return requests


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
