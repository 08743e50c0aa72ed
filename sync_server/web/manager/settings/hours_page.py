"""The page of the opening hours: a week, single dates, and what happens around closing time."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar

from msgspec import Struct
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.domain.catalogue.opening_hours import CLOSED, WEEKDAYS, parse_span
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.forms import form_token, read_form_data
from sync_server.web.manager.layout import framed_page

from .field_table import HOURS_FIELDS
from .filled_form import FormPlace, fill, with_problems, write_values
from .saving import SETTINGS, meanwhile, save, with_savers
from .section_page import place_of
from .setting_field import FieldKind, ShownField, stamp_of

FREE_DATES = 3  # empty rows for dates to come
MONDAY = date(2024, 1, 1)
MIDNIGHT, END = "00:00", "24:00"
WEEK, DATES = "store.hours", "store.dates"


class DayHours(Struct, frozen=True):
    """The hours of a weekday or a date. Without `opens` and `closes` the shop is closed on it."""

    day: str
    opens: str = ""
    closes: str = ""
    problem: str = ""


class HoursPage(Context, frozen=True):
    """The page. `week` has the days of `store.hours`, or without `has_week` what a week could be.

    `stamps` are those of the week and of the dates, by their paths.
    """

    template: ClassVar[str] = "manager/settings/hours.html"

    token: str
    has_week: bool
    week: list[DayHours]
    dates: list[DayHours]
    fields: tuple[ShownField, ...]
    stamps: Mapping[str, str]
    problem: str
    sentences: list[str]
    saved: bool
    weekdays: list[date]


async def hours_page(request: Request) -> Response:
    """Shows the hours, and saves them."""
    place = place_of(request)
    if request.method == "GET":
        return _page(request, place, tuple(place.show(field) for field in HOURS_FIELDS))
    form = await read_form_data(request)
    filled = await with_savers(request, place, fill(HOURS_FIELDS, place, form))
    typed = {WEEK: read_week(form), DATES: read_dates(form)}
    changed, others = _changed(place, form, typed)
    if filled.problems:
        return _page(request, place, filled.fields, "manager.settings.look_again", typed=typed)
    if others or filled.others_too:
        sentences = [await meanwhile(request, path, _words(place, path)) for path in others]
        return _page(request, place, filled.fields, "manager.settings.both", sentences, typed, 409)

    def edit(document: SettingsDocument) -> None:
        write_values(document, place, HOURS_FIELDS, filled.changed)
        for path, value in changed.items():
            if value:
                document.set(path, value)
            else:
                document.unset(path)

    result = await save(request, edit, server_of(request).live_settings.current.version)
    if result.saved is not None:
        return RedirectResponse(f"{SETTINGS}/hours?saved", 303)
    if result.error is None:
        return _page(request, place, filled.fields, result.key, typed=typed, status=409)
    fields, rest = with_problems(filled, place, result.error)
    return _page(request, place, fields, "manager.settings.look_again", rest, typed)


def read_week(form: FormData) -> dict[str, str]:
    """The week of a form as the file has it; nothing where the shop has no hours."""
    if "week" not in form:
        return {}
    return {day: _span(form, f"day.{day}") for day in WEEKDAYS}


def read_dates(form: FormData) -> dict[str, str]:
    """The dates of a form, by date."""
    rows = (str(form.get(f"date.{n}", "")).strip() for n in range(len(form)))
    return {day: _span(form, f"hours.{n}") for n, day in enumerate(rows) if day}


def _span(form: FormData, name: str) -> str:
    opens, closes = (str(form.get(f"{name}.{end}", "")).strip() for end in ("opens", "closes"))
    if not opens and not closes:
        return CLOSED
    return f"{opens}-{END if closes == MIDNIGHT else closes}"


def _changed(
    place: FormPlace, form: FormData, typed: Mapping[str, dict[str, str]]
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """What was changed of the week and the dates, and the paths that somebody else has changed too."""
    changed, others = {}, []
    for path, now in _now(place).items():
        was, stamp = str(form.get(f"was.{path}", "")), _stamp(typed[path])
        if stamp in (was, _stamp(now)):
            continue
        changed[path] = typed[path]
        if _stamp(now) != was:
            others.append(path)
    return changed, others


def _words(place: FormPlace, path: str) -> str:
    """The week or the dates as they are now, on one line."""
    texts = place.texts
    days = {day: texts.weekday(date(2024, 1, n + MONDAY.day)) for n, day in enumerate(WEEKDAYS)}
    closed = texts.say("manager.settings.closed")
    return (
        ", ".join(
            f"{days.get(day, day)} {closed if text == CLOSED else text}"
            for day, text in _now(place)[path].items()
        )
        or "–"
    )


def _now(place: FormPlace) -> dict[str, dict[str, str]]:
    store = place.settings.store
    return {WEEK: dict(store.hours), DATES: dict(store.dates)}


def _stamp(hours: Mapping[str, str]) -> str:
    return stamp_of(FieldKind.TEXTS, dict(hours))


def usual_week() -> dict[str, str]:
    """What a week could be, where the shop has none yet."""
    return {day: CLOSED if day == "sun" else "09:00-18:00" for day in WEEKDAYS}


def day_hours(day: str, text: str) -> DayHours:
    """A text of the file such as `09:00-18:00` as the boxes of a form."""
    try:
        span = parse_span(text)
    except ValueError:
        opens, _, closes = text.partition("-")  # what was typed wrongly is shown as it is
        return DayHours(day, opens, closes)
    if span is None:
        return DayHours(day)
    return DayHours(day, f"{span[0]:%H:%M}", f"{span[1]:%H:%M}")


def _page(
    request: Request,
    place: FormPlace,
    fields: tuple[ShownField, ...],
    problem: str = "",
    sentences: Sequence[str] = (),
    typed: Mapping[str, dict[str, str]] | None = None,
    status: int = 400,
) -> Response:
    now = _now(place)
    shown = typed or now
    week = shown[WEEK] or usual_week()
    dates = [day_hours(day, text) for day, text in sorted(shown[DATES].items())]
    context = HoursPage(
        token=form_token(request),
        has_week=bool(shown[WEEK]),
        week=[day_hours(day, week.get(day, CLOSED)) for day in WEEKDAYS],
        dates=[*dates, *(DayHours("") for _ in range(FREE_DATES))],
        fields=fields,
        stamps={path: _stamp(value) for path, value in now.items()},
        problem=problem,
        sentences=list(sentences),
        saved="saved" in request.query_params and not problem,
        weekdays=[date(2024, 1, n + MONDAY.day) for n in range(len(WEEKDAYS))],
    )
    return framed_page(request, "settings", context, status if problem else 200)
