"""A catalogue that replaces another one in a running store: what is in use is retired, and not removed."""

from collections.abc import Iterable
from typing import TypeVar

from msgspec import UNSET, Struct
from msgspec.structs import replace

from .catalogue import Catalogue, Gift, Need, Place, Retired, Tip

Coded = TypeVar("Coded", Need, Place, Tip, Gift)


class InUse(Struct, frozen=True):
    """The codes that the visits of a floor name, and the ids of the employees who are on it or named."""

    needs: frozenset[str] = frozenset()
    employees: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    tips: frozenset[str] = frozenset()
    gifts: frozenset[str] = frozenset()


def retire(before: Catalogue, after: Catalogue) -> Catalogue:
    """`after`, with what `before` has and `after` has not as retired.

    A retired need wants no skill that the store has no more: nobody could have it. A need that groups others
    now is retired as what it was.
    """
    old = before.retired_entries
    skills = {skill.code for skill in after.skills}
    groups = {need.under for need in after.needs}
    leaves = [need for need in before.needs if before.need(need.code) is need]
    still = {need.code for need in after.needs if need.code not in groups}
    needs = _gone((*leaves, *old.needs), still)
    employees = {e.id: e for e in (*before.employees, *old.employees)}
    for employee in after.employees:
        employees.pop(employee.id, None)
    retired = Retired(
        needs=tuple(_with_skills(need, skills) for need in needs),
        employees=tuple(employees.values()),
        places=_gone((*before.places, *old.places), {place.code for place in after.places}),
        tips=_gone((*before.tips, *old.tips), {tip.code for tip in after.tips}),
        gifts=_gone((*before.gifts, *old.gifts), {gift.code for gift in after.gifts}),
    )
    return _with(after, retired)


def keep_used(catalogue: Catalogue, used: InUse) -> Catalogue:
    """The catalogue without the retired entries that nothing uses any more; itself if there are none."""
    old = catalogue.retired_entries
    retired = Retired(
        needs=tuple(need for need in old.needs if need.code in used.needs),
        employees=tuple(employee for employee in old.employees if employee.id in used.employees),
        places=tuple(place for place in old.places if place.code in used.places),
        tips=tuple(tip for tip in old.tips if tip.code in used.tips),
        gifts=tuple(gift for gift in old.gifts if gift.code in used.gifts),
    )
    return catalogue if retired == old else _with(catalogue, retired)


def lacking(catalogue: Catalogue, used: InUse) -> InUse:
    """What is in use and not in the catalogue, not even as retired."""
    old = catalogue.retired_entries
    return InUse(
        needs=frozenset(code for code in used.needs if catalogue.need(code) is None),
        employees=frozenset(name for name in used.employees if catalogue.employee(name) is None),
        places=used.places - {place.code for place in (*catalogue.places, *old.places)},
        tips=used.tips - {tip.code for tip in (*catalogue.tips, *old.tips)},
        gifts=used.gifts - {gift.code for gift in (*catalogue.gifts, *old.gifts)},
    )


def with_earlier(catalogue: Catalogue, used: InUse, earlier: Iterable[Catalogue]) -> Catalogue:
    """The catalogue with what is `used` and was in one of the earlier ones, the latest first, as retired."""
    for before in earlier:
        if lacking(catalogue, used) == InUse():
            break
        before = replace(before, retired=catalogue.retired)
        catalogue = keep_used(retire(before, catalogue), used)
    return catalogue


def _gone(entries: Iterable[Coded], still: set[str]) -> tuple[Coded, ...]:
    return tuple({entry.code: entry for entry in entries if entry.code not in still}.values())


def _with_skills(need: Need, skills: set[str]) -> Need:
    return replace(
        need,
        under=None,
        skills=tuple(skill for skill in need.skills if skill in skills),
        prefer=tuple(skill for skill in need.prefer if skill in skills),
    )


def _with(catalogue: Catalogue, retired: Retired) -> Catalogue:
    return replace(catalogue, retired=UNSET if retired == Retired() else retired)
