"""Who is served next, and by whom.

Next is the visit with the highest `waited + credit(priority)`: the credit is added to the time
waited and never replaces it, so every visit's turn comes. It goes to the free employee whose
other skills the rest of the line needs least, so that rare skills stay free for those who need
them; then to whoever has been idle longest; then by id.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from .catalogue import Catalogue, Need
from .people import ON_THE_FLOOR, Person
from .visit import State, Visit


class Match(Struct, frozen=True):
    """One offer to make. `new_round`: everybody who could be asked had been, so asking starts over."""

    visit: Visit
    employee: str
    new_round: bool = False


def score(visit: Visit, now: int, credit_s: float) -> float:
    """How strongly a visit's turn has come, in ms: time waited plus its priority's credit."""
    return now - visit.arrived_at + visit.priority * credit_s * 1000


def line(visits: Iterable[Visit], now: int, credit_s: float) -> list[Visit]:
    """The visits in the order they will be served. Those of one moment stay in the order given."""
    return sorted(visits, key=lambda v: (-score(v, now, credit_s), v.arrived_at))


def wanted(catalogue: Catalogue, visit: Visit) -> frozenset[str]:
    """The skills whoever takes this visit must have, in its present skill ring."""
    return catalogue.wanted(visit.need, visit.ring)


def skilled(catalogue: Catalogue, person: Person, skills: frozenset[str]) -> bool:
    employee = catalogue.employee(person.id)
    return employee is not None and skills <= employee.skills


def able(catalogue: Catalogue, people: Iterable[Person], need: Need) -> list[Person]:
    """The employees on the floor, busy or free, who have the skills the need requires."""
    skills = frozenset(need.skills)
    return [p for p in people if p.presence in ON_THE_FLOOR and skilled(catalogue, p, skills)]


def ahead(catalogue: Catalogue, able: Iterable[Person], in_line: Iterable[Visit]) -> list[Visit]:
    """Those of the visits in line who compete for these employees."""
    competes: dict[frozenset[str], bool] = {}  # by what a visit asks for: few answers, many visits
    found = []
    for visit in in_line:
        asks_for = wanted(catalogue, visit)
        if asks_for not in competes:
            competes[asks_for] = any(skilled(catalogue, p, asks_for) for p in able)
        if competes[asks_for]:
            found.append(visit)
    return found


def next_match(
    catalogue: Catalogue, people: Mapping[str, Person], visits: Iterable[Visit], now: int
) -> Match | None:
    """The one offer to make now, or None when nobody waiting can be offered to anybody free."""
    times = catalogue.times
    free = [p for p in people.values() if p.is_free(now, times.max_active)]
    if not free:
        return None
    waiting = line((v for v in visits if v.state is State.WAITING), now, times.credit_s)
    for visit in waiting:
        skills = wanted(catalogue, visit)
        able = [p for p in free if skilled(catalogue, p, skills)]
        unasked = [p for p in able if p.id not in visit.asked]
        new_round = bool(able) and not unasked and now >= ask_again_at(visit, times.ask_again_s)
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
