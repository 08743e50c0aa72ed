"""Routing: which visit is offered next, and to which employee.

The next visit is the first in line (`line.py`). Priority adds to the time waited and does not replace it, so
every visit's turn comes (additive ageing). The visit is offered to the free employee whose other skills the
rest of the line needs least, so that rare skills stay free; then to the one who has been idle longest; then
by id. A need may name employees who are asked last, when none of the others is free.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue, Need
from sync_server.domain.people import ON_THE_FLOOR, Person
from sync_server.domain.visit.visit import Visit

_Skilled = tuple[Person, frozenset[str]]  # somebody and their skills


class Match(Struct, frozen=True):
    """One offer to make. `new_round`: everybody who could be asked has been asked, so asking starts again."""

    visit: Visit
    employee: str
    new_round: bool = False


def present_skills(catalogue: Catalogue, people: Iterable[Person]) -> list[frozenset[str]]:
    """The skills of each employee on the floor, busy or free."""
    present = (catalogue.employed(p.id) for p in people if p.presence in ON_THE_FLOOR)
    return [employee.skills for employee in present if employee is not None]


def wanted_skills(
    catalogue: Catalogue, need_code: str, ring: int, present: Sequence[frozenset[str]]
) -> frozenset[str]:
    """The skills that an employee must have to be offered a visit with this need, in its skill ring.

    Preferred skills that nobody has of those on the floor hold nobody back: the ring is then the first one
    in which somebody has all skills. `present` is that of `present_skills`.
    """
    need = catalogue.need(need_code)
    skills = catalogue.wanted_skills(need_code, ring)
    if need is None or not need.prefer:
        return skills
    for wider in range(ring, need.rings):
        skills = catalogue.wanted_skills(need_code, wider)
        if any(skills <= own for own in present):
            break
    return skills


class AbleEmployees:
    """The employees on the floor, busy or free, who have the skills that a need requires."""

    def __init__(self, catalogue: Catalogue, people: Iterable[Person], need: Need) -> None:
        present = (catalogue.employed(p.id) for p in people if p.presence in ON_THE_FLOOR)
        skills = frozenset(need.skills)
        self.employees = [e for e in present if e is not None and skills <= e.skills]
        self._competes: dict[frozenset[str], bool] = {}  # a cache: many visits, few sets of skills

    def compete_for(self, skills: frozenset[str]) -> bool:
        """Whether a visit that wants these skills may be offered to one of them."""
        if (competes := self._competes.get(skills)) is None:
            competes = self._competes[skills] = any(skills <= e.skills for e in self.employees)
        return competes


def free_people(people: Iterable[Person], now: int, max_active: int) -> list[Person]:
    """The employees to whom an offer may be made now."""
    return [person for person in people if person.is_free(now, max_active)]


def next_match(
    catalogue: Catalogue,
    free: Sequence[Person],
    waiting: Sequence[Visit],
    present: Sequence[frozenset[str]],
    now: int,
) -> Match | None:
    """The next offer to make, or None if no waiting visit can be offered to a free employee.

    `waiting` are the waiting visits in the order of the line; `present` is that of `present_skills`.
    """
    skilled = [(p, employee.skills) for p in free if (employee := catalogue.employed(p.id)) is not None]
    kinds = [(visit.need, visit.ring) for visit in waiting]  # few: what visits of one kind want is the same
    wanted = {kind: wanted_skills(catalogue, *kind, present) for kind in set(kinds)}
    able_for: dict[tuple[str, int], list[_Skilled]] = {}
    for visit, kind in zip(waiting, kinds, strict=True):
        if (able := able_for.get(kind)) is None:
            able = able_for[kind] = [(p, own) for p, own in skilled if wanted[kind] <= own]
        if not able:
            continue
        unasked = [(p, own) for p, own in able if p.id not in visit.asked]
        new_round = not unasked and now >= ask_again_at(visit, catalogue.times.ask_again_s)
        candidates = able if new_round else unasked
        if candidates:
            needed = frozenset().union(*wanted.values()) - wanted[kind]
            need = catalogue.need(visit.need)
            last = need.asked_last if need else ()
            return Match(visit, _choose(candidates, needed, last).id, new_round)
    return None


def ask_again_at(visit: Visit, ask_again_s: float) -> int:
    """When a new round of offers may start for a visit, ms UTC."""
    return (visit.asked_at or visit.arrived_at) + int(ask_again_s * 1000)


def _choose(
    candidates: Sequence[_Skilled], needed_elsewhere: frozenset[str], asked_last: Sequence[str]
) -> Person:
    """The candidate with the fewest skills that other visits need, then the one idle longest.

    Those who are asked last only if there is nobody else.
    """

    def cost(candidate: _Skilled) -> tuple[bool, int, int, str]:
        person, skills = candidate
        return person.id in asked_last, len(skills & needed_elsewhere), person.idle_since, person.id

    return min(candidates, key=cost)[0]
