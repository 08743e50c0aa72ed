"""Reading `store.db` for the web pages: one visit, the password's age, and a day's visits as figures.

The KPIs themselves are `queries.report`; what stands here is what pages show beside them: the
counts a share is made of, and how the waiting went hour by hour.
"""

import sqlite3
from collections.abc import Sequence
from statistics import median, quantiles

from msgspec import Struct

from sync_server.domain.catalogue import Catalogue
from sync_server.domain.kpi import NOT_FIRST_CONTACT

LEFT = frozenset({"cancelled", "no_show", "expired"})  # gone without help, if never served
FEWEST_FOR_WORST = 4  # an hour with fewer visits is chance, not a bad hour
STANDS_OUT = 1.5  # the worst hour's median wait over the whole day's


# --- one visit, one account ----------------------------------------------------------------------


class OneVisit(Struct, frozen=True):
    """What a shopper's own page needs of their visit. Times are ms UTC."""

    visit_id: str
    ticket: str
    language: str
    need: str
    state: str
    rev: int
    employee: str | None
    created_at: int
    ended_at: int | None
    tip: str | None
    ces: int | None


def one_visit(db: sqlite3.Connection, visit_id: str) -> OneVisit | None:
    """The visit as it stands on disk."""
    row = db.execute(
        "SELECT visit_id, ticket, language, need, state, rev, employee, created_at, ended_at, tip, ces"
        " FROM visits WHERE visit_id = ?",
        (visit_id,),
    ).fetchone()
    return OneVisit(*row) if row else None


def employees_seen(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Id and name of everybody who works or has worked here, by name."""
    return db.execute("SELECT id, name FROM employees ORDER BY name, id").fetchall()


# --- some days' visits ---------------------------------------------------------------------------


class Line(Struct, frozen=True):
    """What the figures need of one visit. Times are ms UTC."""

    created_at: int
    accepted_at: int | None
    serving_at: int | None
    ended_at: int | None
    state: str
    need: str
    resolution: str | None
    handovers: int
    tip: str | None
    nps: int | None
    ces: int | None

    @property
    def wait_s(self) -> float | None:
        """As `wait_s` of the visit log: until served, else until the end. None while waiting."""
        until = self.serving_at if self.serving_at is not None else self.ended_at
        return None if until is None else (until - self.created_at) / 1000

    @property
    def left(self) -> bool:
        """Whether the shopper was gone before anybody was with them."""
        return self.serving_at is None and self.state in LEFT

    @property
    def first_contact(self) -> bool:
        return self.state == "completed" and self.handovers == 0 and self.resolution not in NOT_FIRST_CONTACT


class Counts(Struct, frozen=True):
    """Whole numbers behind the shares, and what they are a part of.

    `greeted` of `greetable`: somebody accepted within the target, of all who came and whose time to
    be greeted is over. `answered` of `asked`: ended visits that were asked how it was.
    """

    visits: int
    greeted: int
    greetable: int
    left: int
    completed: int
    first_contact: int
    asked: int
    answered: int
    tips: int
    waits: int
    median_wait_s: float | None


class Hour(Struct, frozen=True):
    """The waiting of those who came in one hour of the day, in seconds.

    `low` and `high` are the 10th and 90th percentile, `first` and `third` the quartiles. `left` are
    the waits of those who went without help; they are in the box as well.
    """

    hour: int
    visits: int
    low: float
    first: float
    middle: float
    third: float
    high: float
    left: tuple[float, ...]


class Worst(Struct, frozen=True):
    """An hour that stands out, and the need whose shoppers waited longest in it."""

    hour: int
    need: str


def lines(db: sqlite3.Connection, days: Sequence[str]) -> list[Line]:
    """The visits of these store-days."""
    rows = db.execute(
        "SELECT created_at, accepted_at, serving_at, ended_at, state, need, resolution, handovers,"
        f" tip, nps, ces FROM visits WHERE day IN ({','.join('?' * len(days))}) ORDER BY created_at",
        tuple(days),
    )
    return [Line(*row) for row in rows]


def counts(visits: Sequence[Line], target_s: float, now: int) -> Counts:
    """What is behind the shares; `target_s` is the time within which shoppers are to be greeted."""
    target_ms = target_s * 1000
    greeted = sum(
        1 for v in visits if v.accepted_at is not None and v.accepted_at - v.created_at <= target_ms
    )
    too_late = sum(
        1
        for v in visits
        if (v.accepted_at is None and (v.ended_at is not None or now - v.created_at > target_ms))
        or (v.accepted_at is not None and v.accepted_at - v.created_at > target_ms)
    )
    waits = [wait for v in visits if (wait := v.wait_s) is not None]
    completed = [v for v in visits if v.state == "completed"]
    return Counts(
        visits=len(visits),
        greeted=greeted,
        greetable=greeted + too_late,
        left=sum(1 for v in visits if v.left),
        completed=len(completed),
        first_contact=sum(1 for v in completed if v.first_contact),
        asked=len(completed) + sum(1 for v in visits if v.state == "cancelled"),
        answered=sum(1 for v in visits if v.ces is not None or v.nps is not None),
        tips=sum(1 for v in completed if v.tip is not None),
        waits=len(waits),
        median_wait_s=median(waits) if waits else None,
    )


def hours(visits: Sequence[Line], catalogue: Catalogue) -> list[Hour]:
    """The waiting hour by hour, by the store's local hour of coming; hours without visits are left out."""
    return [
        _hour(hour, came)
        for hour, came in sorted(_by_hour(visits, catalogue).items())
        if any(v.wait_s is not None for v in came)
    ]


def worst_hour(visits: Sequence[Line], catalogue: Catalogue, target_s: float) -> Worst | None:
    """The hour with the longest median wait, if it is over target and well over the rest; else None."""
    overall = counts(visits, target_s, 0).median_wait_s
    candidates = [h for h in hours(visits, catalogue) if h.visits >= FEWEST_FOR_WORST]
    if overall is None or len(candidates) < 2:
        return None
    worst = max(candidates, key=lambda h: (h.middle, h.hour))
    if worst.middle <= target_s or worst.middle < STANDS_OUT * overall:
        return None
    over: dict[str, float] = {}
    for v in _by_hour(visits, catalogue)[worst.hour]:
        over[v.need] = over.get(v.need, 0) + max(0, (v.wait_s or 0) - target_s)
    return Worst(worst.hour, max(sorted(over), key=lambda need: over[need]))


def _by_hour(visits: Sequence[Line], catalogue: Catalogue) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {}
    for v in visits:
        found.setdefault(catalogue.local(v.created_at).hour, []).append(v)
    return found


def _hour(hour: int, came: list[Line]) -> Hour:
    waits = sorted(wait for v in came if (wait := v.wait_s) is not None)
    if len(waits) == 1:
        low = first = middle = third = high = waits[0]
    else:
        twentieths = quantiles(waits, n=20, method="inclusive")
        low, first, middle, third, high = (twentieths[i] for i in (1, 4, 9, 14, 17))
    left = tuple(v.wait_s or 0 for v in came if v.left)
    return Hour(hour, len(waits), low, first, middle, third, high, left)
