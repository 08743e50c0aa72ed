"""What of the catalogue is in use on a floor: the settings may retire it, and not remove it."""

from sync_server.domain.catalogue.retiring import InUse
from sync_server.domain.events import Presence

from .floor_view import FloorView


def in_use(floor: FloorView) -> InUse:
    """What the open visits and those of the last hour name, and who is on the floor."""
    here = [person.id for person in floor.people.values() if person.presence is not Presence.OFF_FLOOR]
    visits = floor.visits.values()
    return InUse(
        needs=frozenset(visit.need for visit in visits),
        employees=frozenset([*here, *(e for v in visits for e in (v.employee, v.offer_to) if e)]),
        places=frozenset(visit.place for visit in visits if visit.place),
        tips=frozenset(visit.tip for visit in visits if visit.tip),
        gifts=frozenset(visit.gift for visit in visits if visit.gift),
    )
