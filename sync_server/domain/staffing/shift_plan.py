"""Checks the lines of a shift plan: who they are about, and whether they can be true.

A line is one shift as a file has it. A problem names the line and has a code, of which the page makes a
sentence.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Employee

from .advice import Shift

MAX_SHIFT_MS = 16 * 3_600_000  # a longer one is a mistake of the plan

MAX_AWAY_MS = 366 * 86_400_000


class PlanProblem(StrEnum):
    """What is wrong with a line."""

    UNKNOWN = "unknown"  # nobody in the store has this id or name
    AMBIGUOUS = "ambiguous"  # two employees have this name
    UNREADABLE = "unreadable"  # no day, or no time
    TOO_LONG = "too_long"  # longer than MAX_SHIFT_MS, or it ends before it begins
    FAR = "far"  # more than MAX_AWAY_MS from now: a wrong year would make a plan of many empty weeks
    OVERLAP = "overlap"  # the same person has another shift at that time; `other` is its line
    REPEATS = "repeats"  # an event that repeats: only single ones can be read


class PlanLine(Struct, frozen=True):
    """A line of the file. `number` counts lines of a CSV, events of a calendar, from 1."""

    number: int
    who: str
    starts_at: int | None
    ends_at: int | None
    problem: PlanProblem | None = None


class LineProblem(Struct, frozen=True):
    """A line that cannot be used. `other` is the line of the shift that it overlaps, else 0."""

    number: int
    who: str
    problem: PlanProblem
    other: int = 0


def check_plan(
    lines: Iterable[PlanLine], employees: Sequence[Employee], now: int
) -> tuple[list[Shift], list[LineProblem]]:
    """The shifts of the lines without a problem, in order of time, and the problems in order of lines.

    A person is named by id or by name, in large or small letters. Of two shifts that overlap, the one
    further down is the problem. `now` in ms UTC.
    """
    shifts: list[Shift] = []
    problems: list[LineProblem] = []
    taken: dict[str, list[tuple[Shift, int]]] = {}
    for line in lines:
        shift = _shift(line, employees, now)
        if isinstance(shift, PlanProblem):
            problems.append(LineProblem(line.number, line.who, shift))
            continue
        of_person = taken.setdefault(shift.employee, [])
        other = next((number for one, number in of_person if _overlap(one, shift)), 0)
        if other:
            problems.append(LineProblem(line.number, line.who, PlanProblem.OVERLAP, other))
            continue
        of_person.append((shift, line.number))
        shifts.append(shift)
    return sorted(shifts), problems


def _shift(line: PlanLine, employees: Sequence[Employee], now: int) -> Shift | PlanProblem:
    if line.problem is not None:
        return line.problem
    if line.starts_at is None or line.ends_at is None:
        return PlanProblem.UNREADABLE
    if not 0 < line.ends_at - line.starts_at <= MAX_SHIFT_MS:
        return PlanProblem.TOO_LONG
    if abs(line.starts_at - now) > MAX_AWAY_MS:
        return PlanProblem.FAR
    who = line.who.strip().casefold()
    found = [e for e in employees if e.id.casefold() == who]
    found = found or [e for e in employees if e.name.casefold() == who]
    if len(found) != 1:
        return PlanProblem.AMBIGUOUS if found else PlanProblem.UNKNOWN
    return Shift(line.starts_at, line.ends_at, found[0].id)


def _overlap(one: Shift, other: Shift) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
