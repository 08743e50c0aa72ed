"""Starts the server again from a page, and waits for it."""

from typing import ClassVar

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.restart import Between
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context

from .audit import note
from .forms import read_form
from .layout import card_page


class RestartingPage(Context, frozen=True):
    """A card that waits until the server is back, and then goes to `next_page`."""

    template: ClassVar[str] = "manager/restarting.html"

    next_page: str


async def restart_now(request: Request) -> Response:
    """Starts the server again, so that what waits for the next start takes effect."""
    await read_form(request)
    note(request, AuditAction.RESTARTED)
    return restarting(request, lambda: None, "/manager/settings")


def restarting(request: Request, between: Between, next_page: str) -> Response:
    """The card. Once it is on its way the server stops, does `between()`, and starts again."""

    async def restart() -> None:
        server_of(request).restart.ask(between)

    response = card_page(request, RestartingPage(next_page))
    response.background = BackgroundTask(restart)
    return response
