"""The smallest team that greets the wanted share in time, of people who each have several skills.

Somebody who can do two things is needed for both and is there once. So each kind of visit is looked at with
the people who may be asked for it, and with everything else that keeps these people busy: Erlang A with the
whole load of its pool. The load of a kind of visit is spread evenly over its pool. That is exact for a team
in which everybody can do everything, and for one in which everybody can do one thing; in between it is an
approximation. `tests/bench/staffing.py` follows its advice through a simulated year.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from .erlang_a import MAX_PEOPLE, greeted_share

Skills = frozenset[str]
STEP = 20  # a team grows by a 20th at a time
UNEVEN = 0.2  # by so much the share of a single skill may be below that of all together


class VisitKind(Struct, frozen=True):
    """Visits for which the same people are asked.

    `skill` is the one they count for, and `part` their share of the visits that count for it. `rings` are the
    skills that an employee must have: with all that are preferred first, with the required ones alone last.
    `handling_s` is how long one keeps one person busy.
    """

    skill: str
    rings: tuple[Skills, ...]
    part: float
    handling_s: float

    def wanted(self, team: Sequence[Skills]) -> Skills:
        """What somebody must have to be asked at once: preferred skills that nobody has hold nobody back."""
        return next((ring for ring in self.rings if any(ring <= own for own in team)), self.rings[-1])


class Demand(Struct, frozen=True):
    """How many visits of a kind come per second."""

    kind: VisitKind
    per_s: float


class Patience(Struct, frozen=True):
    """How long shoppers wait: see `Service` in `advice.py`."""

    leave_per_s: float
    within_s: float


def demands(kinds: Sequence[VisitKind], per_s: Mapping[str, float]) -> list[Demand]:
    """The visits of each kind, of so many per second that count for each skill."""
    return [
        Demand(kind, per_s[kind.skill] * kind.part) for kind in kinds if per_s.get(kind.skill, 0) * kind.part
    ]


def smallest_team(
    wanted: Sequence[Demand], employees: Sequence[Skills], patience: Patience, share: float
) -> list[Skills]:
    """The skills of each person of a team that greets `share` of all these visits in time, and of those of
    each skill hardly less (UNEVEN).

    It is made of people like the `employees`, as many of each as it takes. What none of them can do does not
    count. People are added one by one where most is missing; then each who is not needed is left out again.
    """
    people = list(dict.fromkeys(employees))
    possible = [one for one in wanted if any(one.kind.rings[-1] <= own for own in people)]
    team = _without_pause(possible, people)
    while len(team) < MAX_PEOPLE and (missing := _missing(possible, team, patience, share)):
        best = max(people, key=lambda own: _helped(missing, own, team))
        team += [best] * max(1, len(team) // STEP)
    for own in sorted(people, key=len):
        while own in team:
            smaller = list(team)
            smaller.remove(own)
            if _missing(possible, smaller, patience, share):
                break
            team = smaller
    return team


def _without_pause(wanted: Sequence[Demand], people: Sequence[Skills]) -> list[Skills]:
    """A team that could just do the work if it never stood still. The search begins with it."""
    left = {one: one.per_s * one.kind.handling_s for one in wanted}
    team: list[Skills] = []

    def share_of(own: Skills) -> float:
        return sum(load for one, load in left.items() if one.kind.rings[-1] <= own)

    while sum(left.values()) > 0 and len(team) < MAX_PEOPLE:
        best = max(people, key=share_of)
        kept = max(0.0, 1 - 1 / share_of(best))
        left = {one: load * kept if one.kind.rings[-1] <= best else load for one, load in left.items()}
        team.append(best)
    return team


def shared_load(wanted: Sequence[Demand], team: Sequence[Skills], skill: str) -> float:
    """How busy each of the team who has this skill is with visits that count for other skills, Erlang."""
    load = [0.0] * len(team)
    for one in wanted:
        pool = _pool(one.kind, team)
        for at in pool:
            load[at] += (one.kind.skill != skill) * one.per_s * one.kind.handling_s / len(pool)
    able = [busy for busy, own in zip(load, team, strict=True) if skill in own]
    return sum(able) / len(able) if able else 0.0


def _pool(kind: VisitKind, team: Sequence[Skills]) -> list[int]:
    wanted = kind.wanted(team)
    return [at for at, own in enumerate(team) if wanted <= own]


def greeted(wanted: Sequence[Demand], team: Sequence[Skills], patience: Patience) -> list[float]:
    """The share of each kind of visit that this team greets in time."""
    per_s, load = [0.0] * len(team), [0.0] * len(team)
    pools = [_pool(one.kind, team) for one in wanted]
    for one, pool in zip(wanted, pools, strict=True):
        for at in pool:
            per_s[at] += one.per_s / len(pool)
            load[at] += one.per_s * one.kind.handling_s / len(pool)
    found = []
    for pool in pools:
        rate = sum(per_s[at] for at in pool)
        handling_s = sum(load[at] for at in pool) / rate if rate else 0.0
        found.append(
            greeted_share(len(pool), rate, handling_s, patience.leave_per_s, patience.within_s)
            if pool
            else 0.0
        )
    return found


def _missing(
    wanted: Sequence[Demand], team: Sequence[Skills], patience: Patience, share: float
) -> list[tuple[Demand, float]]:
    """The kinds of visits of which too few are greeted in time, with how many per second are not."""
    shares = greeted(wanted, team, patience)
    came: dict[str, float] = {}
    in_time: dict[str, float] = {}
    for one, of_kind in zip(wanted, shares, strict=True):
        skill = one.kind.skill
        came[skill] = came.get(skill, 0.0) + one.per_s
        in_time[skill] = in_time.get(skill, 0.0) + one.per_s * of_kind
    if sum(in_time.values()) >= share * sum(came.values()):
        share -= UNEVEN
    short = {skill for skill, per_s in came.items() if in_time[skill] < share * per_s}
    found = zip(wanted, shares, strict=True)
    return [(one, one.per_s * (1 - of_kind)) for one, of_kind in found if one.kind.skill in short]


def _helped(missing: Sequence[tuple[Demand, float]], own: Skills, team: Sequence[Skills]) -> float:
    """How many of these visits per second may be offered to somebody with these skills."""
    return sum(per_s for one, per_s in missing if one.kind.wanted([*team, own]) <= own)
