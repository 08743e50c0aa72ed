"""Checks of the invariants that can be seen in one step of the floor. They stay on in production.

Each looks only at what the step has touched. If every step is right, the whole floor is right: what a step
does not touch was right before. The numbers are those of docs/develop/architecture.md.

Records that are replayed are not checked.
"""

from collections.abc import Mapping, Sequence

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Opened, Record
from sync_server.domain.people import Person
from sync_server.domain.queue import routing
from sync_server.domain.violation import InvariantViolated
from sync_server.domain.visit.ticket import Tickets
from sync_server.domain.visit.visit import ENDED, IN_HAND, State, Visit

from .floor_view import FloorAt, FloorView

_ACCEPTED, _SERVING = State.ACCEPTED, State.SERVING  # an enum is slow to look up


def check_expected_rev(expected_rev: int, records: Sequence[Record], floor: FloorView) -> None:
    """8: the op of these records saw the rev that its visit had before them.

    The op may have caused other records of the visit before its own. If closing time has ended the visit
    since the tap, `floor` is the one before closing time, and has the rev that counts.
    """
    visit_id = records[-1].visit_id
    rev_before = next(record.rev or 0 for record in records if record.visit_id == visit_id) - 1
    visit = floor.visits[visit_id or ""]
    if isinstance(floor, FloorAt):
        rev_before = visit.rev
    if expected_rev != rev_before:
        raise InvariantViolated(8, visit.ticket, f"rev {expected_rev} was seen, it was {rev_before}")


def check_new(record: Record, tickets: Tickets, latest: int) -> None:
    """11 and 12: a new visit comes after all that was there, with a ticket not yet given out on that day.

    `latest` is the floor's time, ms UTC. The record may also be about a person.
    """
    event = record.event
    if record.at < latest:
        raise InvariantViolated(11, f"record {record.seq}", f"it is {latest - record.at} ms before the last")
    if isinstance(event, Opened) and tickets.is_taken(event.day, event.ticket):
        raise InvariantViolated(12, event.ticket, "it is given out a second time")


def check_step(
    before: Visit, after: Visit, rev: int | None, people: Mapping[str, Person], max_active: int
) -> None:
    """4, 5, 6 and 7: what must hold after an event of a visit. `rev` is that of its record."""
    if after.rev != rev:
        raise InvariantViolated(6, after.ticket, f"rev {after.rev} follows, {rev} is written")
    if before.state in ENDED:
        undone = before.undo is not None and after.state is _SERVING and after.ended_at is None
        if after.state is not before.state and before.before_expiry is None and not undone:
            raise InvariantViolated(7, after.ticket, f"it was {before.state} and is {after.state}")
        if not undone:
            return
    visit_id, state, name = after.visit_id, after.state, after.employee
    if name is not None:
        person = people[name]
        in_hand = state is _ACCEPTED or state is _SERVING
        if (visit_id in person.active) is not in_hand:
            raise InvariantViolated(
                4, after.ticket, f"it is {state}, {name} has {len(person.active)} in hand"
            )
        if before.employee is not None and before.employee != name:
            raise InvariantViolated(4, after.ticket, f"{before.employee} has it, and so has {name}")
        if in_hand and len(person.active) > max_active and before.state not in IN_HAND:
            raise InvariantViolated(5, after.ticket, f"{name} has {len(person.active)} visits in hand")
    elif before.employee is not None and visit_id in people[before.employee].active:
        raise InvariantViolated(4, after.ticket, f"{before.employee} still has it in hand")
    if (asked := after.offer_to) is not None:
        if people[asked].offer != visit_id:
            raise InvariantViolated(4, after.ticket, f"{asked} is asked for another visit")
    elif (asked := before.offer_to) is not None and people[asked].offer == visit_id:
        raise InvariantViolated(4, after.ticket, f"{asked} is still asked for it")


def check_not_left_waiting(
    catalogue: Catalogue, visit: Visit, free: Sequence[Person], present: Sequence[frozenset[str]]
) -> None:
    """15: this visit, which waits, could not be offered to an employee who is free."""
    wanted = routing.wanted_skills(catalogue, visit.need, visit.ring, present)
    for person in free:
        employee = catalogue.employed(person.id)
        if employee is not None and wanted <= employee.skills and person.id not in visit.asked:
            raise InvariantViolated(15, visit.ticket, f"it waits, and {person.id} is free and was not asked")
