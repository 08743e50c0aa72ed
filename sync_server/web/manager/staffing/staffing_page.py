"""The page Staffing: how many people the coming two weeks need, beside who is planned."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable
from datetime import date, timedelta, tzinfo
from functools import partial
from typing import ClassVar

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.permissions import Permission
from sync_server.domain.share import MIN_TO_SAY
from sync_server.domain.staffing import advice
from sync_server.domain.staffing.advice import WHOLE_SHOP, Change, Service, Shift, Slot
from sync_server.domain.staffing.forecast import ForecastError, forecast, recent_error
from sync_server.domain.staffing.shift_plan import LineProblem, check_plan
from sync_server.names import without_invisible
from sync_server.service.staffing.history import named_skills, read_past
from sync_server.service.staffing.plan_file import PlanFileError, read_plan
from sync_server.service.staffing.planned_shifts import (
    ImportedPlan,
    latest_plan,
    planned_days,
    shifts_between,
    write_plan,
)
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.access import has_permission
from sync_server.web.manager.forms import form_token, read_file
from sync_server.web.manager.layout import framed_page, manager_language

from .picture import PictureWeek, picture_weeks
from .staffing_texts import StaffingTexts

DAYS = 14
MAX_SHOWN_PROBLEMS = 20
MAX_FILE_NAME = 80

log = logging.getLogger(__name__)


class Forecasts(Struct, frozen=True):
    """What the log says: the half-hours of the coming days without a plan, and how good the forecast was."""

    slots: list[Slot]
    service: Service
    visits: int
    error: ForecastError | None


class DailyForecasts:
    """The forecasts of the present store-day, computed at most once a day: they rest on the days before it.

    May be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # one at a time, however many pages ask
        self._made: tuple[date, Forecasts] | None = None

    def get(self, today: date, make: Callable[[], Forecasts]) -> Forecasts:
        """The forecasts made on `today`."""
        with self._lock:
            if self._made is None or self._made[0] != today:
                self._made = today, make()
            return self._made[1]


class Planned(Struct, frozen=True):
    """What is planned: shifts, the days that have a plan, and the last import."""

    shifts: list[Shift]
    days: frozenset[date]
    latest: ImportedPlan | None


class ChangeText(Struct, frozen=True):
    """One of the changes that would help most: what, and who could."""

    what: str
    who: str


class StaffingPage(Context, frozen=True):
    """The page. `answer` is the worst gap in words, `basis` and `error` what it rests on.

    `skill` is the one that picture and table are of, empty for the whole shop; `skills` are codes and names
    of all. `imported` is the last import in words, `problems` the lines of a file that was refused, of which
    there are `more_problems` besides.
    """

    template: ClassVar[str] = "manager/staffing.html"

    answer: str
    basis: str
    error: str
    changes: list[ChangeText]
    skill: str
    skills: list[tuple[str, str]]
    weeks: list[PictureWeek]
    has_plan: bool
    imported: str
    problems: list[str]
    more_problems: int
    token: str
    may_manage: bool


async def page(request: Request) -> Response:
    """The page. `?skill=` chooses what picture and table show."""
    return await _page(request)


async def import_plan(request: Request) -> Response:
    """Reads a shift plan. With a problem nothing is imported, unless such lines are to be left out.

    The page that names problems is at this address too: its links to other languages lead back to the page.
    """
    if request.method == "GET":
        return RedirectResponse(f"/manager/staffing?{request.url.query}", 303)
    name, content, fields = await read_file(request, "plan")
    server = server_of(request)
    catalogue = server.processor.catalogue
    zone = _zone(catalogue, server.processor.clock())
    texts = StaffingTexts(texts_of(manager_language(request)), catalogue)
    try:
        lines = await asyncio.to_thread(read_plan, content, zone)
    except PlanFileError as error:
        return await _page(request, [texts.file_problem(error.problem)])
    shifts, problems = check_plan(lines, catalogue.employees, server.processor.clock())
    if not shifts or (problems and "leave_out" not in fields):
        return await _page(request, [texts.line_problem(problem) for problem in problems])
    _log_left_out(problems)
    file = without_invisible(name)[:MAX_FILE_NAME]
    by = request.state.account.name
    work = partial(write_plan, shifts=shifts, file=file, by=by, now=server.processor.clock(), zone=zone)
    try:
        await server.processor.writer.call(work)
    except sqlite3.Error as error:
        log.error("a shift plan could not be saved: %s", error)
        raise HTTPException(503) from error
    log.info("%s imported a shift plan with %d shifts", by, len(shifts))
    return RedirectResponse("/manager/staffing", 303)


def _log_left_out(problems: list[LineProblem]) -> None:
    if problems:
        log.info("%d lines of a shift plan were left out", len(problems))


async def _page(request: Request, problems: list[str] | None = None) -> Response:
    server = server_of(request)
    catalogue, now = server.processor.catalogue, server.processor.clock()
    zone = _zone(catalogue, now)
    today = date.fromisoformat(catalogue.day(now))
    found, planned = await asyncio.to_thread(_read, request, today, zone)
    ahead = advice.not_over(found.slots, now, zone)
    slots = advice.compare(ahead, planned.shifts, planned.days, catalogue.employees, zone)
    changes = advice.best_changes(slots, planned.shifts, catalogue.employees, found.service, zone)
    texts = StaffingTexts(texts_of(manager_language(request)), catalogue)
    known = named_skills(catalogue)
    skill = request.query_params.get("skill", WHOLE_SHOP)
    skill = skill if skill in known else WHOLE_SHOP
    enough = found.visits >= MIN_TO_SAY
    shown = problems or []
    context = StaffingPage(
        answer=texts.answer(slots, changes) if enough else texts.too_few(),
        basis=texts.basis(found.service, catalogue.times.service_level_s),
        error=texts.error(found.error),
        changes=[_change_text(change, texts) for change in changes] if enough else [],
        skill=skill,
        skills=[(code, texts.skill(code)) for code in (WHOLE_SHOP, *known)],
        weeks=picture_weeks([s for s in slots if s.skill == skill], today, DAYS, texts) if enough else [],
        has_plan=bool(planned.days),
        imported=texts.imported(planned.latest) if planned.latest else "",
        problems=shown[:MAX_SHOWN_PROBLEMS],
        more_problems=max(0, len(shown) - MAX_SHOWN_PROBLEMS),
        token=form_token(request),
        may_manage=has_permission(request, Permission.MANAGE),
    )
    return framed_page(request, "staffing", context, 400 if problems is not None else 200)


def _change_text(change: Change, texts: StaffingTexts) -> ChangeText:
    return ChangeText(texts.change(change), texts.who_could(change))


def _read(request: Request, today: date, zone: tzinfo) -> tuple[Forecasts, Planned]:
    server = server_of(request)
    catalogue = server.processor.catalogue
    forecasts: DailyForecasts = request.app.state.forecasts
    share = server.settings.staffing.greet_percent / 100
    last = today + timedelta(days=DAYS - 1)
    with reading(server.data_dir.store) as db:
        found = forecasts.get(today, lambda: make_forecasts(db, catalogue, today, zone, share))
        planned = Planned(
            shifts_between(db, today, last, zone), planned_days(db, today, last), latest_plan(db)
        )
    return found, planned


def make_forecasts(
    db: sqlite3.Connection, catalogue: Catalogue, today: date, zone: tzinfo, share: float
) -> Forecasts:
    """The half-hours of the coming days, from the days before `today`.

    `share` of the shoppers is to be greeted in time.
    """
    past = read_past(db, catalogue, today, share)
    slots: list[Slot] = []
    for n in range(DAYS):
        day = today + timedelta(days=n)
        expected = forecast(past.history, day, today)
        opened = advice.open_slots(catalogue, day, zone)
        slots += advice.needed_slots(day, expected, opened, past.service, catalogue.employees)
    return Forecasts(slots, past.service, past.visits, recent_error(past.history, today))


def _zone(catalogue: Catalogue, now: int) -> tzinfo:
    zone = catalogue.local(now).tzinfo
    assert isinstance(zone, tzinfo)  # of an aware time
    return zone
