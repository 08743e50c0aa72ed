"""Ops that had to wait in a device's outbox: when the tap was, and what it means that late.

The time of a tap is for figures and for what people are shown. What comes first is decided by
the order in which the server hears of it, and no device's clock has a say in that.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from . import events as ev
from . import visit
from .events import Presence, Record
from .ops import BEGINNINGS, SYSTEM, Actor, AnyOp, SetPresence
from .people import Person
from .visit import IN_HAND, State, Visit

if TYPE_CHECKING:
    from .floor import Floor

LATE_MS = 5_000  # an op that was on its way no longer than this happened when it was heard of
OLDEST_MS = 31 * 86_400_000  # longer ago than any outage: that clock was simply wrong

Change = tuple[str | None, ev.Event]


class Said(Struct, frozen=True):
    """By whom and where an op was tapped, for the log."""

    actor: str = "system"
    device_id: str | None = None
    at_device: int | None = None
    ahead_ms: int | None = None


def tapped_at(at_device: int | None, ahead_ms: int | None, now: int) -> int | None:
    """When the tap was, by the server's clock; None for one that is not late, or where nobody knows."""
    if at_device is None or ahead_ms is None:
        return None
    tapped = at_device + ahead_ms
    return tapped if LATE_MS < now - tapped <= OLDEST_MS else None


def as_late(changes: Sequence[Change], tapped: int, last_closing: int) -> list[Change]:
    """The changes of an op tapped at `tapped`.

    Its shopper was quoted no wait by the server; and where the store has closed since the tap, a
    visit that nobody took ends at once, as it would have at closing time.
    """
    told = [(vid, _unquoted(event) if isinstance(event, ev.Opened) else event) for vid, event in changes]
    if told and isinstance(told[-1][1], ev.Opened) and tapped < last_closing:
        told.append((told[-1][0], ev.Expired()))
    return told


def _unquoted(event: ev.Opened) -> ev.Opened:
    return replace(event, quoted_low_s=None, quoted_median_s=None, quoted_high_s=None, expected_s=None)


def by_whom(floor: "Floor", op: AnyOp, by: Actor, tapped: int) -> Actor:
    """Whoever closing time signed off meanwhile may still have served somebody before, or gone."""
    signs_off = isinstance(op, SetPresence) and op.presence is Presence.OFF_FLOOR
    begins = isinstance(op, BEGINNINGS)
    if floor.holder(by.device_id) is None and (signs_off or begins):
        return replace(by, employee=floor.signed_off.who(by.device_id, tapped))
    return by


def before_closing(floor: "Floor", op: AnyOp, by: Actor, tapped: int) -> "Floor | None":
    """The floor as it was for a visit that closing time ended, and for whoever had the tablet then.

    None where `op` is about no such visit. Nobody's work of today is on it.
    """
    ended = floor.visits.get(getattr(op, "visit_id", ""))
    if ended is None or ended.under is None:
        return None
    then, under = type(floor)(floor.catalogue), ended.under
    then.visits[under.visit_id] = under
    holder = floor.holder(by.device_id)
    # With a shopper the server would have let them go on beyond closing time.
    stays = floor.catalogue.store.leftovers_min * 60_000 if under.state is State.SERVING else 0
    name = floor.signed_off.who(by.device_id, tapped - stays) or (holder.id if holder else None)
    if name is not None:
        active = (under.visit_id,) if under.employee == name and under.state in IN_HAND else ()
        then.people[name] = Person(name, Presence.AVAILABLE, device_id=by.device_id, active=active)
    return then


def told_again(records: Iterable[Record]) -> Visit | None:
    """The visit that these records of it lead to; None for no records."""
    v: Visit | None = None
    for record in records:
        match record.event:
            case ev.Opened() as event if record.visit_id is not None:
                v = visit.open_visit(record.visit_id, event, record.when, record.device_id, record.at)
            case ev.PresenceChanged() | ev.DayClosed():
                pass
            case event if v is not None:
                v = visit.apply(v, event, record.when, record.at)
    return v


class SignedOff:
    """Whom the server signed off at each tablet, and when: they may have tapped before."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}  # by employee: their tablet
        self._last: dict[str, tuple[str, int]] = {}  # by tablet

    def heard(self, record: Record) -> None:
        """One line of the log."""
        match record.event:
            case ev.PresenceChanged(employee, Presence.OFF_FLOOR):
                tablet = self._held.pop(employee, None)
                if tablet is not None and record.actor == SYSTEM.kind.value:
                    self._last[tablet] = (employee, record.at)
            case ev.PresenceChanged(employee, _, str() as tablet):
                self._held[employee] = tablet

    def earlier(self, records: Iterable[Record]) -> None:
        """Lines from before those heard so far."""
        before = SignedOff()
        for record in records:
            before.heard(record)
        self._last = before._last | self._last

    def who(self, tablet: str | None, tapped: int) -> str | None:
        """Who had this tablet at `tapped` and was signed off by the server after it."""
        employee, at = self._last.get(tablet or "", (None, 0))
        return employee if tapped <= at else None
