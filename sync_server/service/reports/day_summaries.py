"""Makes the summary of a store-day from the tables. `domain/report/` has what is in it."""

import sqlite3
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.report.people_present import Stay, people_present
from sync_server.domain.report.period_summary import PeriodSummary
from sync_server.domain.report.summarise import KioskSessions, ReportVisit, summarise
from sync_server.domain.visit.durations import VisitTimes

from .kpi_report import FIGURES, ON_THE_FLOOR, TIMES, visit_figures

STAY_DAYS = 3  # within which the next change of somebody who stays on the floor is looked for
RETURNED = "phone"  # the source of a visit of somebody who came back into line from their own page

_VISITS = (
    f"SELECT {', '.join((*TIMES, *FIGURES))}, need, gift, goodwill_cents, handled_ms, taps, visit_id"
    " FROM visits WHERE day = ?"
)
_SESSIONS = "SELECT reached, last, taps, seconds, sessions FROM kiosk_sessions WHERE day = ?"
_OPENED = "SELECT visit_id FROM opened_pages WHERE day = ?"
HAVE_PAGES = ("kiosk", RETURNED)  # the sources whose shoppers get the address of a page
_HELPED_BY = (
    "SELECT count(DISTINCT json_extract(body, '$.employee')) FROM visit_events"
    " WHERE visit_id = ? AND +event = 'started'"  # without the +, SQLite goes through all that ever started
)
_STAYS = (
    "SELECT employee, presence, at, until FROM (SELECT employee, presence, at, lead(at, 1, ?)"
    " OVER (PARTITION BY employee ORDER BY seq) AS until FROM presence_log WHERE at >= ? AND at < ?)"
    " WHERE at < ?"
)


def summary_of_day(db: sqlite3.Connection, catalogue: Catalogue, day: date, now: int) -> PeriodSummary:
    """The summary of one store-day, from its rows. `now` in ms UTC matters for visits that are still open."""
    opened = {row[0] for row in db.execute(_OPENED, (day.isoformat(),))}
    rows = db.execute(_VISITS, (day.isoformat(),))
    visits = [_visit(db, catalogue, now, row, opened) for row in rows]
    sessions = [KioskSessions(*row) for row in db.execute(_SESSIONS, (day.isoformat(),))]
    stays = _stays(db, catalogue, day, now)
    present_ms = sum(stay.until - stay.at for stay in stays)
    return summarise(day, visits, people_present(stays, catalogue.local), present_ms, sessions)


def is_settled(db: sqlite3.Connection, catalogue: Catalogue, day: date, now: int) -> bool:
    """Whether time alone changes nothing of a day's summary any more: its visits have ended, and everybody
    who came onto the floor has left it. A late op may still change it."""
    some_open = "SELECT 1 FROM visits WHERE day = ? AND ended_at IS NULL LIMIT 1"
    if db.execute(some_open, (day.isoformat(),)).fetchone() is not None:
        return False
    last = min(now, midnight(catalogue, day + timedelta(days=STAY_DAYS), now))
    return last < now or all(stay.until < now for stay in _stays(db, catalogue, day, now))


def _visit(
    db: sqlite3.Connection, catalogue: Catalogue, now: int, row: tuple[Any, ...], opened: Collection[str]
) -> ReportVisit:
    times = VisitTimes(*row[: len(TIMES)])
    rest = len(TIMES) + len(FIGURES)
    figures = visit_figures(times, now, *row[len(TIMES) : rest])
    need, gift, goodwill_cents, handled_ms, taps, visit_id = row[rest:]
    times_told = 1
    if figures.served and figures.handovers:
        times_told = max(1, db.execute(_HELPED_BY, (visit_id,)).fetchone()[0])
    return ReportVisit(
        figures=figures,
        need=need,
        hour=catalogue.local(times.created_at).hour,
        times_told=times_told,
        back=times.source == RETURNED,
        gift=gift,
        goodwill_cents=goodwill_cents,
        handled_ms=handled_ms,
        has_page=times.source in HAVE_PAGES,
        page_opened=visit_id in opened,
        taps=taps,
    )


def _stays(db: sqlite3.Connection, catalogue: Catalogue, day: date, now: int) -> list[Stay]:
    """Who came onto the floor on this local date, and until when."""
    first, after = (midnight(catalogue, day + timedelta(days=n), now) for n in (0, 1))
    skills = {employee.id: employee.skills for employee in catalogue.employees}
    later = midnight(catalogue, day + timedelta(days=STAY_DAYS), now)
    rows = db.execute(_STAYS, (min(now, later), first, later, after))
    return [
        Stay(skills.get(employee, frozenset()), at, until)
        for employee, presence, at, until in rows
        if presence in ON_THE_FLOOR and until > at
    ]


def midnight(catalogue: Catalogue, day: date, now: int) -> int:
    """When a local date begins, ms UTC."""
    return int(datetime.combine(day, time(), catalogue.local(now).tzinfo).timestamp() * 1000)
