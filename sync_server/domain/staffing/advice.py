"""Compares who is planned with who is needed, half-hour by half-hour, and says what would help most.

For each skill: how many people must have it so that its own shoppers are greeted in time. For the whole
shop (`WHOLE_SHOP`): how many people there must be in all, if each can help anybody. Somebody with two skills
counts for both skills, and once for the whole shop.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from sync_server.domain.catalogue.catalogue import Catalogue, Employee

from .erlang_a import greeted_share, people_needed
from .forecast import Cell
from .team import Patience, VisitKind, demands, shared_load, smallest_team

WHOLE_SHOP = ""  # in place of a skill
SLOT_S = 1800
SLOTS = 48  # half-hours of a day
MAX_CHANGES = 3
MIN_GAIN = 0.05  # shoppers: a change that helps fewer is not worth a sentence
ROUND = 3  # decimals of the visits of a half-hour: similar half-hours share one computation


class Shift(Struct, frozen=True, order=True):
    """Somebody is planned to work from `starts_at` to before `ends_at`, ms UTC."""

    starts_at: int
    ends_at: int
    employee: str


class Service(Struct, frozen=True):
    """How the shop works. `handling_s` by skill: how long one visit keeps one person busy, wrap-up included.

    `leave_per_s` is the share of those who wait that leaves per second. `within_s` is how long a shopper may
    be in line: the target less the time that an employee takes to answer an offer. `share` of all who come is
    to be served within it. `kinds` are the kinds of visits that count for each skill.
    """

    handling_s: Mapping[str, float]
    leave_per_s: float
    within_s: float
    share: float
    kinds: tuple[VisitKind, ...] = ()


class Slot(Struct, frozen=True):
    """One half-hour of one skill, or of the whole shop. `planned` is None while the day has no plan.

    `shared` is how much each person with the skill is busy with other visits meanwhile, Erlang: 0 to 1.
    """

    skill: str
    day: date
    slot: int
    visits: float
    needed: int
    planned: int | None
    shared: float = 0.0

    @property
    def short(self) -> int:
        """How many people are missing."""
        return 0 if self.planned is None else max(0, self.needed - self.planned)

    @property
    def spare(self) -> int:
        """How many more people are planned than are needed."""
        return 0 if self.planned is None else max(0, self.planned - self.needed)


class Change(Struct, frozen=True):
    """One person more for a skill, from the half-hour `first` to before `end`.

    `people` are missing at most, `gain` is how many more shoppers one of them lets be greeted in time, and
    `could` are the employees with the skill who are not planned at that time.
    """

    skill: str
    day: date
    first: int
    end: int
    people: int
    gain: float
    could: tuple[str, ...]


def skill_of(catalogue: Catalogue, need: str) -> str:
    """The skill that visits for a need count for: the first that it requires, or WHOLE_SHOP."""
    found = catalogue.need(need)
    return found.skills[0] if found and found.skills else WHOLE_SHOP


def open_slots(catalogue: Catalogue, day: date, zone: tzinfo) -> list[int]:
    """The half-hours of a local day in whose middle the store is open. All where its hours are not known."""
    return [
        slot for slot in range(SLOTS) if catalogue.hours.is_open(_instant(day, slot, zone) + SLOT_S * 500)
    ]


def needed_slots(
    day: date,
    expected: Mapping[Cell, float],
    opened: Iterable[int],
    service: Service,
    employees: Sequence[Employee] = (),
) -> list[Slot]:
    """The half-hours of a day, each for the skills with shoppers and for the whole shop, without a plan.

    The people that are needed are people like the `employees`, with all their skills. What none of them can
    do is reckoned as if somebody did nothing else.
    """
    slots = []
    for slot in opened:
        visits = {skill: mean for (skill, at), mean in expected.items() if at == slot}
        found = _of_team(day, slot, visits, service, employees)
        alone = [skill for skill in visits if skill and not any(one.skill == skill for one in found)]
        found += [_needed(skill, day, slot, visits[skill], service) for skill in alone]
        if visits and not any(one.skill == WHOLE_SHOP for one in found):
            found.append(_whole_shop(day, slot, visits, service))
        slots += sorted(found, key=lambda one: one.skill)
    return slots


def _of_team(
    day: date, slot: int, visits: Mapping[str, float], service: Service, employees: Sequence[Employee]
) -> list[Slot]:
    """What the smallest team needs: the whole shop, and each skill that one of these employees has."""
    wanted = demands(service.kinds, {skill: mean / SLOT_S for skill, mean in visits.items()})
    if not wanted or not employees:
        return []
    patience = Patience(service.leave_per_s, service.within_s)
    team = smallest_team(wanted, [employee.skills for employee in employees], patience, service.share)
    found = [Slot(WHOLE_SHOP, day, slot, sum(visits.values()), len(team), None)]
    for skill, mean in visits.items():
        able = sum(skill in own for own in team)
        if skill and able:
            found.append(Slot(skill, day, slot, mean, able, None, shared_load(wanted, team, skill)))
    return found


def not_over(slots: Iterable[Slot], now: int, zone: tzinfo) -> list[Slot]:
    """The half-hours that have not ended at `now`, ms UTC: nobody can be planned for the others any more."""
    return [one for one in slots if _instant(one.day, one.slot + 1, zone) > now]


def compare(
    slots: Iterable[Slot],
    shifts: Sequence[Shift],
    planned_days: frozenset[date],
    employees: Sequence[Employee],
    zone: tzinfo,
) -> list[Slot]:
    """The half-hours with how many are planned: of each, who is there for at least half of it."""
    skills = {employee.id: employee.skills for employee in employees}
    present: dict[tuple[date, int], frozenset[str]] = {}
    found = []
    for one in slots:
        if one.day not in planned_days:
            found.append(one)
            continue
        at = one.day, one.slot
        if at not in present:
            present[at] = people_at(shifts, _instant(*at, zone))
        able = [who for who in present[at] if one.skill == WHOLE_SHOP or one.skill in skills.get(who, ())]
        found.append(replace(one, planned=len(able)))
    return found


def people_at(shifts: Iterable[Shift], starts_at: int) -> frozenset[str]:
    """Who is planned for at least half of the half-hour that begins at `starts_at`, ms UTC."""
    middle = starts_at + SLOT_S * 500
    return frozenset(shift.employee for shift in shifts if shift.starts_at <= middle < shift.ends_at)


def best_changes(
    slots: Sequence[Slot],
    shifts: Sequence[Shift],
    employees: Sequence[Employee],
    service: Service,
    zone: tzinfo,
) -> list[Change]:
    """The up to three additions of one person that let most shoppers be greeted in time, the best first."""
    found = []
    for run in _runs(slots):
        gain = sum(_gain(slot, service) for slot in run)
        if gain < MIN_GAIN:
            continue
        first, end = run[0].slot, run[-1].slot + 1
        busy = frozenset[str]().union(
            *(people_at(shifts, _instant(run[0].day, slot, zone)) for slot in range(first, end))
        )
        skill = run[0].skill
        able = (e.id for e in employees if e.id not in busy and (skill == WHOLE_SHOP or skill in e.skills))
        short = max(slot.short for slot in run)
        found.append(Change(skill, run[0].day, first, end, short, gain, tuple(able)))
    found.sort(key=lambda change: (-change.gain, change.day, change.first, change.skill))
    return _without_doubles(found)[:MAX_CHANGES]


def _without_doubles(changes: Sequence[Change]) -> list[Change]:
    """Without those of the whole shop at a time for which a skill is named already, and the reverse."""
    found: list[Change] = []
    for change in changes:
        same_time = (
            one
            for one in found
            if one.day == change.day and one.first < change.end and change.first < one.end
        )
        if not any(WHOLE_SHOP in (one.skill, change.skill) for one in same_time):
            found.append(change)
    return found


def _runs(slots: Iterable[Slot]) -> list[list[Slot]]:
    """Half-hours of one skill, one after another, in which somebody is missing."""
    runs: list[list[Slot]] = []
    for slot in sorted((s for s in slots if s.short), key=lambda s: (s.skill, s.day, s.slot)):
        last = runs[-1][-1] if runs else None
        if last and (last.skill, last.day, last.slot + 1) == (slot.skill, slot.day, slot.slot):
            runs[-1].append(slot)
        else:
            runs.append([slot])
    return runs


def _gain(slot: Slot, service: Service) -> float:
    """How many more shoppers of a half-hour are greeted in time with one person more."""
    now, then = (_greeted(slot, people, service) for people in (slot.planned or 0, (slot.planned or 0) + 1))
    return slot.visits * (then - now)


def _greeted(slot: Slot, people: int, service: Service) -> float:
    """The share of the shoppers of a half-hour that so many people greet in time, busy as they are."""
    others_s, per_s = service.handling_s[WHOLE_SHOP], slot.visits / SLOT_S
    load = per_s * service.handling_s[slot.skill] + people * slot.shared
    every_s = per_s + people * slot.shared / others_s
    return greeted_share(people, every_s, load / every_s, service.leave_per_s, service.within_s)


def _needed(skill: str, day: date, slot: int, visits: float, service: Service) -> Slot:
    return Slot(skill, day, slot, visits, _people(visits, service.handling_s[skill], service), None)


def _whole_shop(day: date, slot: int, visits: Mapping[str, float], service: Service) -> Slot:
    every = sum(visits.values())
    load = sum(mean * service.handling_s[skill] for skill, mean in visits.items())
    people = _people(every, load / every, service) if every else 0
    return Slot(WHOLE_SHOP, day, slot, every, people, None)


def _people(visits: float, handling_s: float, service: Service) -> int:
    per_s = round(visits, ROUND) / SLOT_S
    return people_needed(per_s, round(handling_s), service.leave_per_s, service.within_s, service.share)


def _instant(day: date, slot: int, zone: tzinfo) -> int:
    """When a half-hour begins, ms UTC."""
    local = datetime.combine(day, time(), zone) + timedelta(seconds=slot * SLOT_S)
    return int(local.timestamp() * 1000)
