"""The shop in the API: the floor now, the figures of days, the catalogue, and who came through the doors."""

import asyncio
from datetime import date

from msgspec import to_builtins

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.kpi import Distribution, Kpis, shares
from sync_server.domain.visit.visit import IN_LINE
from sync_server.service.arrivals import OtherReport, arrivals_between, count_arrivals, day_span
from sync_server.service.limits.numbers import API_REPORT_DAYS, ARRIVALS_LATE_MS
from sync_server.service.reports.kpi_report import kpi_report
from sync_server.service.storage.connection import reading
from sync_server.service.visit_states import utc, visit_state

from .calls import ApiCall
from .models import (
    ArrivalQuarter,
    ArrivalQuarters,
    ArrivalReport,
    ArrivalsCounted,
    DaysQuery,
    DurationFigure,
    FloorStatus,
    NeedState,
    PersonState,
    ReportFigures,
    ShareFigure,
)
from .problems import ApiProblem, ProblemCode

AHEAD_MS = 60_000  # how far a sensor's clock may be ahead


async def get_floor(call: ApiCall) -> FloorStatus:
    """Who waits, who is here, and what somebody who came now would be told."""
    processor = call.server.processor
    floor, now = processor.floor, processor.clock()
    visits = sorted(floor.open_visits(), key=lambda visit: (visit.created_at, visit.visit_id))
    quotes = {need.code: floor.quote(need.code) for need in floor.catalogue.needs}
    return FloorStatus(
        at=utc(now),
        is_open=floor.catalogue.hours.is_open(now),
        in_line=sum(visit.state in IN_LINE for visit in visits),
        being_helped=sum(visit.state not in IN_LINE for visit in visits),
        people=[PersonState(p.id, p.presence, utc(p.since)) for p in floor.people.values()],
        needs=[
            NeedState(
                code,
                floor.overrides.closed_need(code, now) is None,
                quote.low_s if quote else None,
                quote.high_s if quote else None,
            )
            for code, quote in quotes.items()
            if floor.catalogue.need(code) is not None
        ],
        visits=[visit_state(visit, call.may_read_words()) for visit in visits],
    )


async def get_catalogue(call: ApiCall) -> Catalogue:
    """Needs, skills, employees, places, tips and gifts, with their texts."""
    return call.server.processor.catalogue


async def get_report(call: ApiCall) -> ReportFigures:
    """The figures of some days."""
    catalogue, now = call.server.processor.catalogue, call.server.processor.clock()
    first, last = _days(call)

    def read() -> tuple[Kpis, int]:
        with reading(call.server.data_dir.store) as db:
            figures = kpi_report(db, catalogue, first.isoformat(), last.isoformat(), now)
            came = arrivals_between(db, *day_span(catalogue, first, last))
        return figures, sum(quarter.people for quarter in came)

    figures, arrivals = await asyncio.to_thread(read)
    found = shares(figures)
    each = {name: getattr(figures, name) for name in figures.__struct_fields__}
    return ReportFigures(
        from_day=first.isoformat(),
        to_day=last.isoformat(),
        arrivals=arrivals,
        counts={n: v for n, v in each.items() if n not in found and not isinstance(v, Distribution)},
        durations={
            n: DurationFigure(**to_builtins(v)) for n, v in each.items() if isinstance(v, Distribution)
        },
        shares={name: share.value for name, share in found.items()},
        shares_of={
            name: ShareFigure(
                share.part,
                share.whole,
                share.interval.low if share.interval else None,
                share.interval.high if share.interval else None,
                share.is_enough,
            )
            for name, share in found.items()
        },
    )


async def get_arrivals(call: ApiCall) -> ArrivalQuarters:
    """How many people came through which door, by quarter of an hour."""
    catalogue = call.server.processor.catalogue
    span = day_span(catalogue, *_days(call))

    def read() -> ArrivalQuarters:
        with reading(call.server.data_dir.store) as db:
            found = arrivals_between(db, *span)
        return ArrivalQuarters([ArrivalQuarter(utc(q.at), q.door, q.people) for q in found])

    return await asyncio.to_thread(read)


async def report_arrivals(call: ApiCall) -> ArrivalsCounted:
    """Counts people at a door. Sent again with the same Idempotency-Key they count once."""
    body: ArrivalReport = call.body
    processor, key = call.server.processor, call.idempotency_key()
    now = processor.clock()
    at = None if body.at is None else int(body.at.timestamp() * 1000)
    if at is not None and not now - ARRIVALS_LATE_MS <= at <= now + AHEAD_MS:
        raise ApiProblem(
            ProblemCode.INVALID_BODY,
            "at: is in the future or more than a week ago; set the sensor's clock, or leave it out",
            "at",
        )
    report = None if key is None else f"{call.token.name}\0{key}"
    try:
        counted = await processor.writer.call(
            lambda db: count_arrivals(db, body.door, body.people, at, now, report)
        )
    except OtherReport:
        raise ApiProblem(
            ProblemCode.KEY_REUSED, "this Idempotency-Key was used for another report; make a new one"
        ) from None
    return ArrivalsCounted(counted)


def _days(call: ApiCall) -> tuple[date, date]:
    """The first and the last day that the request names. Raises ApiProblem."""
    query: DaysQuery = call.query
    today = date.fromisoformat(call.server.processor.catalogue.day(call.server.processor.clock()))
    last = query.to_day or max(today, query.from_day or today)
    first = query.from_day or min(today, last)
    if first > last:
        raise ApiProblem(ProblemCode.INVALID_PARAMETER, "from: is after `to`", "from")
    if (last - first).days >= API_REPORT_DAYS or not 1970 <= first.year <= last.year < 9999:
        raise ApiProblem(
            ProblemCode.INVALID_PARAMETER, f"from, to: ask for at most {API_REPORT_DAYS} days", "from"
        )
    return first, last
