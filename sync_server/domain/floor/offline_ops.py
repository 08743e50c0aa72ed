"""Ops that waited in a device's outbox: when they were tapped, and what they mean so late.

The time of the tap is used for figures and for what people are shown. It never decides what comes
first: that is the order in which the server receives the ops, whatever a device's clock says.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sync_server.domain import events as ev
from sync_server.domain.events import Change, Presence, Record
from sync_server.domain.ops import OPENING_OPS, Actor, AnyOp, SetPresence
from sync_server.domain.people import Person
from sync_server.domain.visit import transitions
from sync_server.domain.visit.visit import State, Visit

from .floor_view import FloorAt, FloorView
from .server_sign_offs import ServerSignOffs

LATE_MS = 5_000  # an op that took no longer than this to arrive counts as tapped when it arrived
MAX_AGE_MS = 31 * 86_400_000  # longer than any outage: the clock of such a tap was wrong


class OpOrigin(Struct, frozen=True):
    """Who tapped an op and where, for the log."""

    actor: str = "system"
    device_id: str | None = None
    at_device: int | None = None
    ahead_ms: int | None = None


def tapped_at(at_device: int | None, ahead_ms: int | None, now: int) -> int | None:
    """When an op was tapped, by the server's clock. None if it is not late, or if the time is not known."""
    if at_device is None or ahead_ms is None:
        return None
    tapped = at_device + ahead_ms
    return tapped if LATE_MS < now - tapped <= MAX_AGE_MS else None


def mark_late(changes: Sequence[Change], tapped: int, last_closing: int) -> list[Change]:
    """The changes of an op that was tapped at `tapped`.

    The server quoted its shopper no wait, so the quote is left out. If the store has closed since the
    tap, a visit that nobody took expires at once, as it would have at closing time.
    """
    late = [
        (visit_id, _without_quote(event) if isinstance(event, ev.Opened) else event)
        for visit_id, event in changes
    ]
    if late and isinstance(late[-1][1], ev.Opened) and tapped < last_closing:
        late.append((late[-1][0], ev.Expired()))
    return late


def _without_quote(event: ev.Opened) -> ev.Opened:
    nothing = dict.fromkeys(("quoted_low_s", "quoted_median_s", "quoted_high_s", "expected_s", "situation"))
    return replace(event, **nothing)


def resolve_actor(sign_offs: ServerSignOffs, op: AnyOp, by: Actor, tapped: int) -> Actor:
    """Attributes a late op to the employee who held the tablet at the tap. A present holder comes first.

    The server may have signed that employee off since, at closing time. Only an op that opens a visit or
    signs off is accepted from somebody who is no longer there.
    """
    signs_off = isinstance(op, SetPresence) and op.presence is Presence.OFF_FLOOR
    if signs_off or isinstance(op, OPENING_OPS):
        return replace(by, employee=sign_offs.holder_at(by.device_id, tapped))
    return by


def rewind_before_closing(
    floor: FloorView, sign_offs: ServerSignOffs, op: AnyOp, by: Actor, tapped: int
) -> FloorAt | None:
    """The floor before closing time, for an op about a visit that closing time has ended; else None.

    It holds this visit and the employee who held the tablet then. Other work of that employee, and
    everything of today, is left out: the op must not change it.
    """
    ended = floor.visits.get(getattr(op, "visit_id", ""))
    if ended is None or ended.before_expiry is None:
        return None
    visit = ended.before_expiry
    holder = floor.holder(by.device_id)
    # With a shopper they may have gone on after closing time, for as long as the server lets them.
    overtime_ms = floor.catalogue.store.leftovers_min * 60_000 if visit.state is State.SERVING else 0
    name = sign_offs.holder_at(by.device_id, tapped - overtime_ms) or (holder.id if holder else None)
    people = {name: Person(name, Presence.AVAILABLE, device_id=by.device_id)} if name is not None else {}
    return FloorAt(floor.catalogue, {visit.visit_id: visit}, people)


def rebuild_visit(records: Iterable[Record]) -> Visit | None:
    """The visit that its own records lead to; None for no records."""
    visit: Visit | None = None
    for record in records:
        match record.event:
            case ev.Opened() as event if record.visit_id is not None:
                visit = transitions.open_visit(
                    record.visit_id, event, record.occurred_at, record.device_id, record.at
                )
            case ev.VisitEvent() as event if visit is not None:
                visit = transitions.apply(visit, event, record.occurred_at, record.at)
    return visit
