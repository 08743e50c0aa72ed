"""What can happen: the events of a visit and of a person, and the log's record around them.

Events are facts. They carry what is needed to replay them and nothing that can be worked out.
"""

from enum import StrEnum

from msgspec import Struct


class Presence(StrEnum):
    """Where an employee is. `serving` is derived: on the floor with an accepted or serving visit in hand."""

    AVAILABLE = "available"
    SERVING = "serving"
    ON_BREAK = "on_break"
    NOT_RESPONDING = "not_responding"
    OFF_FLOOR = "off_floor"


class Resolution(StrEnum):
    """How a completed visit ended."""

    SOLVED = "solved"
    ADVICE_GIVEN = "advice_given"
    REPLACED_FREE = "replaced_free"
    SOLD = "sold"
    PICKED_UP = "picked_up"
    RETURNED = "returned"
    REPAIR_BOOKED = "repair_booked"
    APPOINTMENT_BOOKED = "appointment_booked"
    REFERRED = "referred"
    NOT_SOLVED = "not_solved"


class VisitEvent(Struct, frozen=True, gc=False, tag_field="event"):
    """Base of what can happen to a visit."""


class Opened(VisitEvent, frozen=True, tag="opened"):
    """A shopper's need was taken.

    `quoted_*_s` is what the shopper was told, in seconds, None if nothing; `expected_s` is what the
    estimator's formula said before it was turned into a bracket.
    """

    ticket: str
    day: str
    source: str
    need: str
    language: str
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


class Offered(VisitEvent, frozen=True, tag="offered"):
    """One employee is asked until `until` (ms UTC). `new_round`: all had been asked, asking begins again."""

    employee: str
    until: int
    new_round: bool = False


class Declined(VisitEvent, frozen=True, tag="declined"):
    employee: str


class TimedOut(VisitEvent, frozen=True, tag="timed_out"):
    employee: str


class Withdrawn(VisitEvent, frozen=True, tag="withdrawn"):
    """The offer was taken back: the employee asked is no longer free, or a colleague took the visit."""

    employee: str


class Accepted(VisitEvent, frozen=True, tag="accepted"):
    employee: str


class Claimed(VisitEvent, frozen=True, tag="claimed"):
    """An employee took a waiting visit without being asked."""

    employee: str


class Recalled(VisitEvent, frozen=True, tag="recalled"):
    """The employee does not find the shopper; kiosk and phone call the ticket again."""

    employee: str


class Started(VisitEvent, frozen=True, tag="started"):
    employee: str


class Held(VisitEvent, frozen=True, tag="held"):
    employee: str


class Resumed(VisitEvent, frozen=True, tag="resumed"):
    employee: str


class HandedOver(VisitEvent, frozen=True, tag="handed_over"):
    """Back to the line for a colleague, with the story so far; `need` is what it turned out to be."""

    employee: str
    note: str
    need: str


class Noted(VisitEvent, frozen=True, tag="noted"):
    employee: str
    note: str


class Completed(VisitEvent, frozen=True, tag="completed"):
    employee: str
    resolution: Resolution
    note: str | None = None
    tip: str | None = None
    gift: str | None = None
    goodwill_cents: int = 0


class NoShow(VisitEvent, frozen=True, tag="no_show"):
    employee: str


class Cancelled(VisitEvent, frozen=True, tag="cancelled"):
    pass


class Removed(VisitEvent, frozen=True, tag="removed"):
    employee: str


class Expired(VisitEvent, frozen=True, tag="expired"):
    pass


class Widened(VisitEvent, frozen=True, tag="widened"):
    """The wait target passed: the search goes on in the wider skill ring `ring`."""

    ring: int


class Alerted(VisitEvent, frozen=True, tag="alerted"):
    """The widest ring's target passed too: the manager must know."""


class Rated(VisitEvent, frozen=True, tag="rated"):
    """What the shopper said of an ended visit: effort 1–5 (5 = very easy), recommend 0–10."""

    ces: int | None = None
    nps: int | None = None
    comment: str | None = None


class PresenceChanged(Struct, frozen=True, tag_field="event", tag="presence_changed"):
    """Somebody came, went, fell silent or is back. `device_id` is the tablet they hold."""

    employee: str
    presence: Presence
    device_id: str | None = None


class DayClosed(Struct, frozen=True, tag_field="event", tag="day_closed"):
    """Closing time passed. `still_here` counts the visits and employees that stayed on.

    With nobody still here the log may be replayed from this line on.
    """

    still_here: int


AnyVisitEvent = (
    Opened
    | Offered
    | Declined
    | TimedOut
    | Withdrawn
    | Accepted
    | Claimed
    | Recalled
    | Started
    | Held
    | Resumed
    | HandedOver
    | Noted
    | Completed
    | NoShow
    | Cancelled
    | Removed
    | Expired
    | Widened
    | Alerted
    | Rated
)
Event = AnyVisitEvent | PresenceChanged | DayClosed


class Record(Struct, frozen=True, gc=False):
    """One line of the store's log.

    `seq` is gapless over the whole store; `rev` is the visit's version after this line, None
    where the line is about a person. `at` is the server's time when it was written, `at_device`
    what the device's clock said and `ahead_ms` how far the server's was ahead of it then (both kept
    for the record). `happened_at` is given where it happened before it was written: a tap that had
    to wait, a visit that was left open. Nothing is ever ordered by it.
    """

    seq: int
    at: int
    event: Event
    visit_id: str | None = None
    rev: int | None = None
    actor: str = "system"
    device_id: str | None = None
    at_device: int | None = None
    ahead_ms: int | None = None
    happened_at: int | None = None

    @property
    def when(self) -> int:
        """When it happened, ms UTC."""
        return self.at if self.happened_at is None else self.happened_at
