"""Checks and compares floors: visits that wait in vain, and differences between two floors."""

from msgspec.structs import replace

from sync_server.domain.catalogue.catalogue import EVERYBODY, Catalogue
from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.floor.overrides import Announcement, ClosedNeed, PutAwayKiosk
from sync_server.domain.people import Person
from sync_server.domain.visit.visit import State, Visit

ALARM_MS = 50  # an employee who has just become free is asked when the server's timer fires


def left_waiting(floor: Floor, catalogue: Catalogue, now: int) -> str | None:
    """A visit that waits although an employee could have been asked; None if there is none."""
    now -= ALARM_MS
    free: list[Person] | None = None
    for visit in floor.open_visits():
        if visit.state is not State.WAITING:
            continue
        if free is None:
            free = [p for p in floor.people.values() if _free(p, catalogue, now)]
        if catalogue.need(visit.need) is None:
            continue
        skills = _wanted(floor, catalogue, visit)
        for person in free:
            employee = catalogue.employed(person.id)
            if employee and skills <= employee.skills and person.id not in visit.asked:
                return f"{visit.ticket} waits while {person.id} is free and was never asked"
    return None


def asked_in_vain(floor: Floor) -> str | None:
    """A visit that is offered to somebody who works here no more; None if there is none."""
    here = {employee.id for employee in floor.catalogue.employees}
    for visit in floor.open_visits():
        if visit.offer_to is not None and visit.offer_to not in here:
            return f"{visit.ticket} is offered to {visit.offer_to}, who works here no more"
    return None


def helped_in_vain(floor: Floor) -> str | None:
    """Somebody who asks for help with a shopper they are not with; None if there is nobody."""
    for person in floor.people.values():
        visit = floor.visits.get(person.help.visit_id) if person.help is not None else None
        if visit is not None and (visit.state is not State.SERVING or visit.employee != person.id):
            return f"{person.id} asks for help with {visit.ticket}, which is {visit.state}"
    return None


def missing_entry(floor: Floor) -> str | None:
    """Something that is in use and not in the catalogue, not even as retired; None if there is nothing."""
    for visit in floor.open_visits():
        if floor.catalogue.need(visit.need) is None:
            return f"{visit.ticket} is for {visit.need}, which is not in the catalogue"
        for name in (visit.employee, visit.offer_to):
            if name is not None and floor.catalogue.employee(name) is None:
                return f"{visit.ticket} is {name}'s, who is not in the catalogue"
    for person in floor.people.values():
        if person.chosen is not Presence.OFF_FLOOR and floor.catalogue.employee(person.id) is None:
            return f"{person.id} is on the floor and not in the catalogue"
    return None


def _wanted(floor: Floor, catalogue: Catalogue, visit: Visit) -> frozenset[str]:
    """The skills to look for: a preferred one that nobody on the floor has is not waited for."""
    if visit.ring == EVERYBODY:
        return frozenset()
    need = catalogue.need(visit.need)
    rings = [
        catalogue.wanted_skills(visit.need, ring) for ring in range(visit.ring, need.rings if need else 0)
    ]
    here = [p.id for p in floor.people.values() if p.presence in (Presence.AVAILABLE, Presence.SERVING)]
    known = [employee.skills for name in here if (employee := catalogue.employed(name))]
    return next((wanted for wanted in rings if any(wanted <= own for own in known)), frozenset(rings[-1]))


def _free(person: Person, catalogue: Catalogue, now: int) -> bool:
    available = person.chosen is Presence.AVAILABLE and person.free_at <= now
    return available and person.offer is None and len(person.active) < catalogue.times.max_active


def floors_differ(ours: Floor, theirs: Floor, now: int) -> list[str]:
    """How two floors differ in their open visits, their employees and overrides; empty if they do not."""

    def comparable(person: Person | None) -> Person | None:
        # The pause after a visit means nothing once it is over; nor does since when somebody is away.
        if person is not None and person.free_at <= now:
            person = replace(person, free_at=0)
        if person is not None and person.chosen is Presence.OFF_FLOOR:
            person = replace(person, since=0, idle_since=0)
        # Nobody remembers who is away and works here no more.
        return None if person is not None and person == Person(person.id) else person

    mine = {v.visit_id: v for v in ours.open_visits()}
    other = {v.visit_id: v for v in theirs.open_visits()}
    visits = [(mine.get(vid), other.get(vid)) for vid in sorted(mine.keys() | other.keys())]
    everybody = sorted(ours.people.keys() | theirs.people.keys())
    people = [(comparable(ours.people.get(who)), comparable(theirs.people.get(who))) for who in everybody]
    overrides = [(_in_force(ours, now), _in_force(theirs, now))]
    return [
        f"there is {found}; the log gives {by_log}"
        for by_log, found in (*visits, *people, *overrides)
        if by_log != found
    ]


def _in_force(floor: Floor, now: int) -> tuple[list[ClosedNeed], list[Announcement], list[PutAwayKiosk]]:
    """What the manager lets kiosks offer and say, and which are not in use."""
    closed = sorted(floor.overrides.closed_needs(now), key=lambda one: one.need)
    said = sorted(floor.overrides.announcements(now), key=lambda one: one.seq)
    return closed, said, sorted(floor.overrides.kiosks_put_away(now), key=lambda one: one.kiosk)
