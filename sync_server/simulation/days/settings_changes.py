"""The settings of a simulated store as somebody changes them in the middle of a day."""

from random import Random

from msgspec.structs import replace

from sync_server.domain.catalogue.catalogue import Catalogue

MAY_GO = ("sam", "tom", "ines")  # maya stays: she can serve everybody
OTHER_SKILLS = {
    "sam": (frozenset({"sales"}), frozenset({"repair", "sales"})),
    "tom": (frozenset({"repair"}), frozenset()),
    "ines": (frozenset(), frozenset({"sales"})),
}


def changed(now: Catalogue, first: Catalogue, chance: Random) -> Catalogue:
    """The settings after one change. `first` are those of the store's beginning: what went comes back."""
    choice = chance.random()
    if choice < 0.35:
        return _toggle_need(now, first, chance)
    if choice < 0.7:
        return _toggle_employee(now, first, chance)
    if choice < 0.85:
        name = chance.choice(MAY_GO)
        people = (
            replace(e, skills=chance.choice(OTHER_SKILLS[name])) if e.id == name else e for e in now.employees
        )
        return replace(now, employees=tuple(people))
    times = replace(now.times, offer_s=chance.choice((2.0, 3.0)), credit_s=chance.choice((3.0, 6.0)))
    return replace(now, times=times)


def _toggle_need(now: Catalogue, first: Catalogue, chance: Random) -> Catalogue:
    code, here = chance.choice(first.needs).code, {need.code for need in now.needs}
    wanted = here ^ {code} or here  # a store has at least one need
    return replace(now, needs=tuple(need for need in first.needs if need.code in wanted))


def _toggle_employee(now: Catalogue, first: Catalogue, chance: Random) -> Catalogue:
    name, here = chance.choice(MAY_GO), {employee.id: employee for employee in now.employees}
    people = [e for e in first.employees if (e.id in here) != (e.id == name)]
    return replace(now, employees=tuple(here.get(e.id, e) for e in people))
