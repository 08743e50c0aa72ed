"""The page Webhooks: who is told of what, and what was sent lately."""

from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.config.outside import WebhookSettings
from sync_server.service.webhooks import webhook_outbox
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page
from sync_server.web.manager.settings.saving import SETTINGS

from .delivery_log import SHOWN, ShownDelivery, delivery_place, shown_deliveries
from .store_access import read_store, write_store

WEBHOOKS = f"{SETTINGS}/webhooks"


class ListedWebhook(Struct, frozen=True):
    """A target, and how its latest delivery went; None before the first."""

    webhook: WebhookSettings
    latest: ShownDelivery | None


class WebhooksPage(Context, frozen=True):
    """The page."""

    template: ClassVar[str] = "manager/connections/webhooks.html"

    token: str
    webhooks: list[ListedWebhook]
    deliveries: list[ShownDelivery]
    saved: bool


async def page(request: Request) -> Response:
    """The page."""
    server = server_of(request)
    targets = server.live_settings.current.settings.webhooks
    log, latest = await read_store(
        request,
        lambda db: (
            webhook_outbox.log_of(db, None, SHOWN),
            {target.name: webhook_outbox.log_of(db, target.name, 1) for target in targets},
        ),
    )
    listed = [
        ListedWebhook(target, next(iter(shown_deliveries(server, latest[target.name])), None))
        for target in targets
    ]
    shown = shown_deliveries(server, log)
    context = WebhooksPage(form_token(request), listed, shown, "saved" in request.query_params)
    return framed_page(request, "settings", context)


async def send_again(request: Request) -> Response:
    """Sends a delivery once more, and goes back to the page that asked for it."""
    form = await read_form(request)
    n, name = form.get("n", ""), form.get("webhook", "")
    server = server_of(request)
    if n.isdecimal() and len(n) < 18:
        now = server.processor.clock()
        await write_store(request, lambda db: webhook_outbox.send_again(db, int(n), now))
        server.outside.webhooks.release(form.get("target", ""))
    known = {target.name for target in server.live_settings.current.settings.webhooks}
    back = f"{WEBHOOKS}/{name}{delivery_place(form).query}" if name in known else WEBHOOKS
    return RedirectResponse(back, 303)
