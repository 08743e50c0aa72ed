"""The page Webhooks: who is told of what, and what was sent lately."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.config.outside import WebhookSettings
from sync_server.service.server import Server
from sync_server.service.webhooks import webhook_outbox
from sync_server.service.webhooks.webhook_outbox import DeliveryState, LoggedDelivery
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page
from sync_server.web.manager.settings.saving import SETTINGS

from .store_access import read_store, write_store

WEBHOOKS = f"{SETTINGS}/webhooks"
SHOWN = 30  # deliveries


class ShownDelivery(Struct, frozen=True):
    """A delivery as a page shows it. `next` is when it is tried again, None if it is not.

    `problem` is the code of what went wrong, empty if nothing did; `detail` says more about it.
    """

    delivery: LoggedDelivery
    made: datetime
    next: datetime | None
    may_send_again: bool
    problem: str
    detail: str


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
    return RedirectResponse(f"{WEBHOOKS}/{name}" if name in known else WEBHOOKS, 303)


def shown_deliveries(server: Server, log: Sequence[LoggedDelivery]) -> list[ShownDelivery]:
    """The deliveries with the store's local times."""
    local = server.processor.catalogue.local
    known = {target.name for target in server.live_settings.current.settings.webhooks}
    shown = []
    for one in log:
        problem, _, detail = (one.problem or "").partition(": ")
        is_new = one.state is DeliveryState.WAITING and not one.tries
        following = local(one.next_at) if one.state is DeliveryState.WAITING and one.tries else None
        arrived = one.state is DeliveryState.DELIVERED
        shown.append(
            ShownDelivery(
                one,
                local(one.made_at),
                following,
                one.target in known and not is_new,
                "" if arrived else problem,
                detail,
            )
        )
    return shown
