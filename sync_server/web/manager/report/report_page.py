"""The page Report: any period."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from sync_server.domain.report.period_kpis import kpis_of
from sync_server.domain.report.worst_hour import worst_hour
from sync_server.domain.share import MIN_TO_SAY
from sync_server.service.arrivals import arrivals_between
from sync_server.service.reports.day_summaries import midnight
from sync_server.service.reports.period_report import PeriodReport, read_report, shop_of
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.layout import framed_page, manager_language
from sync_server.web.manager.slow_figures import SlowFigures

from . import pictures_of_needs, pictures_of_time
from .drawing import Picture, Table
from .figures import Chapter, Figures
from .period import Period, Span, requested_period
from .report_texts import ReportTexts
from .way import Way, handed_over, measured_effort, way


class PeriodChoice(Struct, frozen=True):
    """One kind of period to choose, and its address."""

    kind: Span
    address: str


class ReportPage(Context, frozen=True):
    """The page. `at` is the store's time at which the figures were computed.

    `earlier` and `later` are the addresses of the periods beside this one, empty where there is none.
    `answer` are the three sentences, `note` says what the brackets and trends mean, and `handed` how many
    visits were handed over. `arrived` is how many came.
    """

    template: ClassVar[str] = "manager/report.html"

    period: Period
    heading: str
    at: datetime
    choices: list[PeriodChoice]
    earlier: str
    later: str
    arrived: int
    answer: list[Markup | str]
    chapters: list[Chapter]
    note: str
    pictures: list[Picture]
    way: Way
    measured: Table
    handed: str


async def page(request: Request) -> Response:
    """The report of the period in the address. Raises 400 for a period that is none."""
    server = server_of(request)
    catalogue = server.processor.catalogue
    now = server.processor.clock()
    period = requested_period(request, catalogue.day(now))
    texts = ReportTexts(texts_of(manager_language(request)), catalogue, period)
    context = await asyncio.to_thread(_make_page, request, period, texts, now)
    return framed_page(request, "report", context)


def _make_page(request: Request, period: Period, texts: ReportTexts, now: int) -> ReportPage:
    """Reads and computes the page: longer than anything may hold up the devices, so in a thread."""
    server = server_of(request)
    catalogue = server.processor.catalogue
    shop = shop_of(catalogue, server.settings.staffing.greet_percent)
    report, at = _read(request, period, now)
    summary = report.period
    kpis, before = kpis_of(summary, shop.target_s), kpis_of(report.before, shop.target_s)
    worst = worst_hour(summary, shop)
    figures = Figures(texts, (summary, report.before), (kpis, before))
    return ReportPage(
        period=period,
        heading=texts.heading(),
        at=catalogue.local(at),
        choices=[
            PeriodChoice(kind, _address(period.around(kind)))
            for kind in (Span.DAY, Span.WEEK, Span.MONTH, Span.YEAR)
        ],
        earlier=_address(period.neighbour(-1)),
        later="" if period.last >= period.today else _address(period.neighbour(1)),
        arrived=kpis.arrived,
        answer=texts.answer(kpis, worst, texts.texts.within(shop.target_s)),
        chapters=figures.chapters(),
        note=f"{texts.say('manager.share.note', n=MIN_TO_SAY)} {texts.compared()}",
        pictures=_pictures(report, shop.target_s, period.days, texts),
        way=way(summary, texts, report.through_the_door),
        measured=measured_effort(summary, texts),
        handed=handed_over(summary, texts),
    )


def _pictures(report: PeriodReport, target_s: float, days: int, texts: ReportTexts) -> list[Picture]:
    """A single day has no picture of the week: each of its columns would be one hour beside the others."""
    summary = report.period
    week = [pictures_of_time.heat_map(summary, target_s, texts)] if days > 1 else []
    return [
        *week,
        pictures_of_time.waits_by_hour(summary, target_s, texts),
        pictures_of_time.arrivals_and_people(summary, texts),
        pictures_of_time.told_and_real(summary, texts),
        pictures_of_needs.outcomes_by_need(summary, texts),
        pictures_of_needs.left_to_do(summary, texts),
        pictures_of_time.effort_over_weeks(report.weeks, texts),
        pictures_of_needs.given(summary, texts),
    ]


def _read(request: Request, period: Period, now: int) -> tuple[PeriodReport, int]:
    server, slow = server_of(request), request.app.state.slow_reports
    compared: Sequence[date] = period.days_to_compare

    def make() -> PeriodReport:
        with reading(server.data_dir.store) as db:
            catalogue = server.processor.catalogue
            report = read_report(db, catalogue, period.first, period.last, compared, now)
            ends = (period.first, period.last + timedelta(days=1))
            came = arrivals_between(db, *(midnight(catalogue, day, now) for day in ends))
            return replace(report, through_the_door=sum(quarter.people for quarter in came))

    reports: SlowFigures[PeriodReport] = slow
    return reports.get((period.first, period.last), now, make)


def _address(period: Period | None) -> str:
    return "" if period is None else f"?{urlencode(period.address)}"
