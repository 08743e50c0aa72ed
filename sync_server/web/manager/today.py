"""How a day went: the answer in words, four chapters, a chart, and the last visits."""

import asyncio
import sqlite3
from datetime import date, datetime
from typing import ClassVar

from markupsafe import Markup
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assets.i18n.texts import Texts
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.kpi import Kpis
from sync_server.domain.share import MIN_TO_SAY, Share
from sync_server.service.reports import kpi_report, visit_log, waits_by_hour
from sync_server.service.reports.visit_log import LogFilter
from sync_server.service.reports.waits_by_hour import HourFigures, WorstHour
from sync_server.service.storage import catalogue_mirror
from sync_server.service.storage.connection import reading
from sync_server.web.http import formatting
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, need_name, say_emphasised, texts_of

from .day_span import parse_date
from .layout import framed_page, manager_language
from .report.answer import greeted_sentence, left_sentence
from .report.period import Period, Span, period_of
from .slow_figures import SlowFigures
from .visit_log.log_rows import LogRow, log_row
from .waits_chart import MIN_FOR_BOX, WaitsChart, has_picture, legend, waits_chart

MAX_ROWS = 8
MIN_WAIT_CHANGE_S = 5  # a median wait that changed by less is shown as unchanged


class Comparison(Struct, frozen=True):
    """How figures changed against the days to compare with. None: not known, or unchanged.

    `first_contact_points` is the change of the share solved at first contact, in percentage points.
    """

    first_contact_points: int | None = None
    median_wait_s: float | None = None


class DayFigures(Struct, frozen=True):
    """The figures of the day. They say nothing about single shoppers."""

    kpis: Kpis
    comparison: Comparison
    hours: list[HourFigures]
    worst: WorstHour | None


class DayReport(DayFigures, frozen=True):
    """The figures of the day, the store's time at which they were computed (ms UTC), and the last visits."""

    at: int
    rows: list[LogRow]


class TodayPage(Context, frozen=True):
    """The page. `at` is the store's time at which the figures were computed; `earlier` and `later` are the
    days beside this one, if there are any to show.

    `chart` is what `waits.js` draws, None for too few visits.
    `greeted`, `worst_hour`, `left`, `service_level`, `told` and `legend` are sentences, and `note` what the
    brackets behind the shares mean. `target_s` is the wait that most shoppers should not exceed,
    `min_quartiles` how many visits an hour needs for quartiles.
    """

    template: ClassVar[str] = "manager/today.html"

    day: Period
    earlier: Period | None
    later: Period | None
    at: datetime
    report: DayReport
    chart: WaitsChart | None
    greeted: Markup | str
    worst_hour: Markup | str
    service_level: str
    left: str
    told: str
    legend: str
    target_s: float
    min_quartiles: int
    note: str


async def today(request: Request) -> Response:
    """The page of the day in the address; without one, of today. Raises 400 for a wrong date.

    An address of earlier versions may ask for a week: that is in the report now.
    """
    server = server_of(request)
    catalogue = server.processor.catalogue
    now = server.processor.clock()
    if request.query_params.get("span") == Span.WEEK:
        return RedirectResponse(f"/manager/report?{request.url.query}", 303)
    date_of_today = catalogue.day(now)
    asked = parse_date(request.query_params.get("day") or date_of_today)
    day = period_of(Span.DAY, asked, date.fromisoformat(date_of_today))
    report = await asyncio.to_thread(_read_report, request, day, now)
    language = manager_language(request)
    texts = texts_of(language)
    target_s = catalogue.times.service_level_s
    within_target = texts.within(target_s)
    chart = None
    if has_picture(report.hours):
        worst = report.worst.hour if report.worst else None
        chart = waits_chart(report.hours, worst, target_s, texts)
    held = await server.told_waits.held()
    context = TodayPage(
        day=day,
        earlier=day.neighbour(-1),
        later=None if day.last >= day.today else day.neighbour(1),
        at=catalogue.local(report.at),
        report=report,
        chart=chart,
        greeted=greeted_sentence(report.kpis, within_target, texts),
        worst_hour=_worst_hour_sentence(report, catalogue, texts),
        service_level=texts.say(
            "manager.access.level",
            share=formatting.share_of_visits(report.kpis.service_level, texts),
            when=within_target,
        ),
        left=left_sentence(report.kpis, texts),
        told=_told_sentence(held, texts),
        legend=legend(chart, within_target, texts) if chart else "",
        target_s=target_s,
        min_quartiles=MIN_FOR_BOX,
        note=_note(report.kpis, held, texts),
    )
    return framed_page(request, "today", context)


def _told_sentence(held: Share, texts: Texts) -> str:
    """How right the told waits of the last 30 days were."""
    if not held.whole:
        return texts.how_right(None)
    return texts.say("manager.access.told", share=formatting.share_of_visits(held, texts))


def _note(kpis: Kpis, held: Share, texts: Texts) -> str:
    """What the brackets and “too few to say” mean, as far as they are on the page."""
    shares = [kpis.greeted_in_time, kpis.first_contact_resolution, kpis.response_rate, kpis.tip_rate, held]
    if kpis.wait_s.n:
        shares.append(kpis.service_level)
    if kpis.completed:
        shares.append(kpis.within_five_minutes)
    shown = [share for share in shares if share.whole]
    if any(share.is_enough for share in shown):
        return texts.say("manager.share.note", n=MIN_TO_SAY)
    return texts.say("manager.share.few", n=MIN_TO_SAY) if shown else ""


def _worst_hour_sentence(report: DayReport, catalogue: Catalogue, texts: Texts) -> Markup | str:
    """The hour with much longer waits, and for which need; empty if there is none."""
    if report.worst is None:
        return ""
    hour = next(hour for hour in report.hours if hour.hour == report.worst.hour)
    between = {"from": str(hour.hour), "to": str(hour.hour + 1)}
    clock = {"clock": formatting.duration(hour.middle)}
    need = {"need": need_name(catalogue, report.worst.need, texts)}
    sentence = say_emphasised(texts, "warm", "manager.answer.worst_hour", clock, **between)
    return sentence + " " + say_emphasised(texts, "warm", "manager.answer.worst_need", need)


def _read_report(request: Request, day: Period, now: int) -> DayReport:
    server, slow = server_of(request), request.app.state.slow_figures
    with reading(server.data_dir.store) as db:
        return make_report(db, server.processor.catalogue, day, now, slow)


def make_report(
    db: sqlite3.Connection,
    catalogue: Catalogue,
    day: Period,
    now: int,
    slow: SlowFigures[DayFigures] | None = None,
) -> DayReport:
    """The report of the day, from the database. `now` in ms UTC."""
    text = day.first.isoformat()
    figures, at = (slow or SlowFigures()).get(day, now, lambda: _figures(db, catalogue, day, now))
    lines = visit_log.visit_log(db, LogFilter(from_day=text, to_day=text), MAX_ROWS)
    employees = dict(catalogue_mirror.employee_names(db))
    return DayReport(
        kpis=figures.kpis,
        comparison=figures.comparison,
        hours=figures.hours,
        worst=figures.worst,
        at=at,
        rows=[log_row(line, catalogue, employees, now) for line in lines],
    )


def _figures(db: sqlite3.Connection, catalogue: Catalogue, day: Period, now: int) -> DayFigures:
    text = day.first.isoformat()
    visits = waits_by_hour.visits_of_days(db, [text])
    kpis = kpi_report.kpi_report(db, catalogue, text, text, now)
    before = kpi_report.kpis_of_days(db, catalogue, [one.isoformat() for one in day.days_to_compare], now)
    return DayFigures(
        kpis=kpis,
        comparison=compare(kpis, before),
        hours=waits_by_hour.hours(visits, catalogue),
        worst=waits_by_hour.worst_hour(visits, catalogue, catalogue.times.service_level_s),
    )


def compare(kpis: Kpis, before: Kpis) -> Comparison:
    """How the day differs from those before, where there are enough visits to say so."""
    if not before.first_contact_resolution.is_enough:
        return Comparison()
    return Comparison(_change_in_points(kpis, before), _change_of_wait(kpis, before))


def _change_in_points(kpis: Kpis, before: Kpis) -> int | None:
    if not kpis.first_contact_resolution.is_enough:
        return None
    solved, solved_before = kpis.first_contact_resolution.value, before.first_contact_resolution.value
    return round(100 * (solved or 0)) - round(100 * (solved_before or 0)) or None


def _change_of_wait(kpis: Kpis, before: Kpis) -> float | None:
    if kpis.wait_s.median is None or before.wait_s.median is None or not kpis.completed:
        return None
    change_s = kpis.wait_s.median - before.wait_s.median
    return change_s if abs(change_s) >= MIN_WAIT_CHANGE_S else None
