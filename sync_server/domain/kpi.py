"""The key figures of a store, computed from its visits. Whoever shows a figure has it from here.

`KPIS` names the denominator of every share. Visits that were never served count, because leaving them out
makes a bad day look good. A quick resolution has no durations, so it counts where nothing is timed
(docs/reference/figures.md). An empty denominator gives None, never zero.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, median, quantiles

from msgspec import Struct

from sync_server.domain.resolution import NOT_FIRST_CONTACT, is_first_contact
from sync_server.domain.share import Share, share_of
from sync_server.domain.visit.durations import Durations

FIVE_MINUTES_S = 300
ENDED_STATES = ("completed", "cancelled", "no_show", "removed", "expired")
LEFT_STATES = ("cancelled", "no_show", "expired")  # of shoppers who left, if never served


class VisitFigures(Struct, frozen=True):
    """What the figures need to know about one visit.

    `unmet_s` is how long the shopper has been here, of a visit that nobody has taken and that is not over.
    """

    state: str
    resolution: str | None
    durations: Durations
    served: bool
    quick: bool
    unmet_s: float | None
    tip: str | None
    handovers: int
    quoted_low_s: float | None
    quoted_median_s: float | None
    quoted_high_s: float | None
    extended_high_s: float | None
    nps: int | None
    ces: int | None


class Distribution(Struct, frozen=True):
    """A duration over many visits: median, 90th percentile, and how many visits it counts."""

    median: float | None
    p90: float | None
    n: int


class Kpis(Struct, frozen=True):
    """The store's figures over some days. Durations in seconds; `occupancy` is a share of time, 0 to 1."""

    arrived: int
    completed: int
    cancelled: int
    no_show: int
    removed: int
    expired: int
    left: int
    quick: int
    wait_s: Distribution
    offer_latency_s: Distribution
    response_s: Distribution
    walk_s: Distribution
    greet_s: Distribution
    service_s: Distribution
    visit_s: Distribution
    service_level: Share
    service_level_target_s: float
    greeted_in_time: Share
    abandonment_rate: Share
    no_show_rate: Share
    within_five_minutes: Share
    first_contact_resolution: Share
    tip_rate: Share
    quote_error_s: Distribution
    quote_coverage: Share
    quote_extended_share: Share
    nps: float | None
    ces: float | None
    response_rate: Share
    occupancy: float | None


# What each figure counts, for the reader of the report. A test checks the docs against this.
KPIS = {
    "arrived": "visits opened",
    "completed": "visits an employee completed",
    "cancelled": "visits the shopper left before being served",
    "no_show": "visits whose shopper was not found after a recall",
    "removed": "visits an employee took out of the line",
    "expired": "visits still open at closing time",
    "left": "cancelled, no_show or expired, and never served",
    "quick": "quick resolutions: visits an employee logged after helping somebody who walked up to them",
    "wait_s": "serving − created; ended − created for a visit that was never served",
    "offer_latency_s": "first offered − created",
    "response_s": "accepted − first offered",
    "walk_s": "serving − accepted",
    "greet_s": "accepted − created: until the shopper sees who is coming",
    "service_s": "ended − serving, less time on hold; of a quick resolution what the employee said",
    "visit_s": "ended − created",
    "service_level": "served visits that waited at most the target ÷ all visits that ended",
    "service_level_target_s": "the target of service_level and greeted_in_time",
    "greeted_in_time": "accepted within the target ÷ accepted, ended, or waiting longer than the target",
    "abandonment_rate": "cancelled ÷ arrived",
    "no_show_rate": "no_show ÷ arrived",
    "within_five_minutes": "completed visits of at most 300 s ÷ arrived, without quick resolutions",
    "first_contact_resolution": (
        f"completed without handover and not {', '.join(NOT_FIRST_CONTACT[:-1])} or {NOT_FIRST_CONTACT[-1]}"
        " ÷ completed"
    ),
    "tip_rate": "completed with a care tip ÷ completed",
    "quote_error_s": "wait − quoted median",
    "quote_coverage": (
        "waits inside the quoted bracket ÷ waits that had a quote and ended with service, or were longer"
    ),
    "quote_extended_share": "visits whose shopper was told a longer wait later ÷ visits that had a quote",
    "nps": "% of answers 9–10 − % of answers 0–6",
    "ces": "mean of the answers 1–5 (5 = very easy)",
    "response_rate": "visits with an answer ÷ completed and cancelled visits, without quick resolutions",
    "occupancy": "time with a visit in hand ÷ time on the floor",
}


def kpis(visits: Iterable[VisitFigures], target_s: float, handling_ms: int = 0, present_ms: int = 0) -> Kpis:
    """The figures of `visits`.

    `target_s` is the target of the service level. `handling_ms` is the time that all employees together
    had a visit in hand over the same days, `present_ms` the time they were on the floor.
    """
    rows = list(visits)
    timed = [v for v in rows if not v.quick]
    completed = [v for v in rows if v.state == "completed"]
    counts = {state: sum(1 for v in rows if v.state == state) for state in ENDED_STATES}
    quoted = [
        (v.durations.wait_s, v.quoted_low_s, v.quoted_median_s, v.quoted_high_s, v.served)
        for v in rows
        if v.durations.wait_s is not None
        and v.quoted_low_s is not None
        and v.quoted_median_s is not None
        and v.quoted_high_s is not None
    ]
    promised = [v for v in rows if v.quoted_high_s is not None]
    asked = [v for v in timed if v.state in ("completed", "cancelled")]
    ces = [v.ces for v in rows if v.ces is not None]
    return Kpis(
        arrived=len(rows),
        **counts,
        left=sum(1 for v in rows if v.state in LEFT_STATES and not v.served),
        quick=len(rows) - len(timed),
        wait_s=distribution(v.durations.wait_s for v in rows),
        offer_latency_s=distribution(v.durations.offer_latency_s for v in rows),
        response_s=distribution(v.durations.response_s for v in rows),
        walk_s=distribution(v.durations.walk_s for v in rows),
        greet_s=distribution(v.durations.greet_s for v in rows),
        service_s=distribution(v.durations.service_s for v in rows),
        visit_s=distribution(v.durations.visit_s for v in rows),
        service_level=share_of(
            [v.served and _within(v.durations.wait_s, target_s) for v in timed if v.state in ENDED_STATES]
        ),
        service_level_target_s=target_s,
        greeted_in_time=share_of(
            [_within(v.durations.greet_s, target_s) for v in timed if _greeting_is_over(v, target_s)]
        ),
        abandonment_rate=Share(counts["cancelled"], len(rows)),
        no_show_rate=Share(counts["no_show"], len(rows)),
        within_five_minutes=share_of(
            [v.state == "completed" and _within(v.durations.visit_s, FIVE_MINUTES_S) for v in timed]
        ),
        first_contact_resolution=share_of([is_first_contact(v.resolution, v.handovers) for v in completed]),
        tip_rate=share_of([v.tip is not None for v in completed]),
        quote_error_s=distribution(wait - median_s for wait, _, median_s, _, _ in quoted),
        # How long those who left earlier would have waited is not known.
        quote_coverage=share_of(
            [low <= wait <= high for wait, low, _, high, served in quoted if served or wait > high]
        ),
        quote_extended_share=share_of([v.extended_high_s is not None for v in promised]),
        nps=net_promoter_score(Counter(v.nps for v in rows if v.nps is not None)),
        ces=round(mean(ces), 3) if ces else None,
        response_rate=share_of([v.nps is not None or v.ces is not None for v in asked]),
        occupancy=round(handling_ms / present_ms, 4) if present_ms else None,
    )


def shares(figures: Kpis) -> dict[str, Share]:
    """The figures that are shares of visits, by name."""
    found = {name: getattr(figures, name) for name in KPIS}
    return {name: figure for name, figure in found.items() if isinstance(figure, Share)}


def distribution(values: Iterable[float | None]) -> Distribution:
    """The distribution of the values that are known. The percentile interpolates (Hyndman & Fan's type 7)."""
    known: Sequence[float] = [v for v in values if v is not None]
    if not known:
        return Distribution(None, None, 0)
    p90 = quantiles(known, n=10, method="inclusive")[8] if len(known) > 1 else known[0]
    return Distribution(round(median(known), 3), round(p90, 3), len(known))


def _greeting_is_over(visit: VisitFigures, target_s: float) -> bool:
    """Whether the visit was accepted, has ended, or has waited longer than the target."""
    return visit.unmet_s is None or visit.unmet_s > target_s


def _within(duration_s: float | None, limit_s: float) -> bool:
    return duration_s is not None and duration_s <= limit_s


def net_promoter_score(answers: Mapping[int, int]) -> float | None:
    """% of answers 9–10 − % of answers 0–6 (F. Reichheld, HBR, December 2003), from how often each was given.

    None without answers.
    """
    given = sum(answers.values())
    if not given:
        return None
    promoters = sum(times for answer, times in answers.items() if answer >= 9)
    detractors = sum(times for answer, times in answers.items() if answer <= 6)
    return round(100 * (promoters - detractors) / given, 1)
