"""What each op means: checks it against the floor and gives the events it brings about.

A command looks and never changes: it raises Refused, or returns the events for `Floor` to apply.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import events as ev
from . import ops, roles
from .catalogue import COLOURS, LANGUAGES, Need
from .events import Presence
from .ops import Actor, ActorKind
from .people import Person
from .refusal import Code, Refused
from .visit import IN_HAND, IN_LINE, TRANSITIONS, State, Visit

if TYPE_CHECKING:
    from .floor import Floor

# Shoppers in line from one kiosk, far more than ever wait: each is told where they stand, so one gone mad
# would keep the server reckoning.
MOST_IN_LINE = 200

Change = tuple[str | None, ev.Event]  # the visit it is about (None: a person) and what happens
Command = Callable[["Floor", Any, Actor, int], list[Change]]


def decide(floor: "Floor", op: ops.AnyOp, by: Actor, now: int) -> list[Change]:
    """The changes `op` brings about at `now`, in order. Raises Refused, having changed nothing."""
    if not roles.may(by.kind, type(op)):
        raise Refused(Code.NOT_ALLOWED, type(op).__name__)
    changes = COMMANDS[type(op)](floor, op, by, now)
    if by.kind is ActorKind.STAFF:
        me = _signed_in(floor, by)
        if me.chosen is Presence.NOT_RESPONDING and not isinstance(op, ops.SetPresence):
            # Whoever taps is there.
            changes.insert(0, (None, ev.PresenceChanged(me.id, Presence.AVAILABLE, me.device_id)))
    return changes


# --- the shopper ---------------------------------------------------------------------------------


def _open(floor: "Floor", op: ops.OpenVisit, by: Actor, now: int) -> list[Change]:
    _check_new(floor, op.visit_id, op.ticket, op.language, now)
    need = _need(floor, op.need)
    source = by.kind.value
    if sum(v.device_id == by.device_id and v.source == source for v in floor.line()) >= MOST_IN_LINE:
        raise Refused(Code.NOT_ALLOWED, f"{MOST_IN_LINE} in line")
    if op.place is not None and op.place not in {place.code for place in floor.catalogue.places}:
        raise Refused(Code.UNKNOWN_PLACE, op.place)
    if op.colour is not None and op.colour not in COLOURS:
        raise Refused(Code.UNKNOWN_COLOUR, op.colour)
    quote = floor.quote(need.code)
    return [
        (
            op.visit_id,
            ev.Opened(
                ticket=op.ticket,
                day=floor.catalogue.day(now),
                source=source,
                need=need.code,
                language=op.language,
                priority=need.priority,
                party_size=op.party_size,
                alias=op.alias,
                colour=op.colour,
                place=op.place,
                link=op.link,
                quoted_low_s=quote.low_s if quote else None,
                quoted_median_s=quote.median_s if quote else None,
                quoted_high_s=quote.high_s if quote else None,
                expected_s=quote.expected_s if quote else None,
            ),
        )
    ]


def _cancel(floor: "Floor", op: ops.Cancel, by: Actor, _now: int) -> list[Change]:
    visit = _find(floor, op.visit_id)
    _own(visit, by)
    return _change(visit, ev.Cancelled(), op.expected_rev)


def _rate(floor: "Floor", op: ops.Rate, by: Actor, _now: int) -> list[Change]:
    visit = _find(floor, op.visit_id)
    _own(visit, by)
    if op.ces is None and op.nps is None and not op.comment:
        raise Refused(Code.NOTHING_SAID, visit.ticket)
    return _change(visit, ev.Rated(op.ces, op.nps, op.comment or None), None)


# --- the employee --------------------------------------------------------------------------------


def _sign_on(floor: "Floor", op: ops.SignOn, _by: Actor, _now: int) -> list[Change]:
    if floor.catalogue.employee(op.employee) is None:
        raise Refused(Code.UNKNOWN_EMPLOYEE, op.employee)
    before = floor.holder(op.device_id)
    changes: list[Change] = []
    if before is not None and before.id != op.employee:
        # A tablet has one holder: whoever left it lying about is off the floor.
        changes += _leave(floor, before, Presence.OFF_FLOOR)
    person = floor.people.get(op.employee)
    chosen = Presence.ON_BREAK if person and person.chosen is Presence.ON_BREAK else Presence.AVAILABLE
    return [*changes, (None, ev.PresenceChanged(op.employee, chosen, op.device_id))]


def _set_presence(floor: "Floor", op: ops.SetPresence, by: Actor, _now: int) -> list[Change]:
    me = _signed_in(floor, by)
    if op.presence not in (Presence.AVAILABLE, Presence.ON_BREAK, Presence.OFF_FLOOR):
        raise Refused(Code.NOT_ALLOWED, op.presence)
    if op.presence is me.chosen:
        return []
    if op.presence is Presence.AVAILABLE:
        return [(None, ev.PresenceChanged(me.id, op.presence, me.device_id))]
    return _leave(floor, me, op.presence)


def _leave(floor: "Floor", person: Person, presence: Presence) -> list[Change]:
    in_hand = person.active + (person.holding if presence is Presence.OFF_FLOOR else ())
    if in_hand:
        raise Refused(Code.FINISH_FIRST, floor.visits[in_hand[0]].ticket)
    device = None if presence is Presence.OFF_FLOOR else person.device_id
    return [*_withdraw_offer(person), (None, ev.PresenceChanged(person.id, presence, device))]


def _accept(floor: "Floor", op: ops.Accept, by: Actor, now: int) -> list[Change]:
    me, visit = _offer_to_me(floor, op.visit_id, by, now)
    return _change(visit, ev.Accepted(me.id), op.expected_rev)


def _decline(floor: "Floor", op: ops.Decline, by: Actor, now: int) -> list[Change]:
    me, visit = _offer_to_me(floor, op.visit_id, by, now)
    return _change(visit, ev.Declined(me.id), op.expected_rev)


def _claim(floor: "Floor", op: ops.Claim, by: Actor, now: int) -> list[Change]:
    me = _signed_in(floor, by)
    visit = _find(floor, op.visit_id)
    if visit.state not in IN_LINE:
        raise Refused(
            Code.ALREADY_TAKEN if visit.employee else Code.WRONG_STATE, visit.employee or visit.state
        )
    _fresh(visit, op.expected_rev)
    _hands_free(floor, me)
    if visit.offer_to == me.id and visit.offer_until is not None and now <= visit.offer_until:
        return [*_back_from_break(me), (visit.visit_id, ev.Accepted(me.id))]
    changes = _back_from_break(me) + _withdraw_offer(me)
    if visit.offer_to is not None and visit.offer_to != me.id:
        changes.append((visit.visit_id, ev.Withdrawn(visit.offer_to)))
    return [*changes, (visit.visit_id, ev.Claimed(me.id))]


def _recall(floor: "Floor", op: ops.Recall, by: Actor, _now: int) -> list[Change]:
    me, visit = _asked_or_mine(floor, op.visit_id, by)
    return _change(visit, ev.Recalled(me.id), op.expected_rev)


def _mark_no_show(floor: "Floor", op: ops.MarkNoShow, by: Actor, _now: int) -> list[Change]:
    me, visit = _asked_or_mine(floor, op.visit_id, by)
    if visit.recalled_at is None and visit.state in IN_LINE | {State.ACCEPTED}:
        raise Refused(Code.RECALL_FIRST, visit.ticket)
    return _change(visit, ev.NoShow(me.id), op.expected_rev)


def _start(floor: "Floor", op: ops.Start, by: Actor, _now: int) -> list[Change]:
    me, visit = _mine(floor, op.visit_id, by)
    return _change(visit, ev.Started(me.id), op.expected_rev)


def _hold(floor: "Floor", op: ops.Hold, by: Actor, _now: int) -> list[Change]:
    me, visit = _mine(floor, op.visit_id, by)
    return _change(visit, ev.Held(me.id), op.expected_rev)


def _resume(floor: "Floor", op: ops.Resume, by: Actor, _now: int) -> list[Change]:
    me, visit = _mine(floor, op.visit_id, by)
    if visit.state is State.ON_HOLD:
        _hands_free(floor, me)
    return _back_from_break(me) + _withdraw_offer(me) + _change(visit, ev.Resumed(me.id), op.expected_rev)


def _hand_over(floor: "Floor", op: ops.HandOver, by: Actor, _now: int) -> list[Change]:
    me, visit = _mine(floor, op.visit_id, by)
    need = _need(floor, op.need).code if op.need else visit.need
    return _change(visit, ev.HandedOver(me.id, op.note, need), op.expected_rev)


def _add_note(floor: "Floor", op: ops.AddNote, by: Actor, _now: int) -> list[Change]:
    me, visit = _mine(floor, op.visit_id, by)
    return _change(visit, ev.Noted(me.id, op.note), op.expected_rev)


def _complete(floor: "Floor", op: ops.Complete, by: Actor, _now: int) -> list[Change]:
    me, visit = _mine(floor, op.visit_id, by)
    return _change(visit, _ending(floor, op, me), op.expected_rev)


def _remove(floor: "Floor", op: ops.Remove, by: Actor, _now: int) -> list[Change]:
    me = _signed_in(floor, by)
    visit = _find(floor, op.visit_id)
    if visit.employee is not None and visit.employee != me.id:
        raise Refused(Code.NOT_YOUR_VISIT, visit.ticket)
    return _change(visit, ev.Removed(me.id), op.expected_rev)


def _quick_resolution(floor: "Floor", op: ops.QuickResolution, by: Actor, now: int) -> list[Change]:
    me = _signed_in(floor, by)
    _check_new(floor, op.visit_id, op.ticket, op.language, now)
    need = _need(floor, op.need)
    _hands_free(floor, me)
    opened = ev.Opened(
        ticket=op.ticket,
        day=floor.catalogue.day(now),
        source=by.kind.value,
        need=need.code,
        language=op.language,
        priority=need.priority,
    )
    steps = (opened, ev.Claimed(me.id), ev.Started(me.id), _ending(floor, op, me))
    return _withdraw_offer(me) + [(op.visit_id, step) for step in steps]


# --- what the commands share ---------------------------------------------------------------------


def _find(floor: "Floor", visit_id: str) -> Visit:
    visit = floor.visits.get(visit_id)
    if visit is None:
        raise Refused(Code.UNKNOWN_VISIT, visit_id)
    return visit


def _fresh(visit: Visit, expected_rev: int | None) -> None:
    if expected_rev is not None and expected_rev != visit.rev:
        raise Refused(Code.STALE_REV, visit.rev)


def _change(visit: Visit, event: ev.AnyVisitEvent, expected_rev: int | None) -> list[Change]:
    """`event` as a change of `visit`, once the table and the rev allow it."""
    if (visit.state, type(event)) not in TRANSITIONS:
        raise Refused(Code.WRONG_STATE, visit.state)
    _fresh(visit, expected_rev)
    return [(visit.visit_id, event)]


def _own(visit: Visit, by: Actor) -> None:
    """A kiosk speaks only for the visits it opened itself; a phone proved its visit by its link."""
    if by.kind is ActorKind.KIOSK and visit.device_id != by.device_id:
        raise Refused(Code.NOT_YOUR_VISIT, visit.ticket)


def _signed_in(floor: "Floor", by: Actor) -> Person:
    person = floor.who(by)
    if person is None:
        raise Refused(Code.NOT_SIGNED_IN)
    return person


def _mine(floor: "Floor", visit_id: str, by: Actor) -> tuple[Person, Visit]:
    me = _signed_in(floor, by)
    visit = _find(floor, visit_id)
    if visit.employee != me.id:
        raise Refused(Code.NOT_YOUR_VISIT, visit.ticket)
    return me, visit


def _asked_or_mine(floor: "Floor", visit_id: str, by: Actor) -> tuple[Person, Visit]:
    me = _signed_in(floor, by)
    visit = _find(floor, visit_id)
    if me.id not in (visit.offer_to, visit.employee):
        raise Refused(Code.NOT_YOUR_VISIT, visit.ticket)
    return me, visit


def _offer_to_me(floor: "Floor", visit_id: str, by: Actor, now: int) -> tuple[Person, Visit]:
    me = _signed_in(floor, by)
    visit = _find(floor, visit_id)
    if visit.state in IN_HAND and visit.employee != me.id:
        raise Refused(Code.ALREADY_TAKEN, visit.employee)
    if (
        visit.offer_to != me.id
        or visit.offer_until is None
        or now > max(visit.offer_until, floor.still_until)
    ):
        raise Refused(Code.OFFER_OVER, visit.ticket)
    return me, visit


def _hands_free(floor: "Floor", me: Person) -> None:
    if len(me.active) >= floor.catalogue.times.max_active:
        raise Refused(Code.FINISH_FIRST, floor.visits[me.active[0]].ticket)


def _withdraw_offer(person: Person) -> list[Change]:
    return [(person.offer, ev.Withdrawn(person.id))] if person.offer else []


def _back_from_break(me: Person) -> list[Change]:
    """Whoever takes a visit during a break ended the break."""
    if me.chosen is Presence.ON_BREAK:
        return [(None, ev.PresenceChanged(me.id, Presence.AVAILABLE, me.device_id))]
    return []


def _need(floor: "Floor", code: str) -> Need:
    need = floor.catalogue.need(code)
    if need is None:
        raise Refused(Code.UNKNOWN_NEED, code)
    return need


def _check_new(floor: "Floor", visit_id: str, ticket: str, language: str, now: int) -> None:
    if visit_id in floor.visits:
        raise Refused(Code.VISIT_EXISTS, visit_id)
    if floor.tickets.taken(floor.catalogue.day(now), ticket):
        raise Refused(Code.TICKET_TAKEN, ticket)
    if language not in LANGUAGES:
        raise Refused(Code.UNKNOWN_LANGUAGE, language)


def _ending(floor: "Floor", op: ops.Complete | ops.QuickResolution, me: Person) -> ev.Completed:
    limit = floor.catalogue.store.goodwill_limit_cents
    if op.tip is not None and op.tip not in {tip.code for tip in floor.catalogue.tips}:
        raise Refused(Code.UNKNOWN_TIP, op.tip)
    gift = next((g for g in floor.catalogue.gifts if g.code == op.gift), None)
    if op.gift is not None and gift is None:
        raise Refused(Code.UNKNOWN_GIFT, op.gift)
    cents = op.goodwill_cents or (gift.cents if gift else 0)
    if cents > limit:
        raise Refused(Code.OVER_GOODWILL_LIMIT, limit)
    return ev.Completed(me.id, op.resolution, op.note or None, op.tip, op.gift, cents)


COMMANDS: dict[type, Command] = {
    ops.OpenVisit: _open,
    ops.Cancel: _cancel,
    ops.Rate: _rate,
    ops.SignOn: _sign_on,
    ops.SetPresence: _set_presence,
    ops.Accept: _accept,
    ops.Decline: _decline,
    ops.Claim: _claim,
    ops.Recall: _recall,
    ops.Start: _start,
    ops.Hold: _hold,
    ops.Resume: _resume,
    ops.HandOver: _hand_over,
    ops.AddNote: _add_note,
    ops.Complete: _complete,
    ops.MarkNoShow: _mark_no_show,
    ops.Remove: _remove,
    ops.QuickResolution: _quick_resolution,
}
