"""The floor at this moment: who waits, and what everybody on the floor does."""

import asyncio
from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from sync_server.domain.catalogue.catalogue import Catalogue, Employee
from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.lateness import is_late
from sync_server.domain.permissions import Permission
from sync_server.domain.visit.visit import IN_LINE, Visit
from sync_server.web.http.app_state import server_of
from sync_server.web.http.sse import event_stream, html_events
from sync_server.web.http.templates import Context, render

from .access import has_permission, while_signed_in
from .forms import form_token
from .late_visits import LateVisit, late_visits
from .layout import framed_page, manager_language

INTERVAL_S = 20.0  # the clocks on the page are this old at most
MIN_INTERVAL_S = 1.0


class WaitingVisit(Struct, frozen=True):
    """A visit in line. `offered_to` is the employee who is being asked to take it.

    `late` is what the manager was alerted about, if they were.
    """

    visit: Visit
    waited_s: float
    offered_to: Employee | None
    is_late: bool
    late: LateVisit | None


class PersonOnFloor(Struct, frozen=True):
    """An employee who is on the floor.

    `visit` is the one they are helping with, `on_hold` how many they have put on hold, and `for_s` how many
    seconds their presence has been the same.
    """

    employee: Employee
    presence: Presence
    visit: Visit | None
    on_hold: int
    for_s: float


class FloorContext(Context, frozen=True):
    """Who waits, the longest first, and who is on the floor. `being_helped` counts the visits not in line."""

    waiting: list[WaitingVisit]
    people: list[PersonOnFloor]
    being_helped: int
    token: str
    may_manage: bool


class NowPage(FloorContext, frozen=True):
    """The whole page."""

    template: ClassVar[str] = "manager/now.html"


class FloorPiece(FloorContext, frozen=True):
    """The piece of the page that its events renew."""

    template: ClassVar[str] = "manager/floor.html"


async def now(request: Request) -> Response:
    """The page."""
    return framed_page(request, "now", _floor_context(request, NowPage))


async def events(request: Request) -> Response:
    """The floor again after each change."""
    language = manager_language(request)
    form_token(request)  # made now, because the cookie can be set only before the first event

    async def render_floor() -> tuple[str, bool]:
        context = _floor_context(request, FloorPiece)
        # In a thread: with hundreds in line this takes longer than an op should wait.
        return await asyncio.to_thread(render, server_of(request), language, context), False

    return event_stream(
        html_events(
            server_of(request), None, while_signed_in(request, render_floor), INTERVAL_S, MIN_INTERVAL_S
        )
    )


def _floor_context(request: Request, kind: type[NowPage] | type[FloorPiece]) -> FloorContext:
    processor = server_of(request).processor
    at = processor.clock()
    being_helped = sum(1 for visit in processor.floor.open_visits() if visit.state not in IN_LINE)
    return kind(
        waiting_visits(processor.floor, at),
        people_on_floor(processor.floor, at),
        being_helped,
        form_token(request),
        has_permission(request, Permission.MANAGE),
    )


def waiting_visits(floor: Floor, now: int) -> list[WaitingVisit]:
    """The visits in line, the longest wait first. `now` in ms UTC."""
    in_line = sorted((v for v in floor.open_visits() if v.state in IN_LINE), key=lambda v: v.created_at)
    late = {one.visit.visit_id: one for one in late_visits(floor, now)}
    return [_waiting_visit(visit, floor.catalogue, late.get(visit.visit_id), now) for visit in in_line]


def _waiting_visit(visit: Visit, catalogue: Catalogue, late: LateVisit | None, now: int) -> WaitingVisit:
    need = catalogue.need(visit.need)
    return WaitingVisit(
        visit=visit,
        waited_s=(now - visit.created_at) / 1000,
        offered_to=catalogue.employee(visit.offer_to) if visit.offer_to else None,
        is_late=is_late(visit.created_at, visit.alerted_at, need.target_wait_s if need else None, now),
        late=late,
    )


def people_on_floor(floor: Floor, now: int) -> list[PersonOnFloor]:
    """The employees who are on the floor, in the catalogue's order. `now` in ms UTC."""
    people = []
    for employee in floor.catalogue.employees:
        person = floor.people[employee.id]
        if person.presence is Presence.OFF_FLOOR:
            continue
        visit = floor.visits.get(person.active[-1]) if person.active else None
        for_s = (now - person.since) / 1000
        people.append(PersonOnFloor(employee, person.presence, visit, len(person.holding), for_s))
    return people
