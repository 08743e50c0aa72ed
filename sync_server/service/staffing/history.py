"""Reads from the visits of the last weeks how many came, how long they took, and how long they waited."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.staffing.advice import SLOT_S, WHOLE_SHOP, Service, skill_of
from sync_server.domain.staffing.forecast import TESTED_WEEKS, WEEKS, ArrivalHistory, Cell
from sync_server.domain.staffing.team import Skills, VisitKind

PRIOR_VISITS = 20  # the times of the settings count as so many visits
MIN_LEFT = 20  # with fewer who left, nobody counts as impatient: that asks for more people, not for fewer
QUARTER_MS = 900_000  # every time zone differs from UTC by whole quarters of an hour

_QUICK = "source = 'staff' AND created_at IS serving_at"
_ARRIVALS = (
    f"SELECT day, need, created_at / {QUARTER_MS}, count(*) FROM visits"
    " WHERE day BETWEEN ? AND ? GROUP BY 1, 2, 3"
)
_HANDLING = f"""
SELECT need, count(*), sum(
    CASE WHEN {_QUICK} THEN said_service_s * 1000 ELSE ended_at - accepted_at - held_ms END)
FROM visits WHERE day BETWEEN ? AND ? AND NOT left_open AND ended_at IS NOT NULL
    AND CASE WHEN {_QUICK} THEN said_service_s IS NOT NULL ELSE accepted_at IS NOT NULL END
GROUP BY need"""
_ANSWER = f"""
SELECT avg(min(accepted_at - offered_at, ?)) FROM visits
WHERE day BETWEEN ? AND ? AND accepted_at IS NOT NULL AND offered_at IS NOT NULL AND NOT ({_QUICK})"""
_PATIENCE = f"""
SELECT
    sum(state = 'no_show' OR state = 'cancelled' AND accepted_at IS NULL),
    sum(coalesce(accepted_at, ended_at) - created_at)
FROM visits WHERE day BETWEEN ? AND ? AND NOT ({_QUICK})
    AND (accepted_at IS NOT NULL OR state = 'cancelled' AND ended_at IS NOT NULL)"""


class Past(Struct, frozen=True):
    """The last weeks. `visits` is how many came, `left` how many left before anybody was with them."""

    history: ArrivalHistory
    service: Service
    visits: int
    left: int


def read_past(db: sqlite3.Connection, catalogue: Catalogue, today: date, share: float) -> Past:
    """What the WEEKS + TESTED_WEEKS before `today` say. Days with their own hours are marked as special.

    `share` of the shoppers is to be greeted in time.
    """
    first = today - timedelta(weeks=WEEKS + TESTED_WEEKS)
    between = first.isoformat(), (today - timedelta(days=1)).isoformat()
    days = _arrivals(db, catalogue, between)
    special = frozenset(date.fromisoformat(day) for day in catalogue.store.dates)
    visits = sum(sum(cells.values()) for cells in days.values())
    left, leave_per_s = _patience(db, between)
    within_s = max(0.0, catalogue.times.service_level_s - _answer_s(db, catalogue, between))
    handling_s, kinds = _handling(db, catalogue, between), _kinds(db, catalogue, between)
    service = Service(handling_s, leave_per_s, within_s, share, kinds)
    return Past(ArrivalHistory(days, special), service, visits, left)


def _arrivals(
    db: sqlite3.Connection, catalogue: Catalogue, between: tuple[str, str]
) -> dict[date, Counter[Cell]]:
    """The visits of each day by skill and local half-hour of coming."""
    found: dict[date, Counter[Cell]] = {}
    for day, need, quarter, visits in db.execute(_ARRIVALS, between):
        local = catalogue.local(quarter * QUARTER_MS)
        slot = (local.hour * 3600 + local.minute * 60) // SLOT_S
        cell = skill_of(catalogue, need), slot
        found.setdefault(date.fromisoformat(day), Counter())[cell] += visits
    return found


def _handling(db: sqlite3.Connection, catalogue: Catalogue, between: tuple[str, str]) -> dict[str, float]:
    """How long a visit keeps one person busy, s, by skill and of all: from the acceptance to the end.

    Without the time on hold, and with the wrap-up after it. What an employee said of a quick resolution
    counts too. The service times that the settings aim at count as PRIOR_VISITS visits, so that a new shop
    has a sane number and one odd visit does not decide.
    """
    visits: Counter[str] = Counter()
    busy_s: Counter[str] = Counter()
    for need, number, busy_ms in db.execute(_HANDLING, between):
        for skill in {skill_of(catalogue, need), WHOLE_SHOP}:
            visits[skill] += number
            busy_s[skill] += busy_ms / 1000
    found = {}
    for skill in (WHOLE_SHOP, *(skill.code for skill in catalogue.skills)):
        aims = [
            need.target_service_s
            for need in catalogue.needs
            if skill == WHOLE_SHOP or skill_of(catalogue, need.code) == skill
        ]
        aim = sum(aims) / len(aims) if aims else catalogue.needs[0].target_service_s
        mean = (busy_s[skill] + PRIOR_VISITS * aim) / (visits[skill] + PRIOR_VISITS)
        found[skill] = mean + catalogue.times.wrap_up_s
    return found


def _kinds(db: sqlite3.Connection, catalogue: Catalogue, between: tuple[str, str]) -> tuple[VisitKind, ...]:
    """The kinds of visits: needs for which the same people are asked are one. Reckoned like `_handling`."""
    handled = {need: (number, busy_ms / 1000) for need, number, busy_ms in db.execute(_HANDLING, between)}
    visits: Counter[tuple[str, tuple[Skills, ...]]] = Counter()
    busy_s: Counter[tuple[str, tuple[Skills, ...]]] = Counter()
    for need in catalogue.needs:
        if catalogue.need(need.code) is None:
            continue  # it only holds others
        number, seconds = handled.get(need.code, (0, 0.0))
        kind = skill_of(catalogue, need.code), tuple(need.wanted_skills(ring) for ring in range(need.rings))
        visits[kind] += number + 1  # a need that nobody had yet counts a little
        busy_s[kind] += seconds + need.target_service_s
    of_skill: Counter[str] = Counter()
    for (skill, _), number in visits.items():
        of_skill[skill] += number
    return tuple(
        VisitKind(skill, rings, number / of_skill[skill], busy_s[skill, rings] / number + wrap_up_s)
        for wrap_up_s in (catalogue.times.wrap_up_s,)
        for (skill, rings), number in visits.items()
    )


def _answer_s(db: sqlite3.Connection, catalogue: Catalogue, between: tuple[str, str]) -> float:
    """How long employees take to answer an offer, s. An offer that lapsed counts as the time that it had."""
    offer_ms = int(catalogue.times.offer_s * 1000)
    ((mean,),) = db.execute(_ANSWER, (offer_ms, *between)).fetchall()
    return (mean or 0) / 1000


def _patience(db: sqlite3.Connection, between: tuple[str, str]) -> tuple[int, float]:
    """How many left while they waited, and how many of those who wait leave per second.

    Patience is censored: of a shopper who was accepted we only know that they would have waited longer. For
    an exponential patience the most likely rate is those who left ÷ the time that all together waited
    (B. Epstein and M. Sobel, Life testing, Journal of the American Statistical Association 48, 1953). A
    no-show left at some time before they were called, and counts as leaving then. Visits that an employee
    took out of the line or that were left open say nothing, because nobody knows when that shopper left.
    """
    ((left, waited_ms),) = db.execute(_PATIENCE, between).fetchall()
    if not waited_ms or left < MIN_LEFT:
        return left or 0, 0.0
    return left, 1000 * left / waited_ms


def named_skills(catalogue: Catalogue) -> Sequence[str]:
    """The skills that some need counts for, in the order of the settings."""
    used = {skill_of(catalogue, need.code) for need in catalogue.needs}
    return [skill.code for skill in catalogue.skills if skill.code in used]
