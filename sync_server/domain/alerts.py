"""What needs the manager now, found in one place: the page Now shows it, and messages can be made from it.

Each alert has a code that never changes, what it is about, and since when. An alert with the same code and
subject is the same alert for as long as it lasts.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.visit.visit import IN_LINE, Visit

LAPSED = 2  # offers that nobody answered, after which somebody must look
_AWAY = (Presence.ON_BREAK, Presence.NOT_RESPONDING)
OFFLINE_MS = 60_000  # a kiosk that is away for a shorter time was started again, or its network failed once
MIN_FREE_BYTES = 500 * 1024 * 1024  # of the server's disk


class AlertCode(StrEnum):
    """The worst first."""

    STORAGE_LOW = "storage_low"  # subject: empty
    FLOOR_EMPTY = "floor_empty"  # subject: empty
    EVERYBODY_AWAY = "everybody_away"  # subject: empty. Nobody who is here can be asked
    HELP_WANTED = "help_wanted"  # subject: the visit's id
    WAITS_TOO_LONG = "waits_too_long"  # subject: the visit's id
    OFFERS_LAPSED = "offers_lapsed"  # subject: the visit's id
    SKILL_MISSING = "skill_missing"  # subject: the codes of the skills, joined by +
    KIOSK_OFFLINE = "kiosk_offline"  # subject: the device's id


class Alert(Struct, frozen=True):
    """`since` is when it began, ms UTC; None if that is not known."""

    code: AlertCode
    subject: str = ""
    since: int | None = None


class KioskContact(Struct, frozen=True):
    """Whether a kiosk is connected, and when it was last (ms UTC; None: never)."""

    device_id: str
    online: bool
    seen_at: int | None


def find_alerts(
    floor: Floor, kiosks: Iterable[KioskContact], free_bytes: int | None, now: int
) -> list[Alert]:
    """All alerts at `now` (ms UTC), the worst first, and of one kind the oldest first.

    `free_bytes` is what is free on the server's disk, None if that is not known.
    """
    found = _storage(free_bytes) + _help(floor)
    found += [alert for visit in floor.line() if (alert := _visit(visit))]
    if floor.catalogue.hours.is_open(now):
        found += _people(floor, now) + _kiosks(floor, kiosks, now)
    order = list(AlertCode)
    return sorted(found, key=lambda alert: (order.index(alert.code), alert.since or 0, alert.subject))


def _storage(free_bytes: int | None) -> list[Alert]:
    low = free_bytes is not None and free_bytes < MIN_FREE_BYTES
    return [Alert(AlertCode.STORAGE_LOW)] if low else []


def _help(floor: Floor) -> list[Alert]:
    """Who asks for help and has no answer yet."""
    asked = (person.help for person in floor.people.values())
    return [Alert(AlertCode.HELP_WANTED, one.visit_id, one.since) for one in asked if one and one.by is None]


def _visit(visit: Visit) -> Alert | None:
    """At most one for each visit: what helps is the same."""
    if visit.state not in IN_LINE:
        return None
    if visit.alerted_at is not None:
        return Alert(AlertCode.WAITS_TOO_LONG, visit.visit_id, visit.created_at)
    if visit.lapsed >= LAPSED:
        return Alert(AlertCode.OFFERS_LAPSED, visit.visit_id, visit.lapsed_at)
    return None


def _people(floor: Floor, now: int) -> list[Alert]:
    """Nobody is here, or nobody of those who are here has the skills of a need that is offered."""
    people = floor.people.values()
    if all(person.chosen is Presence.OFF_FLOOR for person in people):
        left = max((person.since for person in people), default=0)
        return [Alert(AlertCode.FLOOR_EMPTY, since=left or None)]
    found = []
    here = [person for person in people if person.chosen is not Presence.OFF_FLOOR]
    if all(person.chosen in _AWAY for person in here):
        found.append(Alert(AlertCode.EVERYBODY_AWAY, since=max(person.since for person in here)))
    for skills in missing_skills(floor, now):
        wanted = frozenset(skills.split("+"))
        able = [employee.id for employee in floor.catalogue.employees if wanted <= employee.skills]
        left = max((floor.people[name].since for name in able), default=0)
        found.append(Alert(AlertCode.SKILL_MISSING, skills, left or None))
    return found


def missing_skills(floor: Floor, now: int) -> dict[str, list[str]]:
    """The codes of the needs that are offered at `now` (ms UTC) and that nobody on the floor could serve.

    They are by the skills that nobody there has, joined by +; where each of them has somebody, and nobody has
    all, by all that the need requires.
    """
    catalogue, people = floor.catalogue, floor.people.values()
    here = [e for p in people if p.chosen is not Presence.OFF_FLOOR and (e := catalogue.employed(p.id))]
    present = frozenset().union(*(employee.skills for employee in here))
    found: dict[str, list[str]] = {}
    for need in catalogue.needs:
        if not catalogue.need(need.code) or floor.overrides.closed_need(need.code, now):
            continue
        required = frozenset(need.skills)
        if not any(required <= employee.skills for employee in here):
            found.setdefault("+".join(sorted(required - present or required)), []).append(need.code)
    return found


def _kiosks(floor: Floor, kiosks: Iterable[KioskContact], now: int) -> list[Alert]:
    """A kiosk that the manager has put away is not missed today."""
    return [
        Alert(AlertCode.KIOSK_OFFLINE, kiosk.device_id, kiosk.seen_at)
        for kiosk in kiosks
        if not kiosk.online
        and floor.overrides.put_away(kiosk.device_id, now) is None
        and (kiosk.seen_at is None or now - kiosk.seen_at >= OFFLINE_MS)
    ]
