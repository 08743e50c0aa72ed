"""A page of single keys: one form, made from the table of fields."""

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.access import Endpoint
from sync_server.web.manager.forms import form_token, read_form_data
from sync_server.web.manager.layout import framed_page, manager_language

from .field_table import SettingsSection
from .filled_form import FormPlace, fill, plain, with_problems, write_values
from .saving import SETTINGS, save, with_savers
from .setting_field import ShownField


class SectionPage(Context, frozen=True):
    """The form of a section.

    `problem` is the key of why nothing was saved, `sentences` what is wrong beside the fields.

    `at_next_start` are the keys whose change waits for a start of the server.
    """

    template: ClassVar[str] = "manager/settings/section.html"

    token: str
    section: SettingsSection
    fields: tuple[ShownField, ...]
    problem: str
    sentences: list[str]
    saved: bool
    at_next_start: tuple[str, ...]


def section_page(section: SettingsSection) -> Endpoint:
    """The page of one section: shows its form, and saves it."""

    async def page(request: Request) -> Response:
        place = place_of(request)
        if request.method == "GET":
            return _page(request, section, tuple(place.show(field) for field in section.fields))
        form = await read_form_data(request)
        filled = await with_savers(request, place, fill(section.fields, place, form))
        if filled.problems:
            return _page(request, section, filled.fields, "manager.settings.look_again")
        if filled.others_too:
            return _page(request, section, filled.fields, "manager.settings.both", status=409)
        base = server_of(request).live_settings.current.version
        result = await save(
            request, lambda document: write_values(document, place, section.fields, filled.changed), base
        )
        if result.saved is not None:
            return RedirectResponse(f"{SETTINGS}/{section.slug}?saved", 303)
        if result.error is not None:
            fields, rest = with_problems(filled, place, result.error)
            return _page(request, section, fields, "manager.settings.look_again", rest)
        return _page(request, section, filled.fields, result.key, status=409)

    return page


def place_of(request: Request) -> FormPlace:
    """The whole of the settings as they are now."""
    settings = server_of(request).live_settings.current.settings
    return FormPlace(settings, texts_of(manager_language(request)), plain(settings))


def _page(
    request: Request,
    section: SettingsSection,
    fields: tuple[ShownField, ...],
    problem: str = "",
    sentences: list[str] | None = None,
    status: int = 400,
) -> Response:
    context = SectionPage(
        form_token(request),
        section,
        fields,
        problem,
        sentences or [],
        "saved" in request.query_params and not problem,
        server_of(request).live_settings.at_next_start,
    )
    return framed_page(request, "settings", context, status if problem else 200)
