"""What the API takes and gives, as types. The OpenAPI document is made from them.

Times are ISO 8601 in UTC, days local dates of the store. A field that ends in `_s` is in seconds.
"""

from datetime import date, datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.visit.visit import State
from sync_server.service.limits.numbers import API_PAGE, ARRIVALS_AT_ONCE
from sync_server.service.visit_states import Day, VisitState, Words


class VisitRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A visit to open. `alias`, `colour` and `place` help an employee to find the shopper."""

    need: ops.Code
    language: ops.Language
    alias: ops.Alias | None = None
    colour: ops.Code | None = None
    place: ops.Code | None = None
    party_size: Annotated[int, Meta(ge=1, le=20)] = 1


class OpenedVisit(Struct, frozen=True):
    """A visit that is in line now: show the ticket; `link` is the address of the shopper's own page."""

    visit_id: str
    ticket: str
    link: str


class LogLine(Struct, frozen=True):
    """One line of the visit log, with the columns of docs/reference/visit-log.md.

    `comment` is left out without the scope `words:read`.
    """

    visit_id: str
    ticket: str
    day: Day
    source: str
    need: str
    language: str | None
    state: State
    party_size: int | None = None
    priority: int | None = None
    device_id: str | None = None
    resolution: str | None = None
    first_contact_resolved: bool | None = None
    employee: str | None = None
    created_at: str | None = None
    offered_at: str | None = None
    accepted_at: str | None = None
    serving_at: str | None = None
    ended_at: str | None = None
    wait_s: float | None = None
    greet_s: float | None = None
    response_s: float | None = None
    walk_s: float | None = None
    service_s: float | None = None
    held_s: float | None = None
    visit_s: float | None = None
    quoted_low_s: float | None = None
    quoted_median_s: float | None = None
    quoted_high_s: float | None = None
    extended_high_s: float | None = None
    offers: int | None = None
    handovers: int | None = None
    goodwill_cents: int | None = None
    tip: str | None = None
    nps: int | None = None
    ces: int | None = None
    rev: int | None = None
    left_open: bool | None = None
    quick: bool | None = None
    corrections: int | None = None
    comment: str | UnsetType | None = UNSET


class LogLines(Struct, frozen=True):
    """Some lines, the oldest first. `next` is the `cursor` of the page after it, null at the end."""

    items: list[LogLine]
    next: str | None


class FollowUp(Struct, frozen=True):
    """A completed visit that leaves something to do: `resolution` says what was agreed."""

    visit_id: str
    ticket: str
    day: Day
    need: str
    resolution: str
    employee: str | None
    ended_at: str
    words: Words | UnsetType = UNSET


class FollowUpPage(Struct, frozen=True):
    """Some follow-ups, the oldest first. `next` is the `cursor` of the page after it, null at the end."""

    items: list[FollowUp]
    next: str | None


class PersonState(Struct, frozen=True):
    """An employee, and what they are doing since when."""

    employee: str
    presence: Presence
    since: datetime


class NeedState(Struct, frozen=True):
    """What somebody who came now with this need would be told: `low_s` to `high_s`, null if not known."""

    need: str
    is_open: bool
    low_s: float | None
    high_s: float | None


class FloorStatus(Struct, frozen=True):
    """The shop at this moment. `visits` are the open ones, in the order of their arrival."""

    at: datetime
    is_open: bool
    in_line: int
    being_helped: int
    people: list[PersonState]
    needs: list[NeedState]
    visits: list[VisitState]


class ShareFigure(Struct, frozen=True):
    """A share with its counts, and the interval in which it is with 95 % certainty."""

    part: int
    whole: int
    low: float | None
    high: float | None
    enough: bool


class DurationFigure(Struct, frozen=True):
    """A duration over `n` visits."""

    median: float | None
    p90: float | None
    n: int


class ReportFigures(Struct, frozen=True):
    """The figures of docs/reference/figures.md over some days, and `arrivals` through the doors."""

    from_day: Day
    to_day: Day
    arrivals: int
    counts: dict[str, float | None]
    durations: dict[str, DurationFigure]
    shares: dict[str, float | None]
    shares_of: dict[str, ShareFigure]


class ArrivalReport(Struct, frozen=True, forbid_unknown_fields=True):
    """`people` came through `door` at `at`, which is now if it is left out."""

    people: Annotated[int, Meta(ge=1, le=ARRIVALS_AT_ONCE)] = 1
    door: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}\Z")] = "door"
    at: Annotated[datetime, Meta(tz=True)] | None = None


class ArrivalsCounted(Struct, frozen=True):
    """`counted` is false for a report that was counted before."""

    counted: bool


class ArrivalQuarter(Struct, frozen=True):
    """How many people came through a door in a quarter of an hour."""

    at: datetime
    door: str
    people: int


class ArrivalQuarters(Struct, frozen=True):
    """The quarters of some days in which somebody came, in order."""

    items: list[ArrivalQuarter]


class NoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """A request without parameters."""


class PageQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from", "to_day": "to"}):
    """Which days, both included, and which page of them."""

    from_day: date | None = None
    to_day: date | None = None
    limit: Annotated[int, Meta(ge=1, le=API_PAGE)] = 50
    cursor: Annotated[str, Meta(max_length=100)] | None = None


class LogQuery(
    PageQuery, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from", "to_day": "to"}
):
    """Which lines of the log."""

    need: ops.Code | None = None
    employee: ops.Code | None = None
    state: State | None = None
    resolution: ops.Code | None = None


class DaysQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from", "to_day": "to"}):
    """Which days, both included; today by default."""

    from_day: date | None = None
    to_day: date | None = None
