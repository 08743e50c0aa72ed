"""Decides the ops of the manager. Like every command, each reads the floor and returns events, or raises
Refused.

Two managers may do the same at once. The second is refused, with what is the case: each op names what its
page showed, or is refused with ALREADY_SO.
"""

from sync_server.domain import events as ev
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import EVERYBODY
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.events import Change, Presence
from sync_server.domain.ops import MAX_WORDS, Actor
from sync_server.domain.people import Person
from sync_server.domain.refusal import Code, Refused
from sync_server.domain.visit.visit import IN_LINE, State, Visit
from sync_server.names import visible_words

from . import command_checks as checks
from .floor_view import FloorView

_MAY_BE_SET = (Presence.AVAILABLE, Presence.ON_BREAK, Presence.OFF_FLOOR)
_MAY_BE_ASKED = (Presence.AVAILABLE, Presence.NOT_RESPONDING)

# --- visits ----------------------------------------------------------------------------------------------


def _ask_again(floor: FloorView, op: ops.AskAgain, _by: Actor, _now: int) -> list[Change]:
    visit = checks.find_visit(floor, op.visit_id)
    if visit.alerted_at is None:
        raise Refused(Code.WRONG_STATE, visit.state)
    asked = checks.change(visit, ev.AskedAgain(op.everybody), None)
    wanted = floor.catalogue.wanted_skills(visit.need, EVERYBODY if op.everybody else visit.ring)
    return [*checks.wake(floor, wanted), *asked]


def _offer_to(floor: FloorView, op: ops.OfferTo, _by: Actor, now: int) -> list[Change]:
    """Whoever is asked for it at present is not any more; nor is this employee asked for another visit.

    The employee may lack a skill: the manager knows what their people can do, and the page says what lacks.
    """
    visit = checks.find_visit(floor, op.visit_id)
    person = _person(floor, op.employee)
    if visit.state not in IN_LINE:
        taken = visit.employee is not None
        raise Refused(Code.ALREADY_TAKEN if taken else Code.WRONG_STATE, visit.employee or visit.state)
    if visit.offer_to == person.id:
        raise Refused(Code.ALREADY_SO, person.id)
    checks.check_rev(visit, op.expected_rev)
    if person.chosen not in _MAY_BE_ASKED:
        raise Refused(Code.NOT_AVAILABLE, person.chosen)
    checks.check_can_take(floor, person)
    changes = checks.withdraw_offer(person)
    if person.chosen is Presence.NOT_RESPONDING:
        changes.append((None, ev.PresenceChanged(person.id, Presence.AVAILABLE, person.device_id)))
    if visit.offer_to is not None:
        changes.append((visit.visit_id, ev.Withdrawn(visit.offer_to)))
    until = now + int(floor.catalogue.times.offer_s * 1000)
    return [*changes, (visit.visit_id, ev.Offered(person.id, until))]


def remove(floor: FloorView, op: ops.Remove) -> list[Change]:
    """The manager takes a visit out, whoever has it. They say why, because nobody can ask them later."""
    visit = checks.find_visit(floor, op.visit_id)
    if op.reason is None:
        raise Refused(Code.NOTHING_SAID, visit.ticket)
    return checks.change(visit, ev.Removed(None, op.reason), op.expected_rev)


def _correct(floor: FloorView, op: ops.Correct, _by: Actor, _now: int) -> list[Change]:
    """What is the same as before is left out: the log says what was changed."""
    visit = checks.find_visit(floor, op.visit_id)
    if visit.state is State.EXPIRED and op.resolution is not None:
        return _found_completed(floor, op, visit)
    if op.employee is not None and floor.catalogue.employed(op.employee) is None:
        raise Refused(Code.UNKNOWN_EMPLOYEE, op.employee)
    if op.need is not None:
        checks.find_need(floor, op.need)
    corrected = ev.Corrected(
        because=op.because,
        resolution=op.resolution if op.resolution is not visit.resolution else None,
        employee=op.employee if op.employee != visit.employee else None,
        need=op.need if op.need != visit.need else None,
        note=visible_words(op.note or "") or None,
    )
    changes = checks.change(visit, corrected, op.expected_rev)
    if corrected.resolution is not None and visit.state is not State.COMPLETED:
        raise Refused(Code.WRONG_STATE, visit.state)  # it has no resolution
    if corrected.employee is not None and visit.employee is None:
        raise Refused(Code.WRONG_STATE, visit.state)  # nobody had it
    if corrected.resolution is None and corrected.employee is None and corrected.need is None:
        raise Refused(Code.NOTHING_SAID, visit.ticket)
    return changes


def _found_completed(floor: FloorView, op: ops.Correct, visit: Visit) -> list[Change]:
    """Closing time has ended the visit, and it had been completed: nobody had tapped that."""
    assert op.resolution is not None
    if op.employee is not None and floor.catalogue.employed(op.employee) is None:
        raise Refused(Code.UNKNOWN_EMPLOYEE, op.employee)
    if op.need is not None:
        checks.find_need(floor, op.need)
    found = ev.FoundCompleted(
        because=op.because,
        resolution=op.resolution,
        employee=op.employee if op.employee != visit.employee else None,
        need=op.need if op.need != visit.need else None,
        note=visible_words(op.note or "") or None,
    )
    return checks.change(visit, found, op.expected_rev)


def _follow_up(floor: FloorView, op: ops.LookInto, _by: Actor, _now: int) -> list[Change]:
    visit = checks.find_visit(floor, op.visit_id)
    if (visit.root_cause, visit.followed_up) == (op.cause, op.done):
        raise Refused(Code.ALREADY_SO, visit.ticket)
    return checks.change(visit, ev.LookedInto(op.cause, op.done), op.expected_rev)


# --- people ----------------------------------------------------------------------------------------------


def _set_presence_of(floor: FloorView, op: ops.SetPresenceOf, _by: Actor, _now: int) -> list[Change]:
    """Nobody is put on the floor without a tablet: who is off it signs in there."""
    person = _person(floor, op.employee)
    if op.presence not in _MAY_BE_SET:
        raise Refused(Code.NOT_ALLOWED, op.presence)
    if person.chosen is op.presence:
        raise Refused(Code.ALREADY_SO, person.chosen)
    if person.chosen is Presence.OFF_FLOOR:
        raise Refused(Code.NOT_SIGNED_IN, person.id)
    if person.chosen is not op.seen:
        raise Refused(Code.WRONG_STATE, person.chosen)
    if op.presence is Presence.AVAILABLE:
        return [(None, ev.PresenceChanged(person.id, op.presence, person.device_id))]
    return checks.leave(floor, person, op.presence)


def _person(floor: FloorView, employee: str) -> Person:
    person = floor.people.get(employee)
    if person is None or floor.catalogue.employee(employee) is None:
        raise Refused(Code.UNKNOWN_EMPLOYEE, employee)
    return person


# --- what kiosks offer and say ---------------------------------------------------------------------------


def _close_need(floor: FloorView, op: ops.CloseNeed, _by: Actor, now: int) -> list[Change]:
    """Who waits for it already stays in line: they were promised a colleague."""
    need = checks.find_need(floor, op.need)
    if (closed := floor.overrides.closed_need(need.code, now)) is not None:
        raise Refused(Code.ALREADY_SO, closed.by)
    words = _checked_words(op.words)
    return [(None, ev.NeedClosed(need.code, floor.catalogue.next_closing(now), op.back, words))]


def _reopen_need(floor: FloorView, op: ops.ReopenNeed, _by: Actor, now: int) -> list[Change]:
    if floor.overrides.closed_need(op.need, now) is None:
        raise Refused(Code.ALREADY_SO, op.need)
    return [(None, ev.NeedReopened(op.need))]


def _announce(floor: FloorView, op: ops.Announce, _by: Actor, now: int) -> list[Change]:
    present = floor.overrides.announcement(op.kiosk, now)
    if (present.seq if present else 0) != op.replaces:
        raise Refused(Code.STALE_REV, present.by if present else "")
    words = _checked_words(op.words)
    if not words and present is None:
        raise Refused(Code.NOTHING_SAID)
    return [(None, ev.Announced(words, floor.catalogue.next_closing(now), op.kiosk))]


def _put_away(floor: FloorView, op: ops.PutAway, _by: Actor, now: int) -> list[Change]:
    if (put_away := floor.overrides.put_away(op.kiosk, now)) is not None:
        raise Refused(Code.ALREADY_SO, put_away.by)
    return [(None, ev.KioskPutAway(op.kiosk, floor.catalogue.next_closing(now)))]


def _checked_words(words: dict[str, str]) -> dict[str, str]:
    """The texts as kiosks show them, without empty ones. Raises Refused."""
    found = {language: visible_words(text) for language, text in words.items()}
    for language, text in found.items():
        if language not in LANGUAGES:
            raise Refused(Code.UNKNOWN_LANGUAGE, language)
        if len(text) > MAX_WORDS:
            raise Refused(Code.MALFORMED, f"{len(text)} of {MAX_WORDS}")
    return {language: text for language, text in found.items() if text}


COMMANDS: dict[type, checks.Command] = {
    ops.AskAgain: _ask_again,
    ops.Correct: _correct,
    ops.LookInto: _follow_up,
    ops.OfferTo: _offer_to,
    ops.SetPresenceOf: _set_presence_of,
    ops.CloseNeed: _close_need,
    ops.ReopenNeed: _reopen_need,
    ops.Announce: _announce,
    ops.PutAway: _put_away,
}
