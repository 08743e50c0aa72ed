"""The floor as it is this moment: who waits, the longest first, and what everybody on the floor does."""

from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from sync_server.domain.catalogue import Employee, Need
from sync_server.domain.events import Presence
from sync_server.domain.floor import Floor
from sync_server.domain.visit import IN_LINE, Visit

from . import sse
from .manager import framed, server_of, spoken_by, while_signed_in
from .pages import draw

EVERY_S = 20.0
AT_MOST_EVERY_S = 1.0


class Waiting(Struct, frozen=True):
    """Somebody in line. `asked` is the employee being offered the visit."""

    visit: Visit
    need: Need | None
    waited_s: float
    asked: Employee | None

    @property
    def late(self) -> bool:
        return self.visit.alerted_at is not None or (
            self.need is not None and self.waited_s > self.need.target_wait_s
        )


class OnFloor(Struct, frozen=True):
    """Somebody who is here. `visit` is the one in hand; `for_s` how long things have been so."""

    employee: Employee
    presence: Presence
    visit: Visit | None
    holding: int
    for_s: float


async def now(request: Request) -> Response:
    return framed(request, "now.html", "now", **_floor(request))


async def events(request: Request) -> Response:
    """The same, told anew with every change on the floor."""
    language = spoken_by(request)

    async def render() -> tuple[str, bool]:
        return draw(server_of(request), "floor.html", language, **_floor(request)), False

    news = while_signed_in(request, render)
    return sse.stream(sse.pieces(server_of(request), None, news, EVERY_S, AT_MOST_EVERY_S))


def _floor(request: Request) -> dict[str, Any]:
    shop = server_of(request).shop
    at = shop.clock()
    in_hand = sum(1 for v in shop.floor.open_visits() if v.state not in IN_LINE)
    return {"waiting": waiting(shop.floor, at), "people": people(shop.floor, at), "in_hand": in_hand}


def waiting(floor: Floor, at: int) -> list[Waiting]:
    """Everybody in line, who has waited longest first."""
    in_line = sorted((v for v in floor.open_visits() if v.state in IN_LINE), key=lambda v: v.created_at)
    catalogue = floor.catalogue
    return [
        Waiting(
            v,
            catalogue.need(v.need),
            (at - v.created_at) / 1000,
            catalogue.employee(v.offer_to) if v.offer_to else None,
        )
        for v in in_line
    ]


def people(floor: Floor, at: int) -> list[OnFloor]:
    """Everybody who is not off the floor, in the catalogue's order."""
    here = []
    for employee in floor.catalogue.employees:
        person = floor.people[employee.id]
        if person.presence is Presence.OFF_FLOOR:
            continue
        visit = floor.visits.get(person.active[-1]) if person.active else None
        for_s = (at - person.since) / 1000
        here.append(OnFloor(employee, person.presence, visit, len(person.holding), for_s))
    return here
