"""What a device shows: the server's rows, with its own unanswered ops already done.

The guess is only ever for the screen. Each op a person adds raises the row's rev as far as the
server will, so that a chain of taps made without a connection still carries the right revs. What
an op begins or ends is shown at the time of its tap, as the server will write it down.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.visit import State
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow

from .replica import Replica


class View(Struct, frozen=True):
    """What a screen may show. `unsent` are the visits that hold an op not yet answered."""

    visits: Mapping[str, VisitRow]
    people: Mapping[str, PersonRow]
    quotes: Mapping[str, QuoteRow]
    unsent: frozenset[str] = frozenset()

    def holder(self, device_id: str) -> PersonRow | None:
        """Who is signed in on this tablet."""
        return next((p for p in self.people.values() if p.device_id == device_id), None)

    def serving(self, device_id: str) -> bool:
        """Whether whoever is signed in on this tablet is with a shopper."""
        me = self.holder(device_id)
        return me is not None and any(
            visit.employee == me.id and visit.state == State.SERVING for visit in self.visits.values()
        )

    def signed_off(self, device_id: str) -> "View":
        """The same with nobody signed in on this tablet."""
        people = {
            p.id: replace(p, device_id=None) if p.device_id == device_id else p for p in self.people.values()
        }
        return replace(self, people=people)


def project(replica: Replica, pending: Iterable[Submit], device_id: str, now: int) -> View:
    """`now` is the server's time as this device reckons it, ms UTC."""
    visits = dict(replica.visits)
    people = dict(replica.people)
    me = next((p.id for p in people.values() if p.device_id == device_id), None)
    unsent = set()
    for submit in pending:
        op = submit.op
        at = tapped(submit, now)
        if isinstance(op, ops.SetPresence):
            if me is not None:
                stays = device_id if op.presence is not Presence.OFF_FLOOR else None
                people[me] = replace(people[me], presence=op.presence.value, device_id=stays, since=at)
            continue
        unsent.add(op.visit_id)
        before = visits.get(op.visit_id)
        if isinstance(op, ops.OpenVisit):
            if before is None:
                visits[op.visit_id] = _opened(op, at)
        elif before is not None and _still_to_come(before, op):
            after = _after(before, op, me, at)
            if after is None:
                del visits[op.visit_id]
            else:
                visits[op.visit_id] = after
    return View(visits, people, replica.quotes, frozenset(unsent))


def tapped(submit: Submit, now: int) -> int:
    """When the person tapped, by the server's clock, ms UTC; `now` where that is not known."""
    return now if submit.ahead_ms is None else min(now, submit.at_device + submit.ahead_ms)


def _still_to_come(row: VisitRow, op: ops.DeviceOp) -> bool:
    """Not once the row has changed since the tap: by it, with the answer on its way, or in spite of it."""
    return getattr(op, "expected_rev", None) in (None, row.rev)


def _opened(op: ops.OpenVisit, at: int) -> VisitRow:
    return VisitRow(
        visit_id=op.visit_id,
        ticket=op.ticket,
        rev=1,
        state=State.WAITING.value,
        need=op.need,
        language=op.language,
        created_at=at,
        alias=op.alias,
        colour=op.colour,
        place=op.place,
        party_size=op.party_size,
    )


def _after(row: VisitRow, op: ops.DeviceOp, me: str | None, at: int) -> VisitRow | None:
    """The row once `op` is done at `at`; None where the visit is then no longer this device's to show."""
    rev = row.rev + 1
    no_offer = {"offer_to": None, "offer_until": None}
    match op:
        case ops.Accept() | ops.Claim():
            if row.offer_to not in (None, me):
                rev += 1  # first the colleague's offer is taken back
            return replace(
                row,
                rev=rev,
                state=State.ACCEPTED.value,
                employee=me,
                accepted_at=row.accepted_at or at,
                recalled_at=None,
                **no_offer,
            )
        case ops.Decline():
            return replace(row, rev=rev, state=State.WAITING.value, **no_offer)
        case ops.Recall():
            return replace(row, rev=rev, recalled_at=at)
        case ops.Start():
            started = row.serving_at or at
            return replace(row, rev=rev, state=State.SERVING.value, serving_at=started, recalled_at=None)
        case ops.Hold():
            return replace(row, rev=rev, state=State.ON_HOLD.value, stint_at=at)
        case ops.Resume():
            held_ms = row.held_ms + at - (row.stint_at or at)
            return replace(row, rev=rev, state=State.SERVING.value, stint_at=at, held_ms=held_ms)
        case ops.HandOver():
            need = op.need or row.need
            return replace(
                row, rev=rev, state=State.WAITING.value, employee=None, need=need, recalled_at=None
            )
        case ops.AddNote():
            return replace(row, rev=rev, notes=(*row.notes, op.note))
        case ops.Cancel():
            return replace(row, rev=rev, state=State.CANCELLED.value, ended_at=at, **no_offer)
        case ops.Rate():
            return replace(row, rated=True)
        case ops.Complete() | ops.MarkNoShow() | ops.Remove():
            return None
        case _:
            return row
