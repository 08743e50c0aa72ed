"""The form below the plan of the shop: it says where the pins are."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import texts_of
from sync_server.web.manager.forms import read_form

from .entry_list import list_page
from .field_table import ENTRY_LISTS
from .places_plan import pinned_places
from .saving import SETTINGS, save


async def save_plan(request: Request) -> Response:
    """Puts the pins where the form says; an empty box takes a pin away."""
    form = await read_form(request)
    live = server_of(request).live_settings
    now = {place.code: (place.x, place.y) for place in pinned_places(live.current.settings, texts_of("en"))}

    def edit(document: SettingsDocument) -> None:
        for code, before in now.items():
            after = _percent(form.get(f"{code}.x", "")), _percent(form.get(f"{code}.y", ""))
            if None in after:
                after = None, None
            if after != before:
                for key, value in zip("xy", after, strict=True):
                    if value is None:
                        document.unset(f"places.{code}.{key}")
                    else:
                        document.set(f"places.{code}.{key}", value)

    result = await save(request, edit, live.current.version)
    if result.saved is None:
        return list_page(request, next(one for one in ENTRY_LISTS if one.table == "places"), result)
    return RedirectResponse(f"{SETTINGS}/places?saved", 303)


def _percent(text: str) -> int | None:
    """What was typed, at most 100; None for nothing."""
    return min(100, int(text)) if text.strip().isdecimal() and len(text) <= 4 else None
