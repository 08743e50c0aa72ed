"""The addresses of this room's pages."""

from collections.abc import Callable

from starlette.routing import Route

from sync_server.web.manager.access import Endpoint, confirmed

from . import mail_page, programs_page, webhook_list, webhook_page
from .mail_page import MAIL
from .programs_page import PROGRAMS
from .webhook_list import WEBHOOKS


def connection_routes(managed: Callable[[Endpoint], Endpoint]) -> list[Route]:
    """The routes; `managed` lets in who may change the settings."""

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        return Route(path, managed(endpoint), methods=list(methods))

    return [
        route(PROGRAMS, programs_page.page, "GET"),
        route(PROGRAMS, confirmed(programs_page.change, PROGRAMS), "POST"),
        route(WEBHOOKS, webhook_list.page, "GET"),
        route(f"{WEBHOOKS}/new", webhook_page.new_page, "GET", "POST"),
        route(f"{WEBHOOKS}/log/again", webhook_list.send_again, "POST"),
        route(f"{WEBHOOKS}/{{name}}", webhook_page.page, "GET", "POST"),
        route(f"{WEBHOOKS}/{{name}}/remove", webhook_page.remove, "GET", "POST"),
        route(f"{WEBHOOKS}/{{name}}/act", confirmed(webhook_page.act, WEBHOOKS), "GET", "POST"),
        route(MAIL, mail_page.page, "GET", "POST"),
        route(f"{MAIL}/act", mail_page.act, "POST"),
    ]
