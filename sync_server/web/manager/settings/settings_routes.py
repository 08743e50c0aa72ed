"""The addresses of the settings' pages."""

from collections.abc import Callable

from starlette.routing import Route

from sync_server.web.manager.access import Endpoint

from .entry_list import entry_list_page
from .entry_page import entry_page, new_entry_page, remove_entry
from .field_table import ENTRY_LISTS, SECTIONS
from .file import file_page, history_page
from .hours_page import hours_page
from .people_import import people_list_page
from .pin_slip import new_pin
from .plan_form import save_plan
from .saving import SETTINGS
from .section_page import section_page
from .settings_index import index_page

BOTH = ["GET", "POST"]


def settings_routes(managed: Callable[[Endpoint], Endpoint]) -> list[Route]:
    """The routes; `managed` lets in who may change the settings."""

    def route(path: str, endpoint: Endpoint, methods: list[str]) -> Route:
        return Route(f"{SETTINGS}{path}", managed(endpoint), methods=methods)

    routes = [
        route("", index_page, ["GET"]),
        route("/file", file_page.page, BOTH),
        route("/history", history_page.page, ["GET"]),
        route("/history/{n}", history_page.change, BOTH),
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
