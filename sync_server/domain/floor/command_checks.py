"""The checks that several commands share. Each raises Refused, or returns what the command works on."""

from collections.abc import Callable
from typing import Any

from sync_server.domain import events as ev
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Need
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.events import Change
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.people import Person
from sync_server.domain.refusal import Code, Refused
from sync_server.domain.visit.transitions import TRANSITIONS
from sync_server.domain.visit.visit import IN_HAND, IN_LINE, State, Visit
from sync_server.names import visible_words

from .floor_view import FloorView

Command = Callable[[FloorView, Any, Actor, int], list[Change]]  # decides one kind of op

# --- visits ----------------------------------------------------------------------------------------------


def find_visit(floor: FloorView, visit_id: str) -> Visit:
    visit = floor.visits.get(visit_id)
    if visit is None:
        raise Refused(Code.UNKNOWN_VISIT, visit_id)
    return visit


def check_rev(visit: Visit, expected_rev: int | None) -> None:
    """Refuses an op of somebody who saw another rev of the visit. None: the op does not name a rev."""
    if expected_rev is not None and expected_rev != visit.rev:
        raise Refused(Code.STALE_REV, visit.rev)


def change(visit: Visit, event: ev.AnyVisitEvent, expected_rev: int | None) -> list[Change]:
    """`event` as a change of `visit`, once the table and the rev allow it."""
    if (visit.state, type(event)) not in TRANSITIONS:
        raise Refused(Code.WRONG_STATE, visit.state)
    check_rev(visit, expected_rev)
    return [(visit.visit_id, event)]


def check_opened_here(visit: Visit, by: Actor) -> None:
    """A kiosk and other programs may act only on visits that they opened themselves.

    Programs count as one: which of them opened a visit is not stored. A phone proved its visit by the link.
    """
    is_other_kiosk = by.kind is ActorKind.KIOSK and visit.device_id != by.device_id
    if is_other_kiosk or (by.kind is ActorKind.API and visit.source != ActorKind.API):
        raise Refused(Code.NOT_YOUR_VISIT, visit.ticket)


def check_new_visit(floor: FloorView, visit_id: str, ticket: str, language: str, now: int) -> None:
    if visit_id in floor.visits:
        raise Refused(Code.VISIT_EXISTS, visit_id)
    if floor.tickets.is_taken(floor.catalogue.day(now), ticket):
        raise Refused(Code.TICKET_TAKEN, ticket)
    if language not in LANGUAGES:
        raise Refused(Code.UNKNOWN_LANGUAGE, language)


def find_need(floor: FloorView, code: str) -> Need:
    need = floor.catalogue.need(code)
    if need is None:
        raise Refused(Code.UNKNOWN_NEED, code)
    return need


# --- employees -------------------------------------------------------------------------------------------


def signed_in(floor: FloorView, by: Actor) -> Person:
    person = floor.employee_of(by)
    if person is None:
        raise Refused(Code.NOT_SIGNED_IN)
    return person


def my_visit(floor: FloorView, visit_id: str, by: Actor) -> tuple[Person, Visit]:
    """The acting employee and their own visit."""
    me = signed_in(floor, by)
    visit = find_visit(floor, visit_id)
    if visit.employee != me.id:
        raise Refused(Code.NOT_YOUR_VISIT, visit.ticket)
    return me, visit


def my_visit_or_offer(floor: FloorView, visit_id: str, by: Actor) -> tuple[Person, Visit]:
    """The acting employee and a visit that is theirs or that is offered to them."""
    me = signed_in(floor, by)
    visit = find_visit(floor, visit_id)
    if me.id not in (visit.offer_to, visit.employee):
        raise Refused(Code.NOT_YOUR_VISIT, visit.ticket)
    return me, visit


def my_offer(floor: FloorView, visit_id: str, by: Actor, now: int) -> tuple[Person, Visit]:
    """The acting employee and a visit that is offered to them and whose offer has not lapsed."""
    me = signed_in(floor, by)
    visit = find_visit(floor, visit_id)
    if visit.state in IN_HAND and visit.employee != me.id:
        raise Refused(Code.ALREADY_TAKEN, visit.employee)
    if (
        visit.offer_to != me.id
        or visit.offer_until is None
        or now > max(visit.offer_until, floor.paused_until)
    ):
        raise Refused(Code.OFFER_OVER, visit.ticket)
    return me, visit


def check_undo(floor: FloorView, visit: Visit, me: Person, now: int) -> None:
    """Refuses to take back what a colleague did, what has gone on since, and what is of an earlier day."""
    if visit.state in IN_HAND and visit.employee != me.id:
        raise Refused(Code.ALREADY_TAKEN, visit.employee)
    undo = visit.undo
    over = undo is None or now > visit.undo_until or visit.touched_at < floor.catalogue.last_closing(now)
    if undo is None or over or visit.state not in IN_LINE | {State.COMPLETED}:
        raise Refused(Code.WRONG_STATE, visit.state)
    if undo.employee != me.id:
        raise Refused(Code.NOT_YOUR_VISIT, visit.ticket)


def check_can_take(floor: FloorView, me: Person) -> None:
    """Refuses an employee who has as many visits in hand as the store allows, or who works here no more."""
    if floor.catalogue.employed(me.id) is None:
        raise Refused(Code.UNKNOWN_EMPLOYEE, me.id)
    if len(me.active) >= floor.catalogue.times.max_active:
        raise Refused(Code.FINISH_FIRST, floor.visits[me.active[0]].ticket)


# --- changes that go before or with others ---------------------------------------------------------------


def withdraw_offer(person: Person) -> list[Change]:
    return [(person.offer, ev.Withdrawn(person.id))] if person.offer else []


def wake(floor: FloorView, skills: frozenset[str]) -> list[Change]:
    """Those with these skills who do not respond count as available: their tablets ring again."""
    silent = (p for p in floor.people.values() if p.presence is ev.Presence.NOT_RESPONDING)
    return [
        (None, ev.PresenceChanged(person.id, ev.Presence.AVAILABLE, person.device_id))
        for person in silent
        if (employee := floor.catalogue.employed(person.id)) and skills <= employee.skills
    ]


def leave(floor: FloorView, person: Person, presence: ev.Presence) -> list[Change]:
    """For a break or off the floor: refused to an employee who has a visit in hand."""
    unfinished = person.active + (person.holding if presence is ev.Presence.OFF_FLOOR else ())
    if unfinished:
        raise Refused(Code.FINISH_FIRST, floor.visits[unfinished[0]].ticket)
    device = None if presence is ev.Presence.OFF_FLOOR else person.device_id
    return [*withdraw_offer(person), (None, ev.PresenceChanged(person.id, presence, device))]


def end_break(me: Person) -> list[Change]:
    """An employee who takes a visit during a break ends the break."""
    if me.chosen is ev.Presence.ON_BREAK:
        return [(None, ev.PresenceChanged(me.id, ev.Presence.AVAILABLE, me.device_id))]
    return []


def completion(floor: FloorView, op: ops.Complete | ops.QuickResolution, me: Person) -> ev.Completed:
    """How the visit ended. The goodwill is what the employee typed, else the price of the gift."""
    limit = floor.catalogue.store.goodwill_limit_cents
    if op.tip is not None and floor.catalogue.tip(op.tip) is None:
        raise Refused(Code.UNKNOWN_TIP, op.tip)
    gift = None if op.gift is None else floor.catalogue.gift(op.gift)
    if op.gift is not None and gift is None:
        raise Refused(Code.UNKNOWN_GIFT, op.gift)
    cents = op.goodwill_cents or (gift.cents if gift else 0)
    if cents > limit:
        raise Refused(Code.OVER_GOODWILL_LIMIT, limit)
    service_s = op.service_s if isinstance(op, ops.QuickResolution) else None
    note = visible_words(op.note or "") or None
    return ev.Completed(me.id, op.resolution, note, op.tip, op.gift, cents, service_s)
