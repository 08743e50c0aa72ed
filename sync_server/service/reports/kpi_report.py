"""Computes the store's KPIs of some days from its tables. `domain/kpi.py` has their definitions."""

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from msgspec import to_builtins

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.kpi import Kpis, VisitFigures, kpis, shares
from sync_server.domain.share import Share
from sync_server.domain.visit.durations import VisitTimes, durations

TIMES = VisitTimes.__struct_fields__  # columns of the table `visits`
FIGURES = (  # the columns that `visit_figures` needs beside them, in its order
    "state",
    "resolution",
    "tip",
    "handovers",
    "quoted_low_s",
    "quoted_median_s",
    "quoted_high_s",
    "extended_high_s",
    "nps",
    "ces",
)
ON_THE_FLOOR = ("available", "serving", "not_responding")  # presences


def kpi_report(db: sqlite3.Connection, catalogue: Catalogue, from_day: str, to_day: str, now: int) -> Kpis:
    """The KPIs from `from_day` to `to_day`, both included, as local dates. `now` in ms UTC."""
    between = (from_day, to_day)
    handling = db.execute(
        "SELECT coalesce(sum(handled_ms), 0) FROM visits WHERE day BETWEEN ? AND ?", between
    ).fetchone()[0]
    present = presence_ms(db, catalogue, from_day, to_day, now)
    visits = _visits(db, "day BETWEEN ? AND ?", between, now)
    return kpis(visits, catalogue.times.service_level_s, handling, present)


def kpis_of_days(db: sqlite3.Connection, catalogue: Catalogue, days: Sequence[str], now: int) -> Kpis:
    """The KPIs of these days together, without occupancy. `now` in ms UTC."""
    visits = _visits(db, f"day IN ({', '.join('?' * len(days))})", days, now)
    return kpis(visits, catalogue.times.service_level_s)


def _visits(db: sqlite3.Connection, where: str, values: Sequence[str], now: int) -> list[VisitFigures]:
    rows = db.execute(f"SELECT {', '.join((*TIMES, *FIGURES))} FROM visits WHERE {where}", tuple(values))
    return [visit_figures(VisitTimes(*row[: len(TIMES)]), now, *row[len(TIMES) :]) for row in rows]


def visit_figures(
    times: VisitTimes, now: int, state: str, resolution: str | None, tip: str | None, *rest: Any
) -> VisitFigures:
    """What the figures need of a visit, from its times and the columns FIGURES. `now` in ms UTC."""
    met_or_over = times.accepted_at is not None or times.ended_at is not None
    return VisitFigures(
        state,
        resolution,
        durations(times),
        times.serving_at is not None,
        times.is_quick,
        None if met_or_over else (now - times.created_at) / 1000,
        tip,
        *rest,
    )


def json_figures(figures: Kpis) -> dict[str, Any]:
    """The figures as `welkom report --json` prints them.

    A share is its value, null of nothing. `shares` has the counts of each, its interval, and whether there
    are enough visits to say it.
    """
    values = {name: share.value for name, share in shares(figures).items()}
    details = {name: _details(share) for name, share in shares(figures).items()}
    return {**to_builtins(figures), **values, "shares": details}


def _details(share: Share) -> dict[str, Any]:
    return {
        "part": share.part,
        "whole": share.whole,
        "low": share.interval.low if share.interval else None,
        "high": share.interval.high if share.interval else None,
        "enough": share.is_enough,
    }


def presence_ms(db: sqlite3.Connection, catalogue: Catalogue, from_day: str, to_day: str, now: int) -> int:
    """How long all employees together were on the floor (available, serving or not responding), ms."""
    # Only rows from the first day on are read: the log may be years long.
    zone = catalogue.local(now).tzinfo
    first = datetime.combine(date.fromisoformat(from_day), time(), zone)
    after = datetime.combine(date.fromisoformat(to_day) + timedelta(days=1), time(), zone)
    rows = db.execute(
        "SELECT presence, at, until FROM (SELECT presence, at, lead(at, 1, ?)"
        " OVER (PARTITION BY employee ORDER BY seq) AS until FROM presence_log WHERE at >= ?) WHERE at < ?",
        (now, int(first.timestamp() * 1000), int(after.timestamp() * 1000)),
    )
    return sum(until - at for presence, at, until in rows if presence in ON_THE_FLOOR)
