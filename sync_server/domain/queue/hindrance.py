"""Why a visit waits: what keeps those who could serve it. A person who reads it knows what would help."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import EVERYBODY, Catalogue
from sync_server.domain.events import Presence


class Kind(StrEnum):
    """What keeps the employees who have the required skills, the one that needs somebody's help first."""

    NOT_RESPONDING = "not_responding"
    ASKED = "asked"  # they are free, and said not now or did not answer in this round
    BUSY = "busy"
    ON_BREAK = "on_break"
    NOBODY = "nobody"  # none of them is on the floor


class OnFloor(Protocol):
    """An employee and their presence: the server's `Person`, or a device's `PersonRow`."""

    @property
    def id(self) -> str: ...

    @property
    def presence(self) -> str: ...


class Hindrance(Struct, frozen=True):
    """`employees` are those whom it is about; for NOBODY everybody of the store who has the skills.

    `others` are those on the floor who lack the skills. They are asked only if the manager wants it.
    """

    kind: Kind
    employees: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The last part of the key of its text: the kind, or `empty` where nobody at all is on the floor."""
        return "empty" if self.kind is Kind.NOBODY and not self.others else self.kind.value


_AWAY = Presence.OFF_FLOOR
_ORDER: tuple[tuple[str, Kind], ...] = (
    (Presence.NOT_RESPONDING, Kind.NOT_RESPONDING),
    (Presence.AVAILABLE, Kind.ASKED),
    (Presence.SERVING, Kind.BUSY),
    (Presence.ON_BREAK, Kind.ON_BREAK),
)


def hindrance(catalogue: Catalogue, everybody: Iterable[OnFloor], need_code: str, ring: int = 0) -> Hindrance:
    """What keeps a visit with this need, in its skill ring, from being taken. Only required skills count."""
    need = catalogue.need(need_code)
    required = frozenset(need.skills) if need and ring != EVERYBODY else frozenset()
    presences = {person.id: person.presence for person in everybody}
    able = [employee.id for employee in catalogue.employees if required <= employee.skills]
    others = tuple(
        employee.id
        for employee in catalogue.employees
        if not required <= employee.skills and presences.get(employee.id, _AWAY) != _AWAY
    )
    for presence, kind in _ORDER:
        names = tuple(name for name in able if presences.get(name) == presence)
        if names:
            return Hindrance(kind, names, others)
    return Hindrance(Kind.NOBODY, tuple(able), others)
