"""What a person reads when a page cannot be shown: what happened and what to do, never a traceback."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from . import language, security
from .api import problem
from .manager import HOME, ONLY_LOOKS, server_of, spoken_by
from .pages import page, words_of

RETRY_S = 5

# Which words a status takes, elsewhere than on a shopper's page.
_WORDS = {
    400: "manager.error.date",
    403: "manager.error.stale",
    404: "manager.error.not_found",
    405: "manager.error.not_found",
    413: "manager.error.large",
}


async def refused(request: Request, error: Exception) -> Response:
    """A wrong address, a wrong day, a form too old."""
    assert isinstance(error, HTTPException)
    if request.url.path == "/control" or request.url.path.startswith("/api"):
        body = msgspec.json.encode({"error": HTTPStatus(error.status_code).phrase})
        return Response(body, error.status_code, media_type="application/json", headers=error.headers)
    say = words_of(_language(request)).say
    if request.url.path.startswith("/v/"):
        # A page that was open when its link died is drawn anew, and then reads the same.
        anew = {"HX-Refresh": "true"} if "hx-request" in request.headers else None
        return _calm(request, 404, say("phone.not_found.title"), say("phone.not_found.text"), headers=anew)
    known = "manager.error.only_looks" if error.detail == ONLY_LOOKS else _WORDS.get(error.status_code)
    text = say(known or "manager.error.server", value=error.detail)
    again = None
    if _of_manager(request):
        again = request.url.path if error.status_code == 400 else HOME
    return _calm(request, error.status_code, say("phone.error.title"), text, again, error.headers)


def said(request: Request, status: int, title: str, explained: str) -> Response:
    """A page that says these two texts, and leads nowhere."""
    say = words_of(_language(request)).say
    return _calm(request, status, say(title), say(explained))


async def gone(_request: Request, _error: Exception) -> Response:
    """Whoever asked has left in the middle of it: nobody reads this, and nothing is wrong here."""
    return Response(status_code=400)


async def unwell(request: Request, _error: Exception) -> Response:
    """The store cannot be read or written at the moment; nothing was done."""
    say = words_of(_language(request)).say
    again = request.url.path if request.method == "GET" else _without_last(request.url.path)
    headers = {"Retry-After": str(RETRY_S)}
    return _calm(request, 503, say("phone.error.title"), say("phone.error.text"), again, headers)


async def fault(request: Request, _error: Exception) -> Response:
    """A fault of our own. It goes to the log by itself."""
    say = words_of(_language(request)).say
    response = _calm(request, 500, say("phone.error.title"), say("phone.error.text"), request.url.path)
    # This answer is made outside all layers, so it gets its headers here.
    for name, value in security.HEADERS.items():
        response.headers.setdefault(name, value)
    return response


async def not_private(request: Request) -> Response:
    """The manager's pages, asked for over a network on which a password could be read."""
    if request.url.path.startswith("/api"):
        return problem(403, "the token could be read on this network; use https, see docs/api.md")
    return said(request, 403, "manager.error.not_private_title", "manager.error.not_private")


def _language(request: Request) -> str:
    if _of_manager(request) and "session" in request.scope:
        return spoken_by(request)
    spoken = server_of(request).shop.catalogue.store.languages
    return language.asked(request, spoken) or language.of_browser(request, spoken)


def _of_manager(request: Request) -> bool:
    return request.url.path.startswith("/manager")


def _calm(
    request: Request,
    status: int,
    title: str,
    explained: str,
    again: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    response = page(
        request,
        "stopped.html" if _of_manager(request) else "calm.html",
        _language(request),
        status,
        title=title,
        explained=explained,
        again=again,
        onward="manager.nav.today" if again == HOME and status < 500 else "common.again",
        in_language=lambda code: f"?lang={code}",
    )
    response.headers.update(headers or {})
    return response


def _without_last(path: str) -> str:
    """From a form's address back to the page it stands on."""
    return path.rsplit("/", 1)[0] or "/"
