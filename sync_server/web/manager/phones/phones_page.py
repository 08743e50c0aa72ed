"""The page Phones: a code to try on a phone, what came of it, and what to do if nothing does."""

import asyncio
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from urllib.parse import urlsplit

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sync_server.addresses import parse_listen_address
from sync_server.network_addresses import is_loopback
from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth.managers import Account
from sync_server.service.config.load import SettingsError
from sync_server.service.net import tls
from sync_server.service.server import Server
from sync_server.service.settings.settings_document import LaidOutOtherwise
from sync_server.service.settings.settings_file import NotSaved, SettingsChanged
from sync_server.web.http.app_state import server_of
from sync_server.web.http.language import browser_language, requested_language
from sync_server.web.http.qr_code import qr_svg
from sync_server.web.http.templates import (
    Context,
    LanguageLinks,
    MessageContext,
    html_page,
    render,
    texts_of,
)
from sync_server.web.manager.audit import address_of, device_of, note
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page, manager_language

from .phone_try import PhoneTries

PHONES = "/manager/phones"
TRY = "/try"
EVERY_ADDRESS = "0.0.0.0"  # of this computer


class Reach(StrEnum):
    """How far the pages can be reached, as far as the settings say. `manager.phones.answer.*` says it."""

    NOWHERE = "nowhere"  # they answer on this computer only, and no address for phones is set
    BEHIND = "behind"  # they answer on this computer only: a proxy must be between
    NO_ADDRESS = "no_address"  # they answer on the network, but no address for phones is set
    READY = "ready"


class PhonesStatus(Context, frozen=True):
    """The piece of the page that renews itself: what came of the code.

    `opened` is when it was opened, None if it was not; `here`: by this computer itself, so by no phone.
    """

    template: ClassVar[str] = "manager/phones/status.html"

    opened: datetime | None
    address: str
    device: str
    here: bool


class PhonesPage(Context, frozen=True):
    """The page. `url` is the address in the QR code, and begins with `base`; there may be none to try.

    `proposed` is the address that the settings could have, empty where they have one. `certificate_until` is
    of the server's own certificate, None without one; `secure`: the address begins with https.
    `problem` is the key of why the address could not be saved. `at_next_start` are the settings that wait for
    the next start of the server.
    """

    template: ClassVar[str] = "manager/phones/phones.html"

    token: str
    reach: Reach
    url: str
    base: str
    qr_code: Markup | None
    proposed: str
    secure: bool
    certificate_until: datetime | None
    host: str
    problem: str
    at_next_start: tuple[str, ...]


class PhoneMessage(MessageContext, frozen=True):
    """What a phone shows that has opened the code: it looks like the shoppers' pages."""

    template: ClassVar[str] = "manager/phones/opened.html"


async def page(request: Request) -> Response:
    """The page."""
    return await _page(request)


async def _page(request: Request, problem: str = "") -> Response:
    server = server_of(request)
    url, until = address_to_try(server), await asyncio.to_thread(_certificate_until, server)
    path = f"{TRY}/{_tries(request).code_of(_own(request).name, server.processor.clock())}"
    context = PhonesPage(
        form_token(request),
        reach_of(server),
        f"{url}{path}" if url else "",
        url,
        qr_svg(f"{url}{path}") if url else None,
        "" if server.settings.store.public_url else url,
        url.startswith("https://"),
        until,
        urlsplit(url).hostname or "",
        problem,
        server.live_settings.at_next_start,
    )
    return framed_page(request, "settings", context, 400 if problem else 200, _status(request))


async def status_now(request: Request) -> Response:
    """The piece of the page alone."""
    return HTMLResponse(render(server_of(request), manager_language(request), _status(request)))


async def change(request: Request) -> Response:
    """Has the pages answer in the network, takes the tried address as the tickets', or begins a new try."""
    server, form = server_of(request), await read_form(request)
    url, todo = address_to_try(server), form.get("do")
    if todo == "listen" and reach_of(server) is Reach.NOWHERE:
        port = parse_listen_address(server.pages.web).port
        return await _set(request, "server.web", f"{EVERY_ADDRESS}:{port}")
    if todo == "use_address" and url and not server.settings.store.public_url:
        return await _set(request, "store.public_url", url)
    _tries(request).forget(_own(request).name)
    return RedirectResponse(PHONES, 303)


async def _set(request: Request, key: str, value: str) -> Response:
    live = server_of(request).live_settings
    try:
        await live.change(lambda document: document.set(key, value), live.current.version, _own(request).name)
    except (SettingsError, SettingsChanged, NotSaved, LaidOutOtherwise):
        return await _page(request, "manager.phones.not_saved")
    note(request, AuditAction.SETTINGS_CHANGED, key)
    return RedirectResponse(PHONES, 303)


async def opened(request: Request) -> Response:
    """A phone has opened the code: says so to whoever holds it, and to the page."""
    server = server_of(request)
    found = _tries(request).opened(
        request.path_params["code"], server.processor.clock(), address_of(request), device_of(request)
    )
    languages = server.processor.catalogue.store.languages
    language = requested_language(request, languages) or browser_language(request, languages)
    say, links = texts_of(language).say, LanguageLinks(in_language=lambda code: f"?lang={code}")
    if not found:
        too_old = PhoneMessage(say("manager.phones.try_old_title"), say("manager.phones.try_old"))
        return html_page(request, language, 404, too_old, links)
    works = PhoneMessage(say("manager.phones.try_title"), say("manager.phones.try_text"))
    return html_page(request, language, 200, works, links)


def reach_of(server: Server) -> Reach:
    """How far the pages can be reached, by the settings."""
    only_here = is_loopback(parse_listen_address(server.pages.web).host)
    address = server.settings.store.public_url
    if address and is_loopback(urlsplit(address).hostname or ""):
        address = ""
    if only_here:
        return Reach.BEHIND if address else Reach.NOWHERE
    return Reach.READY if address else Reach.NO_ADDRESS


def address_to_try(server: Server) -> str:
    """The address of the pages for phones: that of the settings, or the one in the network, or empty."""
    if server.settings.store.public_url:
        return server.settings.store.public_url.rstrip("/")
    return "" if is_loopback(parse_listen_address(server.pages.web).host) else server.pages.network


def _status(request: Request) -> PhonesStatus:
    server, tries = server_of(request), _tries(request)
    found = tries.find(tries.code_of(_own(request).name, server.processor.clock()))
    if found is None or found.opened_at is None:
        return PhonesStatus(None, "", "", False)
    own_host, _ = request.scope.get("server") or ("", 0)
    here = is_loopback(found.address) or found.address == own_host
    return PhonesStatus(server.processor.catalogue.local(found.opened_at), found.address, found.device, here)


def _certificate_until(server: Server) -> datetime | None:
    if server.tls is None:
        return None
    ends = tls.valid_until(server.tls.certificate)
    return server.processor.catalogue.local(int(ends.timestamp() * 1000))


def _tries(request: Request) -> PhoneTries:
    found: PhoneTries = request.app.state.phone_tries
    return found


def _own(request: Request) -> Account:
    account: Account = request.state.account
    return account
