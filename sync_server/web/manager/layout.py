"""Renders the manager's pages: in the frame with the navigation, or as one card in the middle."""

from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sync_server.domain.permissions import Permission
from sync_server.service.clock import ClockDoubt
from sync_server.service.settings import first_steps
from sync_server.service.storage.errors import StoreFault
from sync_server.service.upkeep.finding import FindingKind
from sync_server.web.http.app_state import server_of
from sync_server.web.http.language import browser_language, requested_language
from sync_server.web.http.templates import (
    Context,
    LanguageLinks,
    MessageContext,
    html_page,
    render,
    texts_of,
)

from .access import SIGN_IN, has_permission, path_and_query
from .forms import form_token
from .late_visits import LateVisits, late_visits
from .repair_texts import sentence_of

# The notices say these in sentences of their own.
_SAID_ALREADY = frozenset({FindingKind.BACKUP_FAILED, FindingKind.CLOCK_DOUBT, FindingKind.SETTINGS})


class Notices(Context, frozen=True):
    """What needs the manager's attention now, on every page.

    `late` are the visits in line that the manager was alerted about. `store_fault` is why nothing can be
    saved.
    With `clock_doubt` the store does not go by the computer's clock; `clocks` are the computer's and its own.
    `urgent_repairs` are others, each in one sentence.
    With `settings_unreadable` the file of the settings cannot be used, and those of before go on.
    With `backup_failed` the latest nightly backup failed; `latest_backup` is when the one before it was made.
    """

    template: ClassVar[str] = "manager/notices.html"

    store_fault: StoreFault | None
    clock_doubt: ClockDoubt | None
    clocks: tuple[datetime, datetime] | None
    settings_unreadable: bool
    backup_failed: bool
    latest_backup: datetime | None
    urgent_repairs: list[str]
    late: LateVisits
    token: str
    may_manage: bool


class Frame(Struct, frozen=True):
    """The frame around a page.

    `here` is the page's entry in the navigation, `token` that of the forms. `sign_in_again` is where the page
    goes when the session has ended. `steps_left` are those of setting up a new shop.
    """

    here: str
    token: str
    sign_in_again: str
    steps_left: int


class ManagerMessage(MessageContext, frozen=True):
    """A card with a message."""

    template: ClassVar[str] = "manager/message.html"


def manager_language(request: Request) -> str:
    """The language just asked for, then kept in the session; without one, the browser's."""
    languages = server_of(request).processor.catalogue.store.languages
    requested = requested_language(request, languages)
    if requested is not None and request.session.get("language") != requested:
        request.session["language"] = requested
    chosen = requested or request.session.get("language")
    return chosen if chosen in languages else browser_language(request, languages)


def framed_page(
    request: Request, here: str, context: Context, status: int = 200, *more: Struct
) -> HTMLResponse:
    """A page in the frame; `here` is its entry in the navigation, `more` the contexts of its pieces."""

    def in_language(code: str) -> str:
        return f"?{urlencode({**request.query_params, 'lang': code})}"

    page = path_and_query(request) if request.method == "GET" else f"/manager/{here}"
    left = len(first_steps.remaining(server_of(request).data_dir))
    frame = Frame(here, form_token(request), f"{SIGN_IN}?{urlencode({'ended': '', 'next': page})}", left)
    around = (*more, frame, notices(request), LanguageLinks(in_language))
    return html_page(request, manager_language(request), status, context, *around)


def card_page(request: Request, context: Context, status: int = 200) -> HTMLResponse:
    """A page that is one card in the middle."""
    links = LanguageLinks(in_language=lambda code: f"?lang={code}")
    return html_page(request, manager_language(request), status, context, links)


async def notices_now(request: Request) -> Response:
    """The notices alone, for pages that renew them from time to time."""
    return HTMLResponse(render(server_of(request), manager_language(request), notices(request)))


def notices(request: Request) -> Notices:
    """What needs attention at this moment."""
    server = server_of(request)
    processor = server.processor
    doubt, local = server.clock.doubt, processor.catalogue.local
    backups, latest = server.backup_scheduler, server.backup_scheduler.latest_made
    return Notices(
        store_fault=processor.recovery.write_error,
        clock_doubt=doubt,
        clocks=None if doubt is None else (local(doubt.computer), local(doubt.store)),
        settings_unreadable=server.live_settings.problem is not None,
        backup_failed=backups.problem is not None,
        latest_backup=None if latest is None else processor.catalogue.local(latest),
        urgent_repairs=_urgent_repairs(request),
        late=late_visits(processor.floor, processor.clock()),
        token=form_token(request),
        may_manage=has_permission(request, Permission.MANAGE),
    )


def _urgent_repairs(request: Request) -> list[str]:
    texts = texts_of(manager_language(request))
    return [
        sentence_of(repair, texts)
        for repair in server_of(request).repairs.urgent()
        if repair.finding.kind not in _SAID_ALREADY
    ]
