"""One entry of a list of the settings: its form, a new one, and taking it out."""

from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.config.model import Settings
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.access import Endpoint
from sync_server.web.manager.forms import form_token, read_form, read_form_data
from sync_server.web.manager.layout import framed_page, manager_language

from .entry_code import code_from
from .entry_list import ListedEntry, listed_entries, title_of
from .field_table import EntryList
from .filled_form import FilledForm, FormPlace, fill, plain, with_problems, write_values
from .kiosk_preview import KioskPreview, kiosk_preview
from .saving import SETTINGS, save, with_savers
from .setting_field import LEFT_OUT, SettingField, ShownField

DEFAULTS: dict[str, Mapping[str, Any]] = {
    "needs": {"icon": "bulb", "target_wait_s": 60, "target_service_s": 240,
              "endings": ["solved", "advice_given", "not_solved"], "priority": 0},
    "places": {"icon": "map-pin"},
    "employees": {"colour": "#F2C7A7"},
}  # fmt: skip


class EntryPage(Context, frozen=True):
    """The form of one entry.

    `entry_name` is its code or id, empty for a new one; `siblings` are those beside it. `in_use` is how many
    open visits need it: it is retired when it is taken out.
    """

    template: ClassVar[str] = "manager/settings/entry.html"

    token: str
    listed: EntryList
    entry_name: str
    title: str
    fields: tuple[ShownField, ...]
    siblings: list[ListedEntry]
    preview: KioskPreview | None
    problem: str
    sentences: list[str]
    saved: bool
    in_use: int


def entry_page(listed: EntryList) -> Endpoint:
    """The page of an entry of this list: shows its form, and saves it."""

    async def page(request: Request) -> Response:
        place = _place(request, listed, request.path_params["name"])
        fields = [field for field in listed.fields if not field.once]
        if request.method == "GET":
            return _page(request, listed, place, tuple(place.show(field) for field in fields))
        filled = await with_savers(request, place, fill(fields, place, await read_form_data(request)))
        if filled.problems:
            return _page(request, listed, place, filled.fields, "manager.settings.look_again")
        if filled.others_too:
            return _page(request, listed, place, filled.fields, "manager.settings.both", status=409)
        edit = _editor(listed, place, fields, filled)
        return await _saved(request, listed, place, filled, edit, place.name)

    return page


def new_entry_page(listed: EntryList) -> Endpoint:
    """The page of a new entry of this list."""

    async def page(request: Request) -> Response:
        settings, texts = _settings(request), texts_of(manager_language(request))
        place = FormPlace(settings, texts, _defaults(listed, settings), listed.table)
        if request.method == "GET":
            shown = tuple(place.show(field) for field in listed.fields)
            return _page(request, listed, place, shown)
        form = await read_form_data(request)
        filled = await with_savers(request, place, fill(listed.fields, place, form))
        if filled.problems:
            return _page(request, listed, place, filled.fields, "manager.settings.look_again")
        name = _new_name(listed, settings, filled)
        entry = _entry(listed, place, filled, name)
        named = FormPlace(settings, texts, place.values, listed.table, name)

        def edit(document: SettingsDocument) -> None:
            document.add(listed.table, entry)

        return await _saved(request, listed, named, filled, edit, name, is_new=True)

    return page


def remove_entry(listed: EntryList) -> Endpoint:
    """Takes an entry out. What is in use stays until nothing needs it any more."""

    async def remove(request: Request) -> Response:
        await read_form(request)
        place = _place(request, listed, request.path_params["name"])
        base = server_of(request).live_settings.current.version
        result = await save(request, lambda document: _take_out(document, place), base)
        if result.saved is not None:
            return RedirectResponse(f"{SETTINGS}/{listed.table}?saved", 303)
        fields = tuple(place.show(field) for field in listed.fields if not field.once)
        key = result.key or "manager.settings.cannot_go"
        return _page(request, listed, place, fields, key, result.sentences(request), 409)

    return remove


def _take_out(document: SettingsDocument, place: FormPlace) -> None:
    """Removes the entry, and its name wherever the file names it."""
    document.remove(place.table, place.name)
    settings, name = place.settings, place.name
    if place.table == "needs":
        for table in ("tips", "gifts"):
            for one in getattr(settings, table):
                _drop(document, f"{table}.{one.code}.needs", one.needs, name)
    for need in settings.needs:
        if place.table == "employees":
            _drop(document, f"needs.{need.code}.overflow", need.asked_last, name)
        elif place.table == "skills":
            _drop(document, f"needs.{need.code}.skills", need.skills, name)
            _drop(document, f"needs.{need.code}.prefer", need.prefer, name)
    if place.table == "skills":
        for person in settings.employees:
            _drop(document, f"employees.{person.id}.skills", sorted(person.skills), name)


def _drop(document: SettingsDocument, path: str, names: Any, name: str) -> None:
    if name in names:
        document.set(path, [one for one in names if one != name])


# --- one entry -----------------------------------------------------------------------------------


def _settings(request: Request) -> Settings:
    return server_of(request).live_settings.current.settings


def find_entry(listed: EntryList, settings: Settings, name: str) -> Any:
    """The entry with this code or id. Raises 404."""
    for entry in getattr(settings, listed.table):
        if getattr(entry, listed.named_by) == name:
            return entry
    raise HTTPException(404)


def _place(request: Request, listed: EntryList, name: str) -> FormPlace:
    settings = _settings(request)
    entry: Struct = find_entry(listed, settings, name)
    texts = texts_of(manager_language(request))
    return FormPlace(settings, texts, plain(entry), listed.table, name)


def _defaults(listed: EntryList, settings: Settings) -> Mapping[str, Any]:
    values = dict(DEFAULTS.get(listed.table, {}))
    if listed.table == "employees":
        values["skills"] = [skill.code for skill in settings.skills]
    return values


def _new_name(listed: EntryList, settings: Settings, filled: FilledForm) -> str:
    """The code that was typed, else one made from the name or the first text."""
    if isinstance(typed := filled.changed.get(listed.named_by), str):
        return typed
    words = filled.changed.get(listed.titled_by, "")
    if isinstance(words, Mapping):
        words = next((words[code] for code in settings.store.languages if words.get(code)), "")
    taken = {getattr(entry, listed.named_by) for entry in getattr(settings, listed.table)}
    return code_from(str(words), taken, listed.table.rstrip("s"))


def _entry(listed: EntryList, place: FormPlace, filled: FilledForm, name: str) -> dict[str, Any]:
    """The new entry as the file has it: the code first, then what was filled in or is the form's default."""
    entry: dict[str, Any] = {listed.named_by: name}
    for field in listed.fields:
        value = filled.changed.get(field.path, place.value(field))
        if field.path == listed.named_by or value in (None, LEFT_OUT, "", [], {}):
            continue
        above, _, key = field.path.rpartition(".")
        (entry.setdefault(above, {}) if above else entry)[key] = value
    if listed.table == "employees":
        entry.setdefault("skills", [])
    if set(entry.get("self_help", ())) == {"icon"}:
        del entry["self_help"]
    return entry


def _editor(listed: EntryList, place: FormPlace, fields: list[SettingField], filled: FilledForm) -> Any:
    def edit(document: SettingsDocument) -> None:
        write_values(document, place, fields, filled.changed)
        help_path = f"{place.table}.{place.name}.self_help"
        found = document.get(help_path) if listed.table == "needs" else None
        if found is not None and not found.get("title") and not found.get("text"):
            document.unset(help_path)  # an icon alone helps nobody

    return edit


async def _saved(
    request: Request,
    listed: EntryList,
    place: FormPlace,
    filled: FilledForm,
    edit: Any,
    name: str,
    is_new: bool = False,
) -> Response:
    result = await save(request, edit, server_of(request).live_settings.current.version)
    if result.saved is not None:
        return RedirectResponse(f"{SETTINGS}/{listed.table}/{name}?saved", 303)
    shown = FormPlace(place.settings, place.texts, place.values, place.table, "") if is_new else place
    if result.error is not None:
        fields, rest = with_problems(filled, place, result.error)
        return _page(request, listed, shown, fields, "manager.settings.look_again", rest)
    return _page(request, listed, shown, filled.fields, result.key, status=409)


def _page(
    request: Request,
    listed: EntryList,
    place: FormPlace,
    fields: tuple[ShownField, ...],
    problem: str = "",
    sentences: list[str] | None = None,
    status: int = 400,
) -> Response:
    name, settings = place.name, place.settings
    entry = find_entry(listed, settings, name) if name else None
    shown = {field.name: field for field in fields}
    context = EntryPage(
        form_token(request),
        listed,
        name,
        title_of(listed, entry, place.texts) if entry is not None else "",
        fields,
        listed_entries(listed, settings, place.texts),
        kiosk_preview(settings, place.texts, name, shown) if listed.table == "needs" else None,
        problem,
        sentences or [],
        "saved" in request.query_params and not problem,
        _in_use(request, listed, name),
    )
    return framed_page(request, "settings", context, status if problem else 200)


def _in_use(request: Request, listed: EntryList, name: str) -> int:
    """How many open visits are for this need, or are with this person."""
    open_visits = server_of(request).processor.floor.open_visits()
    if listed.table == "needs":
        return sum(visit.need == name for visit in open_visits)
    if listed.table == "employees":
        return sum(visit.employee == name for visit in open_visits)
    return 0
