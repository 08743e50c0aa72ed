"""What a device shows: the server's rows with this device's own unanswered ops already applied.

The result is only for the screen. Each op raises the row's rev exactly as the server will, so that
several taps made without a connection all carry the right revs. What an op begins or ends is shown
at the time of the tap, as the server will record it.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.ops import Cancel, OpenVisit, Rate, StaffOp
from sync_server.domain.visit.visit import IN_HAND, State
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow

from .replica import Replica

VisibleOp = OpenVisit | Cancel | Rate | StaffOp

_NO_OFFER: dict[str, None] = {"offer_to": None, "offer_until": None}


class OptimisticView(Struct, frozen=True):
    """What a screen may show. `unsent` holds the ids of the visits with an op that is not answered yet.

    `helps` is whether the server takes that somebody asks for help.
    """

    visits: Mapping[str, VisitRow]
    people: Mapping[str, PersonRow]
    quotes: Mapping[str, QuoteRow]
    unsent: frozenset[str] = frozenset()
    helps: bool = False

    def holder(self, device_id: str) -> PersonRow | None:
        """The employee who is signed in on this tablet."""
        return next((p for p in self.people.values() if p.device_id == device_id), None)

    def serving(self, device_id: str) -> bool:
        """Whether the employee who is signed in on this tablet is serving a shopper."""
        me = self.holder(device_id)
        return me is not None and any(
            visit.employee == me.id and visit.state == State.SERVING for visit in self.visits.values()
        )

    def signed_off(self, device_id: str) -> "OptimisticView":
        """The same view with nobody signed in on this tablet."""
        people = {
            p.id: replace(p, device_id=None) if p.device_id == device_id else p for p in self.people.values()
        }
        return replace(self, people=people)


def optimistic_view(replica: Replica, pending: Iterable[Submit], device_id: str, now: int) -> OptimisticView:
    """Applies the `pending` ops to the replica's rows. `now` is the estimated server time, ms UTC."""
    visits = dict(replica.visits)
    people = dict(replica.people)
    me = next((p for p in people.values() if p.device_id == device_id), None)
    my_id = me.id if me is not None else None
    unsent = set()
    undo: dict[str, VisitRow] = {}
    for submit in pending:
        op = submit.op
        at = tap_time(submit, now)
        if isinstance(op, ops.CountSession):
            continue  # changes nothing that anybody sees
        if not isinstance(op, ops.SetPresence):
            unsent.add(op.visit_id)
        if _apply(op, visits, undo, my_id, at) and me is not None:
            _answer_help(op, people, me.id)
            me = _own_row(people[me.id], _presence_after(op, me), visits, at)
            me = people[me.id] = _own_help(me, op, visits, at)
    return OptimisticView(visits, people, replica.quotes, frozenset(unsent), replica.helps)


def tap_time(submit: Submit, now: int) -> int:
    """The time of the tap by the server's clock, ms UTC; `now` if that is not known."""
    return now if submit.ahead_ms is None else min(now, submit.at_device + submit.ahead_ms)


def _apply(
    op: VisibleOp, visits: dict[str, VisitRow], undo: dict[str, VisitRow], me: str | None, at: int
) -> bool:
    """Applies `op`, tapped at `at` by employee `me` or by a shopper, to the rows. False if it does not fit.

    It does not fit if the row is not the one the person saw: the op has already changed it and only its
    answer is missing, or something else came first. `undo` holds the rows to which an Undo goes back.
    """
    if isinstance(op, ops.SetPresence):
        if op.presence is not Presence.AVAILABLE:
            _withdraw_offers(visits, me)
        return True
    if isinstance(op, ops.QuickResolution):
        _withdraw_offers(visits, me)
        return True
    if isinstance(op, ops.Undo):
        return _apply_undo(op, visits, undo, me)
    if isinstance(op, ops.AnswerHelp):
        return True  # changes nothing of the visit
    before = visits.get(op.visit_id)
    if isinstance(op, ops.OpenVisit):
        if before is None:
            visits[op.visit_id] = _opened(op, at)
        return before is None
    if before is None or getattr(op, "expected_rev", None) not in (None, before.rev):
        return False
    if isinstance(op, ops.Claim | ops.Resume):
        _withdraw_offers(visits, me)
    if isinstance(op, ops.Complete | ops.HandOver) and before.state == State.SERVING:
        undo[op.visit_id] = before
    after = _after(before, op, me, at)
    if after is None:
        del visits[op.visit_id]
    else:
        visits[op.visit_id] = after
    return True


def _apply_undo(op: ops.Undo, visits: dict[str, VisitRow], undo: dict[str, VisitRow], me: str | None) -> bool:
    """Goes back to the row from before. It is known only while the op that is taken back is unanswered;
    after that the row comes from the server."""
    before = undo.pop(op.visit_id, None)
    if before is None or op.expected_rev != before.rev + 1:
        return False
    _withdraw_offers(visits, me)
    visits[op.visit_id] = replace(before, rev=op.expected_rev + 1)
    return True


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


def _withdraw_offers(visits: dict[str, VisitRow], me: str | None) -> None:
    """An employee who takes a visit without being asked, or leaves, is no longer asked for another one."""
    for visit_id, row in visits.items():
        if me is not None and row.offer_to == me:
            visits[visit_id] = replace(row, rev=row.rev + 1, state=State.WAITING.value, **_NO_OFFER)


def _presence_after(op: VisibleOp, me: PersonRow) -> Presence:
    """The presence that counts for the employee after their op, as they or the server set it."""
    if isinstance(op, ops.SetPresence):
        return op.presence
    presence = Presence(me.presence)
    took = presence is Presence.ON_BREAK and isinstance(op, ops.Claim | ops.Resume | ops.Undo)
    if took or presence in (Presence.NOT_RESPONDING, Presence.SERVING):
        return Presence.AVAILABLE
    return presence


def _own_row(me: PersonRow, presence: Presence, visits: Mapping[str, VisitRow], at: int) -> PersonRow:
    """The employee's row: with a visit in hand they are serving, else they may be asked for one."""
    in_hand = [v for v in visits.values() if v.employee == me.id and v.state in IN_HAND]
    asked = [v for v in visits.values() if v.offer_to == me.id]
    visit = max(in_hand or asked, key=lambda v: v.stint_at or 0, default=None)
    row = replace(
        me,
        presence=(Presence.SERVING if in_hand and presence is Presence.AVAILABLE else presence).value,
        device_id=me.device_id if presence is not Presence.OFF_FLOOR else None,
        visit_id=visit.visit_id if visit is not None else None,
    )
    return row if row == me else replace(row, since=at)


def _own_help(me: PersonRow, op: VisibleOp, visits: Mapping[str, VisitRow], at: int) -> PersonRow:
    """The employee's row with the help that they ask for, which ends when they are not with that shopper."""
    if isinstance(op, ops.AskForHelp):
        asked = (op.visit_id, at) if op.wanted else (None, None)
        return replace(me, help_visit=asked[0], help_since=asked[1], helper=None)
    visit = visits.get(me.help_visit or "")
    if visit is not None and visit.employee == me.id and visit.state == State.SERVING:
        return me
    return replace(me, help_visit=None, help_since=None, helper=None)


def _answer_help(op: VisibleOp, people: dict[str, PersonRow], me: str) -> None:
    """The colleague who asked for help gets the answer that the employee `me` goes."""
    if isinstance(op, ops.AnswerHelp):
        for row in list(people.values()):
            if row.asks_for_help and row.help_visit == op.visit_id and row.id != me:
                people[row.id] = replace(row, helper=me)


def _after(row: VisitRow, op: VisibleOp, me: str | None, at: int) -> VisitRow | None:
    """The row after `op` at time `at`; None if this device then no longer shows the visit."""
    rev = row.rev + 1
    match op:
        case ops.Accept() | ops.Claim():
            if row.offer_to not in (None, me):
                rev += 1  # the server first withdraws the colleague's offer, which is a change of its own
            return replace(
                row,
                rev=rev,
                state=State.ACCEPTED.value,
                employee=me,
                accepted_at=row.accepted_at or at,
                stint_at=at,
                recalled_at=None,
                **_NO_OFFER,
            )
        case ops.Decline():
            return replace(row, rev=rev, state=State.WAITING.value, **_NO_OFFER)
        case ops.Recall():
            return replace(row, rev=rev, recalled_at=at)
        case ops.Start():
            started = row.serving_at or at
            return replace(row, rev=rev, state=State.SERVING.value, serving_at=started, recalled_at=None)
        case ops.Hold():
            return replace(row, rev=rev, state=State.ON_HOLD.value, stint_at=at)
        case ops.Resume():
            held_ms = _held_ms(row, at)
            return replace(row, rev=rev, state=State.SERVING.value, stint_at=at, held_ms=held_ms)
        case ops.HandOver():
            return replace(
                row,
                rev=rev,
                state=State.WAITING.value,
                employee=None,
                need=op.need or row.need,
                notes=(*row.notes, op.note) if op.note else row.notes,
                handovers=row.handovers + 1,
                held_ms=_held_ms(row, at),
                stint_at=None,
                alerted_at=None,
                recalled_at=None,
            )
        case ops.AddNote():
            return replace(row, rev=rev, notes=(*row.notes, op.note))
        case ops.AskForHelp():
            return replace(row, rev=rev)
        case ops.Cancel():
            return replace(row, rev=rev, state=State.CANCELLED.value, ended_at=at, **_NO_OFFER)
        case ops.Rate():
            rated = row.rated or op.ces is not None or op.nps is not None
            return replace(row, rev=rev, rated=rated)
        case ops.Complete() | ops.MarkNoShow() | ops.Remove():
            return None
        case _:
            return row


def _held_ms(row: VisitRow, at: int) -> int:
    """The time on hold, with the present one if the visit is on hold."""
    return row.held_ms + (at - (row.stint_at or at) if row.state == State.ON_HOLD else 0)
