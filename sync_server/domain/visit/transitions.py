"""A visit's life: the one table of transitions, and how each event changes a visit."""

from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from .events import (
    Accepted,
    Alerted,
    Cancelled,
    Claimed,
    Completed,
    Declined,
    Expired,
    HandedOver,
    Held,
    NoShow,
    Noted,
    Offered,
    Opened,
    Rated,
    Recalled,
    Removed,
    Resolution,
    Resumed,
    Started,
    TimedOut,
    VisitEvent,
    Widened,
    Withdrawn,
)


class State(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    SERVING = "serving"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REMOVED = "removed"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


ENDED = frozenset({State.COMPLETED, State.CANCELLED, State.REMOVED, State.EXPIRED, State.NO_SHOW})
OPEN = frozenset(State) - ENDED
IN_LINE = frozenset({State.WAITING, State.OFFERED})
IN_HAND = frozenset({State.ACCEPTED, State.SERVING})

# Every legal change, and no other. None is the visit that does not exist yet.
TRANSITIONS: dict[tuple[State | None, type[VisitEvent]], State] = {
    (None, Opened): State.WAITING,
    (State.WAITING, Offered): State.OFFERED,
    (State.WAITING, Claimed): State.ACCEPTED,
    (State.WAITING, Widened): State.WAITING,
    (State.WAITING, Alerted): State.WAITING,
    (State.WAITING, Cancelled): State.CANCELLED,
    (State.WAITING, Removed): State.REMOVED,
    (State.WAITING, Expired): State.EXPIRED,
    (State.OFFERED, Accepted): State.ACCEPTED,
    (State.OFFERED, Declined): State.WAITING,
    (State.OFFERED, TimedOut): State.WAITING,
    (State.OFFERED, Withdrawn): State.WAITING,
    (State.OFFERED, Recalled): State.OFFERED,
    (State.OFFERED, NoShow): State.NO_SHOW,
    (State.OFFERED, Cancelled): State.CANCELLED,
    (State.OFFERED, Removed): State.REMOVED,
    (State.OFFERED, Expired): State.EXPIRED,
    (State.ACCEPTED, Started): State.SERVING,
    (State.ACCEPTED, Recalled): State.ACCEPTED,
    (State.ACCEPTED, Noted): State.ACCEPTED,
    (State.ACCEPTED, HandedOver): State.WAITING,
    (State.ACCEPTED, NoShow): State.NO_SHOW,
    (State.ACCEPTED, Cancelled): State.CANCELLED,
    (State.ACCEPTED, Removed): State.REMOVED,
    (State.ACCEPTED, Expired): State.EXPIRED,
    (State.SERVING, Noted): State.SERVING,
    (State.SERVING, Held): State.ON_HOLD,
    (State.SERVING, HandedOver): State.WAITING,
    (State.SERVING, Completed): State.COMPLETED,
    (State.ON_HOLD, Noted): State.ON_HOLD,
    (State.ON_HOLD, Resumed): State.SERVING,
    (State.ON_HOLD, HandedOver): State.WAITING,
    (State.ON_HOLD, Cancelled): State.CANCELLED,
    (State.ON_HOLD, Removed): State.REMOVED,
    (State.ON_HOLD, Expired): State.EXPIRED,
    # Left open: closing time is long past and nobody has said how it ended.
    (State.SERVING, Expired): State.EXPIRED,
    # An answer to the one question changes what is known of a visit, not how it ended.
    (State.COMPLETED, Rated): State.COMPLETED,
    (State.CANCELLED, Rated): State.CANCELLED,
}


class IllegalTransition(ValueError):
    """The table has no line for this state and this event. A fault in the rules, never a shopper's."""


class Visit(Struct, frozen=True, gc=False):
    """One shopper's need from stating it to its end. Times are ms UTC, durations ms unless named `_s`.

    `offered_at`, `accepted_at` and `serving_at` are the first times each was reached; a visit that was
    claimed before anybody was asked for it keeps no `offered_at`, so they never run backwards.
    `held_ms` and `handled_ms` grow when a stint ends; `stint_at` is the running one's start.
    `line_at` is when it came into line: on arrival, and again with each hand over. `arrived_at` is
    when the server heard of it, by which visits are ordered; `touched_at` when anything last
    happened to it. `left_open`: somebody was still being served long after closing time.
    `under` is what closing time ended, as it was: what was tapped before that may still come in.
    """

    visit_id: str
    ticket: str
    day: str
    source: str
    need: str
    language: str
    created_at: int
    device_id: str | None = None
    priority: int = 0
    party_size: int = 1
    alias: str | None = None
    colour: str | None = None
    place: str | None = None
    link: str | None = None
    quoted_low_s: float | None = None
    quoted_median_s: float | None = None
    quoted_high_s: float | None = None
    expected_s: float | None = None

    state: State = State.WAITING
    rev: int = 1
    employee: str | None = None
    offered_at: int | None = None
    accepted_at: int | None = None
    serving_at: int | None = None
    ended_at: int | None = None

    offer_to: str | None = None
    offer_until: int | None = None
    asked: tuple[str, ...] = ()
    asked_at: int | None = None
    offers: int = 0
    arrived_at: int = 0
    touched_at: int = 0
    line_at: int = 0
    ring: int = 0
    alerted_at: int | None = None
    recalled_at: int | None = None
    stint_at: int | None = None
    held_ms: int = 0
    handled_ms: int = 0
    handovers: int = 0
    notes: tuple[str, ...] = ()

    resolution: Resolution | None = None
    tip: str | None = None
    gift: str | None = None
    goodwill_cents: int = 0
    ces: int | None = None
    nps: int | None = None
    comment: str | None = None
    left_open: bool = False
    under: "Visit | None" = None

    @property
    def wait_ms(self) -> int | None:
        """Until somebody was with the shopper, or until the visit ended unserved. None while waiting."""
        until = self.serving_at if self.serving_at is not None else self.ended_at
        return None if until is None else until - self.created_at

    @property
    def service_ms(self) -> int | None:
        """From the first moment together to the end, less time on hold.

        None if never served, not ended, or left open: then nobody knows when it ended.
        """
        if self.serving_at is None or self.ended_at is None or self.left_open:
            return None
        return self.ended_at - self.serving_at - self.held_ms


def open_visit(visit_id: str, event: Opened, at: int, device_id: str | None, now: int) -> Visit:
    """The visit as it begins. `at` is when the shopper said it, `now` when the server heard of it."""
    return Visit(
        visit_id=visit_id,
        ticket=event.ticket,
        day=event.day,
        source=event.source,
        need=event.need,
        language=event.language,
        created_at=at,
        arrived_at=now,
        touched_at=at,
        line_at=now,
        device_id=device_id,
        priority=event.priority,
        party_size=event.party_size,
        alias=event.alias,
        colour=event.colour,
        place=event.place,
        link=event.link,
        quoted_low_s=event.quoted_low_s,
        quoted_median_s=event.quoted_median_s,
        quoted_high_s=event.quoted_high_s,
        expected_s=event.expected_s,
    )


def apply(visit: Visit, event: VisitEvent, at: int, now: int | None = None) -> Visit:
    """The visit after `event`, one rev on. `at` is when it happened, `now` when the server heard of it.

    Raises IllegalTransition where the table has no line; the visit given is never altered.
    """
    state = TRANSITIONS.get((visit.state, type(event)))
    if state is None and visit.under is not None:
        return _made_up(visit, visit.under, event, at, now)
    if state is None:
        raise IllegalTransition(f"{type(event).__name__} cannot follow {visit.state} (visit {visit.ticket})")
    return replace(
        visit, state=state, rev=visit.rev + 1, touched_at=at, **_changes(visit, event, at, now or at)
    )


def _made_up(visit: Visit, under: Visit, event: VisitEvent, at: int, now: int | None) -> Visit:
    """The visit that closing time ended, had this been heard of before. It stays ended."""
    after = apply(under, event, at, now)
    if after.state in OPEN:
        after = apply(after, Expired(), max(visit.ended_at or at, at), now)
    return replace(after, rev=visit.rev + 1)


def _changes(visit: Visit, event: VisitEvent, at: int, now: int) -> dict[str, Any]:
    match event:  # the most frequent first
        case Offered(employee, until, new_round):
            return {
                "offer_to": employee,
                "offer_until": until,
                "offers": visit.offers + 1,
                "offered_at": visit.offered_at if visit.accepted_at is not None else visit.offered_at or at,
                "asked": (employee,) if new_round else (*visit.asked, employee),
            }
        case Accepted(employee) | Claimed(employee):
            return {
                **_NO_OFFER,
                "employee": employee,
                "accepted_at": visit.accepted_at or at,
                "stint_at": at,
                "recalled_at": None,
            }
        case Started():
            return {"serving_at": visit.serving_at or at, "recalled_at": None}
        case Completed():
            return {
                **_stint_ends(visit, at),
                "ended_at": at,
                "resolution": event.resolution,
                "notes": (*visit.notes, event.note) if event.note else visit.notes,
                "tip": event.tip,
                "gift": event.gift,
                "goodwill_cents": event.goodwill_cents,
            }
        case Declined() | TimedOut():
            return {**_NO_OFFER, "asked_at": now}
        case Withdrawn(employee):
            # Whoever never had the chance to answer may be asked again in this round.
            return {**_NO_OFFER, "asked": tuple(e for e in visit.asked if e != employee)}
        case Recalled():
            return {"recalled_at": at}
        case Held():
            return {**_stint_ends(visit, at), "stint_at": at}
        case Resumed():
            return {**_stint_ends(visit, at), "stint_at": at}
        case HandedOver(employee, note, need):
            return {
                **_stint_ends(visit, at),
                "employee": None,
                "need": need,
                "notes": (*visit.notes, note) if note else visit.notes,
                "handovers": visit.handovers + 1,
                "asked": (employee,),
                "asked_at": now,
                "line_at": now,
                "ring": visit.ring if need == visit.need else 0,
                "alerted_at": None,
                "recalled_at": None,
            }
        case Noted(_, note):
            # Empty is a note whose words were removed in time.
            return {"notes": (*visit.notes, note) if note else visit.notes}
        case NoShow(employee) | Removed(employee):
            return {
                **_NO_OFFER,
                **_stint_ends(visit, at),
                "ended_at": at,
                "employee": visit.employee or employee,
            }
        case Cancelled() | Expired():
            under = visit if isinstance(event, Expired) else None
            if under is not None and visit.state is State.SERVING:
                # How long it really was nobody knows: no time with a shopper is booked.
                return {**_NO_OFFER, "stint_at": None, "ended_at": at, "left_open": True, "under": under}
            return {**_NO_OFFER, **_stint_ends(visit, at), "ended_at": at, "under": under}
        case Widened(ring):
            return {"ring": ring}
        case Alerted():
            return {"alerted_at": at}
        case Rated(ces, nps, comment):
            return {
                "ces": visit.ces if ces is None else ces,
                "nps": visit.nps if nps is None else nps,
                "comment": visit.comment if comment is None else comment,
            }
        case _:  # Opened has no line for a visit that exists, so the table has refused it already
            raise IllegalTransition(type(event).__name__)


_NO_OFFER: dict[str, Any] = {"offer_to": None, "offer_until": None}


def _stint_ends(visit: Visit, at: int) -> dict[str, Any]:
    """Books the running stint: on hold, or in an employee's hands."""
    if visit.stint_at is None:
        return {}
    spent = at - visit.stint_at
    if visit.state is State.ON_HOLD:
        return {"stint_at": None, "held_ms": visit.held_ms + spent}
    return {"stint_at": None, "handled_ms": visit.handled_ms + spent}
