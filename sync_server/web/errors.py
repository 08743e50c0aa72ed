"""Answers when a page cannot be shown: says what happened and what to do, never shows a traceback."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sync_server.web.api.v1.problems import ProblemCode, problem, problem_of_status
from sync_server.web.api.v1.routes import BASE
from sync_server.web.http.app_state import server_of
from sync_server.web.http.json_answers import json_answer, json_error
from sync_server.web.http.language import browser_language, requested_language
from sync_server.web.http.security import HEADERS
from sync_server.web.http.templates import LanguageLinks, html_page, texts_of
from sync_server.web.manager.access import HOME, ONLY_LOOKS
from sync_server.web.manager.day_span import InvalidAddress
from sync_server.web.manager.devices.device_list import DEVICE, DEVICES
from sync_server.web.manager.forms import StaleForm
from sync_server.web.manager.layout import ManagerMessage, manager_language
from sync_server.web.shopper.pages import ShopperMessage

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5

# The text for each status, on all but the shoppers' pages.
_TEXTS = {
    400: "manager.error.date",
    403: "manager.error.stale",
    404: "manager.error.not_found",
    405: "manager.error.not_found",
    413: "manager.error.large",
}


async def on_http_error(request: Request, error: Exception) -> Response:
    """A status that a page raised: unknown address, wrong date, expired form."""
    assert isinstance(error, HTTPException)
    if _is_for_program(request):
        return problem_of_status(error.status_code, dict(error.headers or {}))
    if request.url.path.startswith("/api"):
        return json_answer({"error": HTTPStatus(error.status_code).phrase}, error.status_code, error.headers)
    say = texts_of(_language(request)).say
    if request.url.path.startswith("/v/"):
        return _message_page(request, 404, say("phone.not_found.title"), say("phone.not_found.text"))
    key = _TEXTS.get(error.status_code, "manager.error.server")
    if isinstance(error, InvalidAddress):
        key = error.text_key
    if error.detail == ONLY_LOOKS:
        key = "manager.error.only_looks"
    link = None
    if _is_manager_page(request):
        link = request.url.path if error.status_code == 400 else HOME
        if isinstance(error, StaleForm) and request.url.path.startswith(DEVICE):
            link = DEVICES
    sentence = say(key, value=error.detail)
    return _message_page(request, error.status_code, say("phone.error.title"), sentence, link, error.headers)


async def on_disconnect(_request: Request, _error: Exception) -> Response:
    """The client has closed the connection: nobody reads the answer, and nothing is wrong here."""
    return Response(status_code=400)


async def on_store_unavailable(request: Request, error: Exception) -> Response:
    """The database cannot be read or written at the moment. Nothing was done."""
    log.warning("a page could not be shown, or a form not done: %s", error)  # no path: it may hold a link
    if _is_for_program(request):
        return problem_of_status(503, {"Retry-After": str(RETRY_AFTER_S)})
    say = texts_of(_language(request)).say
    link = request.url.path if request.method == "GET" else _page_of_form(request.url.path)
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return _message_page(request, 503, say("phone.error.title"), say("phone.error.text"), link, headers)


async def on_exception(request: Request, _error: Exception) -> Response:
    """A bug. Starlette logs it with its traceback."""
    say = texts_of(_language(request)).say
    link = request.url.path
    if _is_for_program(request):
        response = problem_of_status(500)
    else:
        response = _message_page(request, 500, say("phone.error.title"), say("phone.error.text"), link)
    for name, value in HEADERS.items():  # this answer passes no middleware
        response.headers.setdefault(name, value)
    return response


async def refuse_insecure(request: Request) -> Response:
    """The manager's pages or the API over a network where a password could be read."""
    if _is_for_program(request):
        return problem(
            ProblemCode.NOT_PRIVATE,
            "the token could be read on this network; use https, see docs/reference/api.md",
        )
    if request.url.path.startswith("/api"):
        return json_error(
            403, "the token could be read on this network; use https, see docs/reference/api.md"
        )
    say = texts_of(_language(request)).say
    title, sentence = say("manager.error.not_private_title"), say("manager.error.not_private")
    return _message_page(request, 403, title, sentence)


def _is_for_program(request: Request) -> bool:
    return request.url.path.startswith(BASE)


def _language(request: Request) -> str:
    if _is_manager_page(request) and "session" in request.scope:
        return manager_language(request)
    languages = server_of(request).processor.catalogue.store.languages
    return requested_language(request, languages) or browser_language(request, languages)


def _is_manager_page(request: Request) -> bool:
    return request.url.path.startswith("/manager")


def _message_page(
    request: Request,
    status: int,
    title: str,
    sentence: str,
    link: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    headers = dict(headers or {})
    if request.url.path.startswith("/wall"):
        headers["Refresh"] = str(RETRY_AFTER_S)  # nobody taps on a wall display
    link_text = "manager.nav.today" if link == HOME and status < 500 else "common.again"
    kind = ManagerMessage if _is_manager_page(request) else ShopperMessage
    message = kind(title, sentence, link, link_text)
    links = LanguageLinks(in_language=lambda code: f"?lang={code}")
    response = html_page(request, _language(request), status, message, links)
    response.headers.update(headers)
    return response


def _page_of_form(path: str) -> str:
    """The page with the form that is sent to `path`."""
    return path.rsplit("/", 1)[0] or "/"
