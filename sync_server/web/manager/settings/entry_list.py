"""The page of a list of the settings: people, needs, skills, places, tips or gifts, and their order."""

from typing import Any, ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assets.i18n.texts import Texts
from sync_server.service.config.model import Settings
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.access import Endpoint
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page, manager_language

from .field_table import EntryList
from .kiosk_preview import drawn_icon
from .places_plan import PinnedPlace, pinned_places
from .saving import SETTINGS, SaveResult, save


class ListedEntry(Struct, frozen=True):
    """A row of the list. `under` has the entry below another one; `missing` are languages without a text."""

    name: str
    title: str
    about: str
    icon: str = ""
    colour: str = ""
    under: bool = False
    missing: tuple[str, ...] = ()


class EntryListPage(Context, frozen=True):
    """The page. `plan` are the places with their pins, empty for other lists."""

    template: ClassVar[str] = "manager/settings/entries.html"

    token: str
    listed: EntryList
    entries: list[ListedEntry]
    plan: list[PinnedPlace]
    problem: str
    sentences: list[str]
    saved: bool


def entry_list_page(listed: EntryList) -> Endpoint:
    """The page of one list: shows it, and moves an entry up or down."""

    async def page(request: Request) -> Response:
        if request.method == "GET":
            return list_page(request, listed)
        form = await read_form(request)
        live = server_of(request).live_settings
        names = [entry.name for entry in listed_entries(listed, live.current.settings, texts_of("en"))]
        name, step = form.get("name", ""), -1 if "up" in form else 1
        order = _moved(listed, live.current.settings, names, name, step)
        result = await save(
            request, lambda document: document.reorder(listed.table, order), live.current.version
        )
        if result.saved is None:
            return list_page(request, listed, result)
        return RedirectResponse(f"{SETTINGS}/{listed.table}#{name}", 303)

    return page


def list_page(request: Request, listed: EntryList, result: SaveResult | None = None) -> Response:
    """The page, with what went wrong with a change if something did."""
    settings = server_of(request).live_settings.current.settings
    texts = texts_of(manager_language(request))
    context = EntryListPage(
        form_token(request),
        listed,
        listed_entries(listed, settings, texts),
        pinned_places(settings, texts) if listed.table == "places" else [],
        (result.key or "manager.settings.refused") if result else "",
        result.sentences(request) if result else [],
        "saved" in request.query_params and result is None,
    )
    return framed_page(request, "settings", context, 409 if result else 200)


def listed_entries(listed: EntryList, settings: Settings, texts: Texts) -> list[ListedEntry]:
    """The entries in the order of the screens; a need below the need that it is under."""
    entries = list(getattr(settings, listed.table))
    if listed.table == "needs":
        top = [need for need in entries if need.under is None]
        entries = [
            need for above in top for need in (above, *(one for one in entries if one.under == above.code))
        ]
    return [_row(listed, settings, entry, texts) for entry in entries]


def title_of(listed: EntryList, entry: Any, texts: Texts) -> str:
    """What people know an entry by."""
    if listed.titled_by == "name":
        return str(entry.name)
    return texts.text(entry.text, entry.code)


def _row(listed: EntryList, settings: Settings, entry: Any, texts: Texts) -> ListedEntry:
    written = [] if listed.titled_by == "name" else [entry.text]
    if getattr(entry, "self_help", None):
        written += [entry.self_help.title, entry.self_help.text]
    return ListedEntry(
        name=getattr(entry, listed.named_by),
        title=title_of(listed, entry, texts),
        about=_about(listed, settings, entry, texts),
        icon=drawn_icon(entry.icon) if hasattr(entry, "icon") else "",
        colour=getattr(entry, "colour", ""),
        under=getattr(entry, "under", None) is not None,
        missing=tuple(
            code for code in settings.store.languages if any(not text.get(code) for text in written)
        ),
    )


def _about(listed: EntryList, settings: Settings, entry: Any, texts: Texts) -> str:
    """One line about an entry: the skills, the needs, what it costs."""
    if listed.table in ("needs", "employees"):
        wanted = set(entry.skills)
        skills = [texts.text(skill.text, skill.code) for skill in settings.skills if skill.code in wanted]
        if listed.table == "needs" and any(one.under == entry.code for one in settings.needs):
            return texts.say("manager.settings.opens_screen")
        return ", ".join(skills) or texts.say(f"manager.settings.no_skill.{listed.table}")
    if listed.table == "skills":
        have = sum(entry.code in person.skills for person in settings.employees)
        return texts.say("manager.settings.people_have", n=have)
    if listed.table == "gifts":
        return texts.money(entry.cents, settings.store.currency)
    if listed.table == "tips":
        return (
            texts.say("manager.settings.for_needs", n=len(entry.needs))
            if entry.needs
            else texts.say("manager.settings.for_all")
        )
    return ""


def _moved(listed: EntryList, settings: Settings, names: list[str], name: str, step: int) -> list[str]:
    """The order with one entry a step up or down, past its neighbour on the same screen."""
    order = [getattr(entry, listed.named_by) for entry in getattr(settings, listed.table)]
    if name not in names:
        return order
    under = {need.code: need.under for need in settings.needs} if listed.table == "needs" else {}
    beside = [one for one in order if under.get(one) == under.get(name)]
    at = beside.index(name) + step
    if not 0 <= at < len(beside):
        return order
    first, second = order.index(name), order.index(beside[at])
    order[first], order[second] = order[second], order[first]
    return order
