"""Back in line from the phone: a new visit for somebody who was called and not found, or who left."""

from starlette.requests import Request

from sync_server.domain.catalogue.catalogue import Need
from sync_server.domain.floor.overrides import ClosedNeed
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.visit.visit import State, Visit
from sync_server.service.limits.numbers import PHONE_RETURNS_PER_MINUTE
from sync_server.service.limits.rate_limit import SlidingWindow
from sync_server.service.server import Server
from sync_server.web.http.server_tickets import derived_id, open_visit_op

PHONE = Actor(ActorKind.PHONE)
MAX_OTHER_NEEDS = 6
MAY_RETURN = frozenset({State.NO_SHOW, State.CANCELLED})


def return_rate() -> SlidingWindow:
    """How many visits all phones together may open again."""
    return SlidingWindow(PHONE_RETURNS_PER_MINUTE, 60_000)


def visit_after(server: Server, visit_id: str) -> Visit | None:
    """The visit by which this shopper came back, if they did."""
    return server.processor.floor.visits.get(derived_id("back", visit_id, "visit"))


def may_return(server: Server, visit: Visit) -> bool:
    """Whether the shopper of this visit may come back now: the shop is open and still offers their need."""
    return could_return(server, visit) and closed_need(server, visit) is None


def closed_need(server: Server, visit: Visit) -> ClosedNeed | None:
    """How the need of a visit is closed today, if its shopper could come back otherwise; else None."""
    if not could_return(server, visit):
        return None
    return server.processor.floor.overrides.closed_need(visit.need, server.processor.clock())


def could_return(server: Server, visit: Visit) -> bool:
    """Whether this visit's shopper could come back if their need is offered."""
    catalogue = server.processor.catalogue
    return (
        visit.state in MAY_RETURN
        and catalogue.offers(visit.need)
        and catalogue.takes_needs(server.processor.clock())
    )


def other_needs(server: Server, visit: Visit) -> list[Need]:
    """What is offered to a shopper who could come back, and whose own need is closed today."""
    if closed_need(server, visit) is None:
        return []
    catalogue, now = server.processor.catalogue, server.processor.clock()
    overrides = server.processor.floor.overrides
    offered = [need for need in catalogue.needs if catalogue.offers(need.code)]
    return [need for need in offered if overrides.closed_need(need.code, now) is None][:MAX_OTHER_NEEDS]


async def come_back(request: Request, server: Server, visit: Visit, other: str = "") -> Visit | None:
    """Opens the new visit, once, however often it is asked. None if it is not possible just now.

    `other` is another need, for a shopper whose own is closed today.
    Raises Unavailable if the store cannot be written.
    """
    if (found := visit_after(server, visit.visit_id)) is not None:
        return found
    rate: SlidingWindow = request.app.state.return_rate
    need = other if other in {need.code for need in other_needs(server, visit)} else visit.need
    possible = need != visit.need or may_return(server, visit)
    if not possible or not rate.take(server.processor.clock()):
        return None
    op = open_visit_op(
        server,
        derived_id("back", visit.visit_id, "visit"),
        need,
        visit.language,
        visit.alias,
        visit.colour,
        visit.place,
        visit.party_size,
    )
    if op is None:
        return None
    await server.processor.submit(derived_id("back", visit.visit_id, "op"), op, PHONE)
    return visit_after(server, visit.visit_id)
