"""Who is on the floor: one employee's live state, and how each event changes it."""

from msgspec import Struct
from msgspec.structs import replace

from sync_server.domain.events import (
    Accepted,
    Cancelled,
    Claimed,
    Completed,
    Declined,
    Event,
    Expired,
    HandedOver,
    Held,
    HelpAnswered,
    HelpWanted,
    NoShow,
    Offered,
    Presence,
    PresenceChanged,
    Removed,
    Resumed,
    Started,
    TimedOut,
    Undone,
    Withdrawn,
)

ON_THE_FLOOR = frozenset({Presence.AVAILABLE, Presence.SERVING})
_AVAILABLE = Presence.AVAILABLE  # a member of an enum is slow to look up, and `is_free` is asked all the time


class Help(Struct, frozen=True, gc=False):
    """Help that an employee asked for with `visit_id` at `since` (ms UTC).

    `by` is the colleague who answered; None: nobody has yet, empty: the manager sees to it.
    """

    visit_id: str
    since: int
    by: str | None = None


class Person(Struct, frozen=True, gc=False):
    """An employee as the floor sees them now. Times are ms UTC.

    `chosen` is the presence they set themselves, or that the server set for them; `since` is when it or
    their work last changed. `offer` is the visit they are being asked for, `active` the visits accepted
    or serving, `holding` those on hold. `free_at` is the end of the pause after a completed visit.
    `help` is what they asked for while they are with a shopper.
    """

    id: str
    chosen: Presence = Presence.OFF_FLOOR
    since: int = 0
    device_id: str | None = None
    idle_since: int = 0
    free_at: int = 0
    offer: str | None = None
    active: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()
    help: Help | None = None

    @property
    def presence(self) -> Presence:
        """What colleagues see: `serving` while a visit is in hand, else what was chosen."""
        return Presence.SERVING if self.active and self.chosen in ON_THE_FLOOR else self.chosen

    def is_free(self, now: int, max_active: int) -> bool:
        """Whether an offer may be made to them at `now`."""
        return (
            self.chosen is _AVAILABLE
            and self.offer is None
            and len(self.active) < max_active
            and self.free_at <= now
        )


def apply(person: Person, visit_id: str | None, event: Event, at: int, wrap_up_ms: int) -> Person:
    """The person after an event that names them, or that ended a visit they had in hand."""
    match event:  # the most frequent first
        case Offered():
            return replace(person, offer=visit_id)
        case Accepted() | Claimed():
            return replace(person, offer=None, active=(*person.active, visit_id), since=at)
        case Started():
            return person
        case Completed():
            return replace(_without(person, visit_id), since=at, idle_since=at, free_at=at + wrap_up_ms)
        case PresenceChanged(_, presence, device_id):
            back = presence is Presence.AVAILABLE and person.chosen is not Presence.AVAILABLE
            return replace(
                person,
                chosen=presence,
                device_id=device_id,
                since=at,
                idle_since=at if back else person.idle_since,
            )
        case Declined() | TimedOut() | Withdrawn():
            return replace(person, offer=None)
        case Held():
            return replace(
                _without(person, visit_id), holding=(*person.holding, visit_id), since=at, idle_since=at
            )
        case Resumed():
            return replace(
                person,
                holding=tuple(v for v in person.holding if v != visit_id),
                active=(*person.active, visit_id),
                since=at,
            )
        case Undone():
            return replace(person, active=(*person.active, visit_id), since=at)
        case HelpWanted(wanted=wanted):
            return replace(person, help=Help(visit_id or "", at) if wanted else None)
        case HelpAnswered(by=by):
            return replace(person, help=person.help and replace(person.help, by=by))
        case HandedOver() | NoShow() | Cancelled() | Removed() | Expired():
            freed = _without(person, visit_id)
            return replace(freed, since=at, idle_since=at) if freed.active != person.active else freed
        case _:
            return person


def _without(person: Person, visit_id: str | None) -> Person:
    """The person with this visit neither offered to them, nor in hand, nor on hold, nor asking for help."""
    return replace(
        person,
        offer=None if person.offer == visit_id else person.offer,
        active=tuple(v for v in person.active if v != visit_id),
        holding=tuple(v for v in person.holding if v != visit_id),
        help=None if person.help is not None and person.help.visit_id == visit_id else person.help,
    )
