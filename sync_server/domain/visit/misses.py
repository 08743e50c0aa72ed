"""What went wrong in a visit, explained from its events and from what the employees were doing meanwhile.

misses = explain(records, presences, catalogue, now)

Nothing is guessed: each second until the shopper was helped is put down to what the log says about it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from sync_server.domain import events as ev
from sync_server.domain.catalogue.catalogue import EVERYBODY, Catalogue
from sync_server.domain.events import Presence, Record

from .durations import is_quick, service_ms

MIN_SHARE = 0.1  # of the wait: a cause of less is not named
MIN_CAUSE_MS = 5_000


class MissKind(StrEnum):
    """What was missed."""

    WAITED = "waited"  # the shopper was helped, later than the need's target
    LEFT = "left"  # the shopper left unhelped
    CLOSED = "closed"  # closing time came before somebody helped them
    NOT_FOUND = "not_found"  # the shopper was called and not found
    TOLD_LESS = "told_less"  # the wait was longer than the shopper was told at first
    OVERRAN = "overran"  # the service took longer than the need's target
    LEFT_OPEN = "left_open"  # nobody logged how it ended


class MissCause(StrEnum):
    """What the shopper waited for."""

    NOBODY = "nobody"  # nobody with the skills was on the floor
    ON_BREAK = "on_break"  # everybody with the skills was on a break
    BUSY = "busy"  # everybody with the skills was with other shoppers
    NOT_RESPONDING = "not_responding"  # everybody with the skills did not respond
    PAUSE = "pause"  # somebody was free, between two askings or just after a visit
    LAPSED = "lapsed"  # an employee was asked and did not answer
    DECLINED = "declined"  # an employee was asked and said no
    ASKED = "asked"  # an employee was asked, before they said yes
    WALK = "walk"  # the employee was on the way


class TimeLost(Struct, frozen=True):
    """How long the shopper waited because of this, ms. `employees` are those whom it is about, in order."""

    cause: MissCause
    ms: int
    employees: tuple[str, ...] = ()


class Miss(Struct, frozen=True):
    """One thing that went wrong. `actual_ms` is what it took and `target_ms` what it should have; 0 for none.

    `lost` says where the time went, the longest first.
    """

    kind: MissKind
    actual_ms: int = 0
    target_ms: int = 0
    lost: tuple[TimeLost, ...] = ()


class PresenceAt(Struct, frozen=True):
    """An employee's presence from `at` (ms UTC) on."""

    employee: str
    presence: Presence
    at: int


class _Story(Struct):
    """What the events of one visit say."""

    created_at: int = 0
    source: str = ""
    need: str = ""
    told_ms: int | None = None
    serving_at: int | None = None
    ended_at: int | None = None
    held_ms: int = 0
    held_at: int | None = None
    end: str = ""
    left_open: bool = False


def explain(
    records: Iterable[Record], presences: Sequence[PresenceAt], catalogue: Catalogue, now: int
) -> list[Miss]:
    """What went wrong in the visit of these records, in the order in which it happened. `now` in ms UTC.

    `presences` are those of all employees, in order, from before the visit on.
    """
    log = list(records)
    story = _read(log)
    if not log or is_quick(story.source, story.created_at, story.serving_at):
        return []
    need = catalogue.need(story.need)
    wait_ms = (story.serving_at or story.ended_at or now) - story.created_at
    target_ms = int((need.target_wait_s if need else catalogue.times.service_level_s) * 1000)
    misses: list[Miss] = []
    kind = _how_the_wait_ended(story, wait_ms, target_ms)
    if kind is not None:
        lost = _where_it_went(log, presences, catalogue, story.created_at + wait_ms)
        misses.append(Miss(kind, wait_ms, target_ms, tuple(_worth_naming(lost, wait_ms))))
    if story.told_ms is not None and wait_ms > story.told_ms:
        misses.append(Miss(MissKind.TOLD_LESS, wait_ms, story.told_ms))
    service = service_ms(story.serving_at, story.ended_at, story.held_ms, story.left_open)
    service_target_ms = int(need.target_service_s * 1000) if need else None
    if story.left_open:
        misses.append(Miss(MissKind.LEFT_OPEN))
    elif service is not None and service_target_ms is not None and service > service_target_ms:
        misses.append(Miss(MissKind.OVERRAN, service, service_target_ms))
    return misses


def _how_the_wait_ended(story: _Story, wait_ms: int, target_ms: int) -> MissKind | None:
    if story.serving_at is None and story.end in ("cancelled", "expired", "no_show"):
        ends = {"cancelled": MissKind.LEFT, "expired": MissKind.CLOSED, "no_show": MissKind.NOT_FOUND}
        return ends[story.end]
    return MissKind.WAITED if wait_ms > target_ms else None


def _read(log: Sequence[Record]) -> _Story:
    story = _Story()
    for record in log:
        at, event = record.occurred_at, record.event
        match event:
            case ev.Opened():
                story.created_at, story.source, story.need = at, event.source, event.need
                high_s = event.quoted_high_s
                story.told_ms = None if high_s is None else int(high_s * 1000)
            case ev.HandedOver():
                story.need = event.need
            case ev.Corrected():
                story.need = event.need or story.need
            case ev.FoundCompleted():
                story.need, story.end, story.left_open = event.need or story.need, "completed", True
            case ev.Started():
                story.serving_at = story.serving_at or at
            case ev.Held():
                story.held_at = at
            case ev.Undone():
                story.ended_at, story.end = None, ""
            case ev.Completed() | ev.Cancelled() | ev.Expired() | ev.NoShow() | ev.Removed():
                if isinstance(event, ev.Expired) and story.serving_at is not None and story.held_at is None:
                    story.left_open = True
                else:
                    story.left_open = False
                story.ended_at, story.end = at, str(type(event).__struct_config__.tag)
        if story.held_at is not None and isinstance(
            event, ev.Resumed | ev.HandedOver | ev.Cancelled | ev.Expired | ev.Removed
        ):
            story.held_ms += at - story.held_at
            story.held_at = None
    return story


def _where_it_went(
    log: Sequence[Record], presences: Sequence[PresenceAt], catalogue: Catalogue, until: int
) -> list[TimeLost]:
    """The time from the opening to `until`, by what the shopper waited for, in order."""
    lost: list[TimeLost] = []
    need, ring, since = "", 0, 0
    asked: str | None = None  # who is being asked
    coming: str | None = None  # who is on the way
    for record in log:
        at, event = min(record.occurred_at, until), record.event
        if since and at > since:
            lost += _between(since, at, asked, coming, event, presences, _able(catalogue, need, ring))
        if since == 0 or at > since:
            since = at
        match event:
            case ev.Opened():
                need = event.need
            case ev.HandedOver():
                asked, coming, need, ring = None, None, event.need, 0
            case ev.Widened():
                ring = event.ring
            case ev.AskedAgain(everybody=True):
                ring = EVERYBODY
            case ev.Offered(employee=employee):
                asked = employee
            case ev.Declined() | ev.TimedOut() | ev.Withdrawn():
                asked = None
            case ev.Accepted(employee=employee) | ev.Claimed(employee=employee):
                asked, coming = None, employee
        if at >= until:
            return lost
    able = _able(catalogue, need, ring)
    return [*lost, *_between(since, until, asked, coming, None, presences, able)]


def _able(catalogue: Catalogue, need: str, ring: int) -> frozenset[str]:
    """Who has the skills that one employee must have."""
    wanted = catalogue.wanted_skills(need, ring)
    return frozenset(e.id for e in catalogue.employees if wanted <= e.skills)


def _between(
    start: int,
    end: int,
    asked: str | None,
    coming: str | None,
    event: ev.Event | None,
    presences: Sequence[PresenceAt],
    able: frozenset[str],
) -> Iterator[TimeLost]:
    """What the time from `start` to `end` was lost to. `event` is what ended it, None if nothing did."""
    if coming is not None:
        yield TimeLost(MissCause.WALK, end - start, (coming,))
    elif asked is not None:
        lapsed = isinstance(event, ev.TimedOut)
        declined = isinstance(event, ev.Declined)
        cause = MissCause.LAPSED if lapsed else MissCause.DECLINED if declined else MissCause.ASKED
        yield TimeLost(cause, end - start, (asked,))
    else:
        yield from _while_nobody_was_asked(start, end, presences, able)


def _while_nobody_was_asked(
    start: int, end: int, presences: Sequence[PresenceAt], able: frozenset[str]
) -> Iterator[TimeLost]:
    doing: dict[str, Presence] = {}
    at = start
    for change in presences:
        if change.at >= end:
            break
        if change.employee not in able:
            continue
        if change.at > at:
            yield _why_nobody(doing, change.at - at)
            at = change.at
        doing[change.employee] = change.presence
    yield _why_nobody(doing, end - at)


def _why_nobody(doing: Mapping[str, Presence], ms: int) -> TimeLost:
    """Why none of those who have the skills was asked, from what they were doing."""
    by_presence = (
        (Presence.AVAILABLE, MissCause.PAUSE),
        (Presence.SERVING, MissCause.BUSY),
        (Presence.NOT_RESPONDING, MissCause.NOT_RESPONDING),
        (Presence.ON_BREAK, MissCause.ON_BREAK),
    )
    for presence, cause in by_presence:
        names = tuple(sorted(name for name, does in doing.items() if does is presence))
        if names:
            return TimeLost(cause, ms, names)
    return TimeLost(MissCause.NOBODY, ms)


def _worth_naming(lost: Iterable[TimeLost], wait_ms: int) -> list[TimeLost]:
    """The causes added up, the longest first, without those that hardly count. A lapsed offer always does."""
    total: dict[MissCause, int] = {}
    names: dict[MissCause, dict[str, None]] = {}
    for each in lost:
        total[each.cause] = total.get(each.cause, 0) + each.ms
        names.setdefault(each.cause, {}).update(dict.fromkeys(each.employees))
    floor_ms = max(MIN_CAUSE_MS, int(wait_ms * MIN_SHARE))
    named = [
        TimeLost(cause, ms, tuple(names[cause]))
        for cause, ms in total.items()
        if ms >= floor_ms or cause in (MissCause.LAPSED, MissCause.DECLINED)
    ]
    return sorted(named, key=lambda each: -each.ms)
