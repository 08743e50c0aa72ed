"""Who is served next, and by whom.

Next is the visit with the highest `waited + credit(priority)`: the credit is added to the time
waited and never replaces it, so every visit's turn comes. It goes to the free employee whose
other skills the rest of the line needs least, so that rare skills stay free for those who need
them; then to whoever has been idle longest; then by id.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from .catalogue import Catalogue, Need
from .people import ON_THE_FLOOR, Person
from .visit import State, Visit


class Match(Struct, frozen=True):
    """One offer to make. `new_round`: everybody who could be asked had been, so asking starts over."""

    visit: Visit
    employee: str
    new_round: bool = False


def line(visits: Iterable[Visit], credit_s: float) -> list[Visit]:
    """The visits in the order they will be served. Those of one moment stay in the order given.

    All of them wait on together, so who has the most is whoever had it first: no clock is needed.
    """
    credit_ms = credit_s * 1000
    return sorted(visits, key=lambda v: (v.arrived_at - v.priority * credit_ms, v.arrived_at))


def wanted(catalogue: Catalogue, visit: Visit) -> frozenset[str]:
    """The skills whoever takes this visit must have, in its present skill ring."""
    return catalogue.wanted(visit.need, visit.ring)


def skilled(catalogue: Catalogue, person: Person, skills: frozenset[str]) -> bool:
    employee = catalogue.employee(person.id)
    return employee is not None and skills <= employee.skills


class Able:
    """The employees on the floor, busy or free, who have the skills that a need requires."""

    def __init__(self, catalogue: Catalogue, people: Iterable[Person], need: Need) -> None:
        present = (catalogue.employee(p.id) for p in people if p.presence in ON_THE_FLOOR)
        skills = frozenset(need.skills)
        self.employees = [e for e in present if e is not None and skills <= e.skills]
        self._compete: dict[frozenset[str], bool] = {}  # few answers, for many visits

    def compete_for(self, skills: frozenset[str]) -> bool:
        """Whether a visit that asks for these skills may take one of them away."""
        if (known := self._compete.get(skills)) is None:
            known = self._compete[skills] = any(skills <= e.skills for e in self.employees)
        return known


def free(catalogue: Catalogue, people: Iterable[Person], now: int) -> list[Person]:
    """Those to whom an offer may be made now."""
    return [p for p in people if p.is_free(now, catalogue.times.max_active)]


def next_match(
    catalogue: Catalogue, free: Sequence[Person], in_line: Iterable[Visit], now: int
) -> Match | None:
    """The one offer to make now, or None when nobody waiting can be offered to anybody free.

    `in_line` is in the order of `line`.
    """
    waiting = [v for v in in_line if v.state is State.WAITING]
    for visit in waiting:
        skills = wanted(catalogue, visit)
        able = [p for p in free if skilled(catalogue, p, skills)]
        unasked = [p for p in able if p.id not in visit.asked]
        new_round = bool(able) and not unasked and now >= ask_again_at(visit, catalogue.times.ask_again_s)
        candidates = able if new_round else unasked
        if candidates:
            needed = frozenset().union(*(wanted(catalogue, v) for v in waiting if v is not visit))
            return Match(visit, _choose(catalogue, candidates, needed - skills).id, new_round)
    return None


def ask_again_at(visit: Visit, ask_again_s: float) -> int:
    """When a visit that everybody free was asked for may be offered round again, ms UTC."""
    return (visit.asked_at or visit.arrived_at) + int(ask_again_s * 1000)


def _choose(catalogue: Catalogue, candidates: list[Person], needed_elsewhere: frozenset[str]) -> Person:
    def keep_free(person: Person) -> tuple[int, int, str]:
        employee = catalogue.employee(person.id)
        others = len(employee.skills & needed_elsewhere) if employee else 0
        return others, person.idle_since, person.id

    return min(candidates, key=keep_free)
