"""The second step: the week's opening hours, which the trade's example proposes."""

from datetime import date
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from sync_server.domain.catalogue.opening_hours import CLOSED, WEEKDAYS
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.forms import form_token, read_form_data
from sync_server.web.manager.settings.hours_page import (
    MONDAY,
    WEEK,
    DayHours,
    day_hours,
    read_week,
    usual_week,
)
from sync_server.web.manager.settings.saving import SaveResult, save

from .assistant_step import after, step_page
from .shop_step import trade_hours


class HoursStep(Context, frozen=True):
    """The form of the week; without `has_week` the shop is always open."""

    template: ClassVar[str] = "manager/settings/start_hours.html"

    token: str
    has_week: bool
    week: list[DayHours]
    weekdays: list[date]
    problem: str
    sentences: list[str]


async def hours_step(request: Request) -> Response:
    """Shows the week, and saves it."""
    live = server_of(request).live_settings
    if request.method == "GET":
        return _page(request, dict(live.current.settings.store.hours) or trade_hours(request))
    typed = read_week(await read_form_data(request))

    def edit(document: SettingsDocument) -> None:
        if typed:
            document.set(WEEK, typed)
        else:
            document.unset(WEEK)

    result = await save(request, edit, live.current.version)
    return _page(request, typed, result) if result.saved is None else after(request, "hours")


def _page(request: Request, hours: dict[str, str], result: SaveResult | None = None) -> Response:
    week = hours or usual_week()
    context = HoursStep(
        form_token(request),
        bool(hours),
        [day_hours(day, week.get(day, CLOSED)) for day in WEEKDAYS],
        [date(2024, 1, n + MONDAY.day) for n in range(len(WEEKDAYS))],
        (result.key or "manager.settings.refused") if result else "",
        result.sentences(request) if result else [],
    )
    return step_page(request, "hours", context, 400 if result else 200)
