"""The events of visits and people, and the log record that holds one of them.

An event carries what is needed to replay it, and nothing that can be computed from earlier events.
"""

from enum import StrEnum

from msgspec import Struct

from sync_server.domain.line_situation import LineSituation
from sync_server.domain.resolution import Resolution


class Presence(StrEnum):
    """What an employee is doing. `serving` is derived: on the floor with an accepted or serving visit."""

    AVAILABLE = "available"
    SERVING = "serving"
    ON_BREAK = "on_break"
    NOT_RESPONDING = "not_responding"
    OFF_FLOOR = "off_floor"


class VisitEvent(Struct, frozen=True, gc=False, tag_field="event"):
    """Base of the events of a visit."""


class Opened(VisitEvent, frozen=True, tag="opened"):
    """A shopper stated a need.

    `quoted_*_s` is the wait that the shopper was shown, in seconds, None if none was. `situation` is what
    that followed from, and `expected_s` the formula's wait in it, which is a column of the table of visits.
    `taps` is how many it took at the kiosk.
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
    situation: LineSituation | None = None
    taps: int | None = None


class Offered(VisitEvent, frozen=True, tag="offered"):
    """One employee is asked until `until` (ms UTC). `new_round`: asking starts again."""

    employee: str
    until: int
    new_round: bool = False


class Declined(VisitEvent, frozen=True, tag="declined"):
    employee: str


class TimedOut(VisitEvent, frozen=True, tag="timed_out"):
    employee: str


class Withdrawn(VisitEvent, frozen=True, tag="withdrawn"):
    """The offer was taken back: the employee is no longer free, or a colleague took the visit."""

    employee: str


class Accepted(VisitEvent, frozen=True, tag="accepted"):
    employee: str


class Claimed(VisitEvent, frozen=True, tag="claimed"):
    """An employee took a waiting visit without being asked."""

    employee: str


class Recalled(VisitEvent, frozen=True, tag="recalled"):
    """The employee does not find the shopper. Kiosk and phone call the ticket again."""

    employee: str


class Started(VisitEvent, frozen=True, tag="started"):
    employee: str


class Held(VisitEvent, frozen=True, tag="held"):
    employee: str


class Resumed(VisitEvent, frozen=True, tag="resumed"):
    employee: str


class HandedOver(VisitEvent, frozen=True, tag="handed_over"):
    """Back in line for a colleague, with a note. `need` is the need from now on, often the same."""

    employee: str
    note: str
    need: str


class Noted(VisitEvent, frozen=True, tag="noted"):
    employee: str
    note: str


class Completed(VisitEvent, frozen=True, tag="completed"):
    """`service_s` is how long a quick resolution took, as the employee said; None if they did not."""

    employee: str
    resolution: Resolution
    note: str | None = None
    tip: str | None = None
    gift: str | None = None
    goodwill_cents: int = 0
    service_s: int | None = None


class Undone(VisitEvent, frozen=True, tag="undone"):
    """The employee took their completion or hand over back: the visit is in their hands as before it."""

    employee: str


class HelpWanted(VisitEvent, frozen=True, tag="help_wanted"):
    """The employee who is with the shopper wants a colleague to come; not `wanted`: no more."""

    employee: str
    wanted: bool = True


class NoShow(VisitEvent, frozen=True, tag="no_show"):
    employee: str


class Cancelled(VisitEvent, frozen=True, tag="cancelled"):
    pass


class RemovedBecause(StrEnum):
    """Why a visit was taken out."""

    LEFT = "left"  # the shopper is not here any more
    HELPED = "helped"  # somebody has helped them already
    MISTAKE = "mistake"  # it was opened by mistake, or twice
    CLOSED = "closed"  # the need is closed today
    OTHER = "other"


class Removed(VisitEvent, frozen=True, tag="removed"):
    """Taken out, by this employee; by the manager if it is None. `because` is why, if they said so."""

    employee: str | None = None
    because: RemovedBecause | None = None


class Expired(VisitEvent, frozen=True, tag="expired"):
    pass


class Widened(VisitEvent, frozen=True, tag="widened"):
    """The wait target passed: the search continues in the wider skill ring `ring`."""

    ring: int


class AskedAgain(VisitEvent, frozen=True, tag="asked_again"):
    """The manager had the asking started again. `everybody`: from now on nobody needs a skill."""

    everybody: bool = False


class Alerted(VisitEvent, frozen=True, tag="alerted"):
    """The wait target of the widest ring passed too: the manager is alerted."""


class ExtendedBecause(StrEnum):
    """Why a shopper waits longer than they were told."""

    FEWER_COLLEAGUES = "fewer_colleagues"  # than when they came
    MORE_URGENT = "more_urgent"  # somebody who came later goes first
    LONGER_VISITS = "longer_visits"  # the visits before theirs take longer


class QuoteExtended(VisitEvent, frozen=True, tag="quote_extended"):
    """The shopper was told that they wait longer than was said: `low_s` to `high_s` from their arrival on.

    At most once in a visit.
    """

    low_s: float
    high_s: float
    because: ExtendedBecause


class Rated(VisitEvent, frozen=True, tag="rated"):
    """The shopper's rating of an ended visit: effort `ces` 1–5 (5 = very easy), recommend `nps` 0–10."""

    ces: int | None = None
    nps: int | None = None
    comment: str | None = None


class CorrectedBecause(StrEnum):
    """Why the manager corrected what the log says about a visit."""

    TAPPED_WRONG = "tapped_wrong"  # another button was meant
    SOMEBODY_ELSE = "somebody_else"  # a colleague helped the shopper
    OTHER_NEED = "other_need"  # it turned out to be about something else
    CAME_BACK = "came_back"  # the shopper came back: it was not solved
    SOLVED_LATER = "solved_later"  # it was solved after all
    OTHER = "other"


class Corrected(VisitEvent, frozen=True, tag="corrected"):
    """The manager corrected what an ended visit says. What is None stays as it was.

    The events before it stay in the log. `note` says more about why, in the manager's words.
    """

    because: CorrectedBecause
    resolution: Resolution | None = None
    employee: str | None = None
    need: str | None = None
    note: str | None = None


class FoundCompleted(VisitEvent, frozen=True, tag="found_completed"):
    """The manager says how a visit ended that was left open: closing time had ended it, and it was completed.

    `employee` is who had it; None if the log says so already, or nobody knows.
    """

    because: CorrectedBecause
    resolution: Resolution
    employee: str | None = None
    need: str | None = None
    note: str | None = None


class RootCause(StrEnum):
    """Why a visit was not solved, or not easy, as the manager found out. None of them is about a person."""

    NOBODY_FREE = "nobody_free"  # too few people at that hour
    SKILL = "skill"  # nobody there could do it
    STOCK = "stock"  # it was not in the shop
    PRODUCT = "product"  # the thing itself
    RULES = "rules"  # the shop's own rules or papers
    EXPLAINED = "explained"  # it was not explained clearly
    NEED = "need"  # it turned out to be something else
    OTHER = "other"


class LookedInto(VisitEvent, frozen=True, tag="looked_into"):
    """The manager has looked into a visit that was not solved or not easy. `done`: nothing is left to do."""

    cause: RootCause
    done: bool = False


class PresenceChanged(Struct, frozen=True, tag_field="event", tag="presence_changed"):
    """An employee's presence changed. `device_id` is the tablet they hold from now on."""

    employee: str
    presence: Presence
    device_id: str | None = None


class Back(StrEnum):
    """When a closed need is offered again."""

    TODAY = "today"
    NEXT_DAY = "next_day"  # on the next day on which the shop is open
    UNKNOWN = "unknown"


class NeedClosed(Struct, frozen=True, tag_field="event", tag="need_closed"):
    """Kiosks and phones do not offer this need until `until` (ms UTC). `words` are by language."""

    need: str
    until: int
    back: Back = Back.UNKNOWN
    words: dict[str, str] = {}


class HelpAnswered(Struct, frozen=True, tag_field="event", tag="help_answered"):
    """Somebody helps `employee`, who asked for it: the colleague `by`; empty: the manager sees to it."""

    employee: str
    by: str


class NeedReopened(Struct, frozen=True, tag_field="event", tag="need_reopened"):
    """A closed need is offered again before its time."""

    need: str


class Announced(Struct, frozen=True, tag_field="event", tag="announced"):
    """A kiosk shows this text until `until` (ms UTC); for None all kiosks do. No `words`: it is removed."""

    words: dict[str, str]
    until: int
    kiosk: str | None = None


class KioskPutAway(Struct, frozen=True, tag_field="event", tag="kiosk_put_away"):
    """The manager knows that this kiosk is not in use until `until` (ms UTC): nobody needs to look for it."""

    kiosk: str
    until: int


class DayClosed(Struct, frozen=True, tag_field="event", tag="day_closed"):
    """Closing time passed. `still_here` counts the open visits and the employees still on the floor.

    If it is 0, the log may be replayed from this record on.
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
    | Undone
    | HelpWanted
    | NoShow
    | Cancelled
    | Removed
    | Expired
    | Widened
    | AskedAgain
    | Alerted
    | QuoteExtended
    | Rated
    | Corrected
    | FoundCompleted
    | LookedInto
)
StoreEvent = NeedClosed | NeedReopened | Announced | KioskPutAway  # what kiosks offer and say today
Event = AnyVisitEvent | PresenceChanged | HelpAnswered | StoreEvent | DayClosed
Change = tuple[str | None, Event]  # the visit it is about (None: a person or the store), and the event


class Record(Struct, frozen=True, gc=False):
    """One record of the store's log. Times are ms UTC.

    `seq` has no gaps in the whole store. `rev` is the visit's rev after this record, None if the record
    is not about a visit. `at` is the server's time when it was written. `at_device` is the device's clock
    at the tap and `ahead_ms` how far the server's clock was ahead of it; both are kept for investigation.
    `happened_at` is given if the event happened earlier than it was written: a tap that waited in an
    outbox, or a visit that was left open. Nothing is ordered by it.
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
    def occurred_at(self) -> int:
        """When the event happened."""
        return self.at if self.happened_at is None else self.happened_at
