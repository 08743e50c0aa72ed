"""The table of a visit's transitions, and how each event changes a visit."""

from typing import Any

from msgspec.structs import asdict, replace

from sync_server.domain.catalogue.catalogue import EVERYBODY
from sync_server.domain.events import (
    Accepted,
    Alerted,
    AskedAgain,
    Cancelled,
    Claimed,
    Completed,
    Corrected,
    Declined,
    Expired,
    FoundCompleted,
    HandedOver,
    Held,
    HelpWanted,
    LookedInto,
    NoShow,
    Noted,
    Offered,
    Opened,
    QuoteExtended,
    Rated,
    Recalled,
    Removed,
    Resumed,
    Started,
    TimedOut,
    Undone,
    VisitEvent,
    Widened,
    Withdrawn,
)
from sync_server.domain.violation import InvariantViolated

from .visit import OPEN, UNDO_MS, State, Visit

# Every allowed change. None is the visit that does not exist yet.
TRANSITIONS: dict[tuple[State | None, type[VisitEvent]], State] = {
    (None, Opened): State.WAITING,
    (State.WAITING, Offered): State.OFFERED,
    (State.WAITING, Claimed): State.ACCEPTED,
    (State.WAITING, Widened): State.WAITING,
    (State.WAITING, Alerted): State.WAITING,
    (State.WAITING, AskedAgain): State.WAITING,
    (State.WAITING, QuoteExtended): State.WAITING,
    (State.WAITING, Undone): State.SERVING,  # of a hand over
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
    (State.SERVING, HelpWanted): State.SERVING,
    (State.SERVING, Held): State.ON_HOLD,
    (State.SERVING, HandedOver): State.WAITING,
    (State.SERVING, Completed): State.COMPLETED,
    (State.SERVING, Removed): State.REMOVED,
    (State.ON_HOLD, Noted): State.ON_HOLD,
    (State.ON_HOLD, Resumed): State.SERVING,
    (State.ON_HOLD, HandedOver): State.WAITING,
    (State.ON_HOLD, Cancelled): State.CANCELLED,
    (State.ON_HOLD, Removed): State.REMOVED,
    (State.ON_HOLD, Expired): State.EXPIRED,
    # Left open: closing time is long past and nobody has recorded how the visit ended.
    (State.SERVING, Expired): State.EXPIRED,
    (State.COMPLETED, Undone): State.SERVING,
    # A rating adds to an ended visit and does not change how it ended.
    (State.COMPLETED, Rated): State.COMPLETED,
    (State.CANCELLED, Rated): State.CANCELLED,
    # A correction changes what the log says about an ended visit, not that it ended.
    (State.COMPLETED, Corrected): State.COMPLETED,
    (State.CANCELLED, Corrected): State.CANCELLED,
    (State.NO_SHOW, Corrected): State.NO_SHOW,
    (State.REMOVED, Corrected): State.REMOVED,
    (State.EXPIRED, Corrected): State.EXPIRED,
    (State.EXPIRED, FoundCompleted): State.COMPLETED,
    # Looking into a visit changes nothing of how it ended.
    (State.COMPLETED, LookedInto): State.COMPLETED,
    (State.CANCELLED, LookedInto): State.CANCELLED,
    (State.NO_SHOW, LookedInto): State.NO_SHOW,
    (State.REMOVED, LookedInto): State.REMOVED,
    (State.EXPIRED, LookedInto): State.EXPIRED,
}


class IllegalTransition(InvariantViolated):
    """The table has no entry for this state and event."""

    def __init__(self, subject: str, what: str) -> None:
        super().__init__(7, subject, what)


def open_visit(visit_id: str, event: Opened, at: int, device_id: str | None, now: int) -> Visit:
    """A new visit. `at` is when the shopper stated the need, `now` when the server received it (ms UTC)."""
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
        situation=event.situation,
        taps=event.taps,
    )


def apply(visit: Visit, event: VisitEvent, at: int, now: int | None = None) -> Visit:
    """The visit after `event`, with the next rev. `at` is when the event happened, `now` when the server
    received it (ms UTC; None: the same).

    Raises IllegalTransition if the table has no entry. The given visit is not altered.
    """
    state = TRANSITIONS.get((visit.state, type(event)))
    if state is None and visit.before_expiry is not None:
        return _apply_before_expiry(visit, visit.before_expiry, event, at, now)
    if state is None:
        raise IllegalTransition(visit.ticket, f"{type(event).__name__} cannot follow {visit.state}")
    return replace(
        visit, state=state, rev=visit.rev + 1, touched_at=at, **_changes(visit, event, at, now or at)
    )


def _apply_before_expiry(
    visit: Visit, before_expiry: Visit, event: VisitEvent, at: int, now: int | None
) -> Visit:
    """Applies a late event to the state before closing time ended the visit, then ends the visit again."""
    after = apply(before_expiry, event, at, now)
    if after.state in OPEN:
        after = apply(after, Expired(), max(visit.ended_at or at, at), now)
    return replace(after, rev=visit.rev + 1)


def _changes(visit: Visit, event: VisitEvent, at: int, now: int) -> dict[str, Any]:
    """The fields that `event` changes, beside state, rev and touched_at."""
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
                "undo": None,
            }
        case Started():
            return {"serving_at": visit.serving_at or at, "recalled_at": None}
        case Completed():
            return {
                **_end_stint(visit, at),
                "ended_at": at,
                "resolution": event.resolution,
                "notes": (*visit.notes, event.note) if event.note else visit.notes,
                "tip": event.tip,
                "gift": event.gift,
                "goodwill_cents": event.goodwill_cents,
                **_undo_to(visit, now),
                "said_service_s": event.service_s,
            }
        case Declined():
            return {**_NO_OFFER, "asked_at": now}
        case TimedOut():
            return {**_NO_OFFER, "asked_at": now, "lapsed": visit.lapsed + 1, "lapsed_at": now}
        case Withdrawn(employee):
            # An employee who had no chance to answer may be asked again in this round.
            return {**_NO_OFFER, "asked": tuple(e for e in visit.asked if e != employee)}
        case Recalled():
            return {"recalled_at": at}
        case Held():
            return {**_end_stint(visit, at), "stint_at": at}
        case Resumed():
            return {**_end_stint(visit, at), "stint_at": at}
        case HandedOver(employee, note, need):
            return {
                **_end_stint(visit, at),
                "employee": None,
                "need": need,
                "notes": (*visit.notes, note) if note else visit.notes,
                "handovers": visit.handovers + 1,
                "asked": (employee,),
                "asked_at": now,
                "line_at": now,
                "ring": visit.ring if need == visit.need and visit.ring != EVERYBODY else 0,
                "alerted_at": None,
                "lapsed": 0,
                "lapsed_at": None,
                "recalled_at": None,
                **_undo_to(visit, now),
            }
        case Noted(_, note):
            # The text is empty if retention has removed it from the log.
            return {"notes": (*visit.notes, note) if note else visit.notes}
        case NoShow(employee) | Removed(employee):
            return {
                **_NO_OFFER,
                **_end_stint(visit, at),
                "ended_at": at,
                "employee": visit.employee or employee,
            }
        case Cancelled() | Expired():
            before_expiry = visit if isinstance(event, Expired) else None
            ended = {**_NO_OFFER, "ended_at": at, "before_expiry": before_expiry}
            if before_expiry is not None and visit.state is State.SERVING:
                # Nobody knows how long the service took, so none of it is counted.
                return {**ended, "stint_at": None, "left_open": True}
            return {**ended, **_end_stint(visit, at)}
        case Widened(ring):
            return {"ring": ring}
        case AskedAgain(everybody):
            return {"asked": (), "ring": EVERYBODY if everybody else visit.ring}
        case Alerted():
            return {"alerted_at": at}
        case QuoteExtended(low_s, high_s, because):
            if visit.extended_high_s is not None:
                raise InvariantViolated(18, visit.ticket, "what was told is made longer a second time")
            return {"extended_low_s": low_s, "extended_high_s": high_s, "extended_because": because}
        case Rated(ces, nps, comment):
            return {
                "ces": visit.ces if ces is None else ces,
                "nps": visit.nps if nps is None else nps,
                "comment": visit.comment if comment is None else comment,
                "undo": None,  # the shopper has rated what was done
            }
        case Corrected(_, resolution, employee, need, note):
            before = visit.before_expiry
            return {
                "resolution": resolution or visit.resolution,
                "employee": employee or visit.employee,
                "need": need or visit.need,
                "notes": (*visit.notes, note) if note else visit.notes,
                "corrections": visit.corrections + 1,
                "undo": None,  # the manager has looked at what was done
                # A tap from before closing time may still arrive. It is about the need as corrected.
                "before_expiry": before and replace(before, need=need or before.need),
            }
        case FoundCompleted(_, resolution, employee, need, note):
            return {
                "resolution": resolution,
                "employee": employee or visit.employee,
                "need": need or visit.need,
                "notes": (*visit.notes, note) if note else visit.notes,
                "corrections": visit.corrections + 1,
                "left_open": True,  # when it was completed nobody knows
                "before_expiry": None,
            }
        case LookedInto(cause, done):
            return {"root_cause": cause, "followed_up": done, "undo": None}
        case Undone():
            return _before_undone(visit)
        case HelpWanted():
            return {}  # it is something about the employee: see people.py
        case _:  # Opened: the table has refused it already, because the visit exists
            raise IllegalTransition(visit.ticket, type(event).__name__)


def _undo_to(visit: Visit, now: int) -> dict[str, Any]:
    """Lets the employee go back to `visit`, if they are serving it, until a while after `now`."""
    return {"undo": visit if visit.state is State.SERVING else None, "undo_until": now + UNDO_MS}


def _before_undone(visit: Visit) -> dict[str, Any]:
    """All fields as they were before the completion or hand over. Offers made since then still count."""
    if visit.undo is None:
        raise IllegalTransition(visit.ticket, "there is nothing to take back")
    before = asdict(visit.undo)
    return {name: before[name] for name in before if name not in _KEPT_WHEN_UNDONE}


_KEPT_WHEN_UNDONE = frozenset({"state", "rev", "touched_at", "offers"})
_NO_OFFER: dict[str, Any] = {"offer_to": None, "offer_until": None}


def _end_stint(visit: Visit, at: int) -> dict[str, Any]:
    """Adds the present time on hold or in an employee's hands to its total."""
    if visit.stint_at is None:
        return {}
    spent = at - visit.stint_at
    if visit.state is State.ON_HOLD:
        return {"stint_at": None, "held_ms": visit.held_ms + spent}
    return {"stint_at": None, "handled_ms": visit.handled_ms + spent}
