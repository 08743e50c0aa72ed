"""The addresses of the settings' pages."""

from collections.abc import Callable

from starlette.routing import Route

from sync_server.web.manager.access import Endpoint

from .assistant.assistant_step import ready_page, start_page
from .assistant.devices_step import devices_step
from .assistant.hours_step import hours_step
from .assistant.people_step import people_step
from .assistant.shop_step import shop_step
from .entry_list import entry_list_page
from .entry_page import entry_page, new_entry_page, remove_entry
from .field_table import ENTRY_LISTS, SECTIONS
from .file import file_page, history_page, restart
from .hours_page import hours_page
from .people.people_import import people_list_page
from .people.pin_slip import new_pin
from .plan_form import save_plan
from .saving import SETTINGS
from .section_page import section_page
from .settings_index import index_page
from .trade_page import trade_page

BOTH = ["GET", "POST"]


def settings_routes(managed: Callable[[Endpoint], Endpoint]) -> list[Route]:
    """The routes; `managed` lets in who may change the settings."""

    def route(path: str, endpoint: Endpoint, methods: list[str]) -> Route:
        return Route(f"{SETTINGS}{path}", managed(endpoint), methods=methods)

    routes = [
        route("", index_page, ["GET"]),
        route("/file", file_page.page, BOTH),
        route("/restart", restart.restart, ["POST"]),
        route("/history", history_page.page, ["GET"]),
        route("/history/{n}", history_page.change, BOTH),
        route("/start", start_page, ["GET"]),
        route("/start/shop", shop_step, BOTH),
        route("/start/hours", hours_step, BOTH),
        route("/start/people", people_step, BOTH),
        route("/start/devices", devices_step, BOTH),
        route("/start/ready", ready_page, ["GET"]),
        route("/trade", trade_page, BOTH),
        route("/hours", hours_page, BOTH),
        route("/people-list", people_list_page, BOTH),
        route("/employees/{name}/pin", new_pin, ["POST"]),
        route("/places/plan", save_plan, ["POST"]),
    ]
    routes += [route(f"/{section.slug}", section_page(section), BOTH) for section in SECTIONS]
    for listed in ENTRY_LISTS:
        at = f"/{listed.table}"
        routes += [
            route(at, entry_list_page(listed), BOTH),
            route(f"{at}/new", new_entry_page(listed), BOTH),
            route(f"{at}/{{name}}", entry_page(listed), BOTH),
            route(f"{at}/{{name}}/remove", remove_entry(listed), ["POST"]),
        ]
    return routes
