"""Decides each op: checks it against the floor and returns the events that it causes.

A command reads the floor and never changes it. It raises Refused, or returns changes for `Floor` to apply.
"""

from sync_server.domain import events as ev
from sync_server.domain import ops, permissions
from sync_server.domain.catalogue.catalogue import COLOURS
from sync_server.domain.events import Change, Presence
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Code, Refused
from sync_server.domain.visit.visit import IN_LINE, State
from sync_server.names import visible_part, visible_words

from . import command_checks as checks
from . import manager_commands
from .floor_view import FloorView

# Shoppers in line from one kiosk. Far more than ever wait: the limit protects the server from a kiosk that
# opens visits without end, because each change of the line costs time for every visit in it.
MAX_IN_LINE = 200


def decide(floor: FloorView, op: ops.AnyOp, by: Actor, now: int) -> list[Change]:
    """The changes that `op` causes at `now` (ms UTC), in order. Raises Refused."""
    if not permissions.is_allowed(by.kind, type(op)):
        raise Refused(Code.NOT_ALLOWED, permissions.name_of(type(op)))
    changes = COMMANDS[type(op)](floor, op, by, now)
    if by.kind is ActorKind.STAFF:
        me = checks.signed_in(floor, by)
        if me.chosen is Presence.NOT_RESPONDING and not isinstance(op, ops.SetPresence):
            # An employee who taps is responding.
            changes.insert(0, (None, ev.PresenceChanged(me.id, Presence.AVAILABLE, me.device_id)))
    return changes


# --- the shopper -----------------------------------------------------------------------------------------


def _open(floor: FloorView, op: ops.OpenVisit, by: Actor, now: int) -> list[Change]:
    checks.check_new_visit(floor, op.visit_id, op.ticket, op.language, now)
    need = checks.find_need(floor, op.need)
    # A kiosk or a tablet may not have heard of it yet: its shopper holds a ticket already, and is taken.
    if by.kind in (ActorKind.PHONE, ActorKind.API):
        if not floor.catalogue.offers(need.code):
            raise Refused(Code.UNKNOWN_NEED, need.code)
        if floor.overrides.closed_need(need.code, now):
            raise Refused(Code.NEED_CLOSED, need.code)
    source = by.kind.value
    line = floor.line()
    if len(line) >= MAX_IN_LINE <= sum(v.device_id == by.device_id and v.source == source for v in line):
        raise Refused(Code.NOT_ALLOWED, f"{MAX_IN_LINE} in line")
    if op.place is not None and floor.catalogue.place(op.place) is None:
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
                alias=visible_part(op.alias) if op.alias is not None else None,
                colour=op.colour,
                place=op.place,
                link=op.link,
                quoted_low_s=quote.low_s if quote else None,
                quoted_median_s=quote.median_s if quote else None,
                quoted_high_s=quote.high_s if quote else None,
                expected_s=quote.situation.expected_s if quote else None,
                situation=quote.situation if quote else None,
                taps=op.taps,
            ),
        )
    ]


def _count_session(_floor: FloorView, _op: ops.CountSession, _by: Actor, _now: int) -> list[Change]:
    """Changes nothing on the floor, and is not in the log: the store only counts it."""
    return []


def _cancel(floor: FloorView, op: ops.Cancel, by: Actor, _now: int) -> list[Change]:
    visit = checks.find_visit(floor, op.visit_id)
    checks.check_opened_here(visit, by)
    return checks.change(visit, ev.Cancelled(), op.expected_rev)


def _rate(floor: FloorView, op: ops.Rate, by: Actor, _now: int) -> list[Change]:
    visit = checks.find_visit(floor, op.visit_id)
    checks.check_opened_here(visit, by)
    comment = visible_words(op.comment or "") or None
    if op.ces is None and op.nps is None and comment is None:
        raise Refused(Code.NOTHING_SAID, visit.ticket)
    return checks.change(visit, ev.Rated(op.ces, op.nps, comment), None)


# --- the employee's presence -----------------------------------------------------------------------------


def _sign_on(floor: FloorView, op: ops.SignOn, _by: Actor, _now: int) -> list[Change]:
    if floor.catalogue.employed(op.employee) is None:
        raise Refused(Code.UNKNOWN_EMPLOYEE, op.employee)
    before = floor.holder(op.device_id)
    changes: list[Change] = []
    if before is not None and before.id != op.employee:
        # A tablet has one holder: the employee who left it signed in goes off the floor.
        changes += checks.leave(floor, before, Presence.OFF_FLOOR)
    person = floor.people.get(op.employee)
    chosen = Presence.ON_BREAK if person and person.chosen is Presence.ON_BREAK else Presence.AVAILABLE
    return [*changes, (None, ev.PresenceChanged(op.employee, chosen, op.device_id))]


def _sign_off(floor: FloorView, op: ops.SignOff, _by: Actor, _now: int) -> list[Change]:
    """An employee with a visit stays, to go on with it on another tablet; on a break if all are on hold."""
    person = floor.holder(op.device_id)
    if person is None:
        raise Refused(Code.NOT_SIGNED_IN)
    presence = Presence.ON_BREAK if person.holding else Presence.OFF_FLOOR
    if person.active or person.chosen is presence:
        return []
    return checks.leave(floor, person, presence)


def _set_presence(floor: FloorView, op: ops.SetPresence, by: Actor, _now: int) -> list[Change]:
    me = checks.signed_in(floor, by)
    if op.presence not in (Presence.AVAILABLE, Presence.ON_BREAK, Presence.OFF_FLOOR):
        raise Refused(Code.NOT_ALLOWED, op.presence)
    if op.presence is me.chosen:
        return []
    if op.presence is Presence.AVAILABLE:
        return [(None, ev.PresenceChanged(me.id, op.presence, me.device_id))]
    return checks.leave(floor, me, op.presence)


# --- the employee and a visit ----------------------------------------------------------------------------


def _accept(floor: FloorView, op: ops.Accept, by: Actor, now: int) -> list[Change]:
    me, visit = checks.my_offer(floor, op.visit_id, by, now)
    accepted = checks.change(visit, ev.Accepted(me.id), op.expected_rev)
    checks.check_can_take(floor, me)  # `max_active` may have been lowered since the offer
    return accepted


def _decline(floor: FloorView, op: ops.Decline, by: Actor, now: int) -> list[Change]:
    me, visit = checks.my_offer(floor, op.visit_id, by, now)
    return checks.change(visit, ev.Declined(me.id), op.expected_rev)


def _claim(floor: FloorView, op: ops.Claim, by: Actor, now: int) -> list[Change]:
    me = checks.signed_in(floor, by)
    visit = checks.find_visit(floor, op.visit_id)
    if visit.state not in IN_LINE:
        raise Refused(
            Code.ALREADY_TAKEN if visit.employee else Code.WRONG_STATE, visit.employee or visit.state
        )
    checks.check_rev(visit, op.expected_rev)
    checks.check_can_take(floor, me)
    if visit.offer_to == me.id and visit.offer_until is not None and now <= visit.offer_until:
        return [(visit.visit_id, ev.Accepted(me.id))]  # nobody is asked during a break
    changes = checks.end_break(me) + checks.withdraw_offer(me)
    if visit.offer_to is not None and visit.offer_to != me.id:
        changes.append((visit.visit_id, ev.Withdrawn(visit.offer_to)))
    return [*changes, (visit.visit_id, ev.Claimed(me.id))]


def _recall(floor: FloorView, op: ops.Recall, by: Actor, _now: int) -> list[Change]:
    me, visit = checks.my_visit_or_offer(floor, op.visit_id, by)
    return checks.change(visit, ev.Recalled(me.id), op.expected_rev)


def _mark_no_show(floor: FloorView, op: ops.MarkNoShow, by: Actor, _now: int) -> list[Change]:
    me, visit = checks.my_visit_or_offer(floor, op.visit_id, by)
    if visit.recalled_at is None and visit.state in IN_LINE | {State.ACCEPTED}:
        raise Refused(Code.RECALL_FIRST, visit.ticket)
    return checks.change(visit, ev.NoShow(me.id), op.expected_rev)


def _start(floor: FloorView, op: ops.Start, by: Actor, _now: int) -> list[Change]:
    me, visit = checks.my_visit(floor, op.visit_id, by)
    return checks.change(visit, ev.Started(me.id), op.expected_rev)


def _hold(floor: FloorView, op: ops.Hold, by: Actor, _now: int) -> list[Change]:
    me, visit = checks.my_visit(floor, op.visit_id, by)
    return checks.change(visit, ev.Held(me.id), op.expected_rev)


def _resume(floor: FloorView, op: ops.Resume, by: Actor, _now: int) -> list[Change]:
    me, visit = checks.my_visit(floor, op.visit_id, by)
    if visit.state is State.ON_HOLD:
        checks.check_can_take(floor, me)
    resumed = checks.change(visit, ev.Resumed(me.id), op.expected_rev)
    return checks.end_break(me) + checks.withdraw_offer(me) + resumed


def _hand_over(floor: FloorView, op: ops.HandOver, by: Actor, _now: int) -> list[Change]:
    me, visit = checks.my_visit(floor, op.visit_id, by)
    need = checks.find_need(floor, op.need).code if op.need else visit.need
    return checks.change(visit, ev.HandedOver(me.id, visible_words(op.note), need), op.expected_rev)


def _add_note(floor: FloorView, op: ops.AddNote, by: Actor, _now: int) -> list[Change]:
    me, visit = checks.my_visit(floor, op.visit_id, by)
    noted = checks.change(visit, ev.Noted(me.id, visible_words(op.note)), op.expected_rev)
    if not visible_words(op.note):
        raise Refused(Code.NOTHING_SAID, visit.ticket)
    return noted


def _complete(floor: FloorView, op: ops.Complete, by: Actor, _now: int) -> list[Change]:
    me, visit = checks.my_visit(floor, op.visit_id, by)
    return checks.change(visit, checks.completion(floor, op, me), op.expected_rev)


def _remove(floor: FloorView, op: ops.Remove, by: Actor, _now: int) -> list[Change]:
    if by.kind is ActorKind.MANAGER:
        return manager_commands.remove(floor, op)
    me = checks.signed_in(floor, by)
    visit = checks.find_visit(floor, op.visit_id)
    if visit.employee is not None and visit.employee != me.id:
        raise Refused(Code.NOT_YOUR_VISIT, visit.ticket)
    return checks.change(visit, ev.Removed(me.id, op.reason), op.expected_rev)


def _quick_resolution(floor: FloorView, op: ops.QuickResolution, by: Actor, now: int) -> list[Change]:
    me = checks.signed_in(floor, by)
    checks.check_new_visit(floor, op.visit_id, op.ticket, op.language, now)
    need = checks.find_need(floor, op.need)
    checks.check_can_take(floor, me)
    opened = ev.Opened(
        ticket=op.ticket,
        day=floor.catalogue.day(now),
        source=by.kind.value,
        need=need.code,
        language=op.language,
        priority=need.priority,
    )
    steps = (opened, ev.Claimed(me.id), ev.Started(me.id), checks.completion(floor, op, me))
    return checks.withdraw_offer(me) + [(op.visit_id, step) for step in steps]


def _undo(floor: FloorView, op: ops.Undo, by: Actor, now: int) -> list[Change]:
    me = checks.signed_in(floor, by)
    visit = checks.find_visit(floor, op.visit_id)
    checks.check_undo(floor, visit, me, now)
    checks.check_rev(visit, op.expected_rev)
    checks.check_can_take(floor, me)
    changes = checks.end_break(me) + checks.withdraw_offer(me)
    if visit.offer_to is not None and visit.offer_to != me.id:
        changes.append((visit.visit_id, ev.Withdrawn(visit.offer_to)))
    return [*changes, (visit.visit_id, ev.Undone(me.id))]


def _ask_for_help(floor: FloorView, op: ops.AskForHelp, by: Actor, _now: int) -> list[Change]:
    me, visit = checks.my_visit(floor, op.visit_id, by)
    return checks.change(visit, ev.HelpWanted(me.id, op.wanted), op.expected_rev)


def _answer_help(floor: FloorView, op: ops.AnswerHelp, by: Actor, _now: int) -> list[Change]:
    me = checks.signed_in(floor, by) if by.kind is ActorKind.STAFF else None
    visit = checks.find_visit(floor, op.visit_id)
    asker = floor.people.get(visit.employee or "")
    wanted = asker.help if asker is not None else None
    if asker is None or wanted is None or wanted.visit_id != visit.visit_id or asker is me:
        raise Refused(Code.WRONG_STATE, visit.state)
    if wanted.by is not None:
        raise Refused(Code.ALREADY_TAKEN if wanted.by else Code.WRONG_STATE, wanted.by or visit.state)
    return [(None, ev.HelpAnswered(asker.id, me.id if me is not None else ""))]


COMMANDS: dict[type, checks.Command] = {
    ops.OpenVisit: _open,
    ops.Cancel: _cancel,
    ops.Rate: _rate,
    ops.CountSession: _count_session,
    ops.SignOn: _sign_on,
    ops.SignOff: _sign_off,
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
    ops.Undo: _undo,
    ops.AskForHelp: _ask_for_help,
    ops.AnswerHelp: _answer_help,
    **manager_commands.COMMANDS,
}
