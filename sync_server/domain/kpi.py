"""The figures a store is steered by, from finished and running visits.

Every share names its denominator in `KPIS`; unserved visits count, because leaving them out
makes a bad day look good. Empty denominators give None, never zero.
"""

from collections.abc import Iterable, Sequence
from statistics import mean, median, quantiles

from msgspec import Struct

FIVE_MINUTES_S = 300
NOT_FIRST_CONTACT = frozenset({"referred", "repair_booked", "appointment_booked", "not_solved"})
ENDINGS = ("completed", "cancelled", "no_show", "removed", "expired")


class Visited(Struct, frozen=True):
    """What the figures need of one line of the visit log. Durations in seconds."""

    state: str
    resolution: str | None
    wait_s: float | None
    offer_latency_s: float | None
    response_s: float | None
    walk_s: float | None
    greet_s: float | None
    service_s: float | None
    visit_s: float | None
    served: bool
    handovers: int
    quoted_low_s: float | None
    quoted_median_s: float | None
    quoted_high_s: float | None
    nps: int | None
    ces: int | None


class Spread(Struct, frozen=True):
    """A duration over many visits: median, 90th percentile, and how many visits it counts."""

    median: float | None
    p90: float | None
    n: int


class Kpis(Struct, frozen=True):
    """The store's figures over some days. Durations in seconds, shares from 0 to 1."""

    arrived: int
    completed: int
    cancelled: int
    no_show: int
    removed: int
    expired: int
    wait_s: Spread
    offer_latency_s: Spread
    response_s: Spread
    walk_s: Spread
    greet_s: Spread
    service_s: Spread
    visit_s: Spread
    service_level: float | None
    service_level_target_s: float
    abandonment_rate: float | None
    no_show_rate: float | None
    within_five_minutes: float | None
    first_contact_resolution: float | None
    quote_error_s: Spread
    quote_coverage: float | None
    nps: float | None
    ces: float | None
    response_rate: float | None
    occupancy: float | None


# What each figure counts, for the report's reader. The docs are checked against this.
KPIS = {
    "arrived": "visits opened",
    "completed": "visits an employee completed",
    "cancelled": "visits the shopper left before being served",
    "no_show": "visits whose shopper was not found after a recall",
    "removed": "visits an employee took out of the line",
    "expired": "visits still open at closing time",
    "wait_s": "serving − created; ended − created for a visit that was never served",
    "offer_latency_s": "first offered − created",
    "response_s": "accepted − first offered",
    "walk_s": "serving − accepted",
    "greet_s": "accepted − created: until the shopper sees who is coming",
    "service_s": "ended − serving, less time on hold",
    "visit_s": "ended − created",
    "service_level": "served visits that waited at most the target ÷ all visits that ended",
    "service_level_target_s": "the target of service_level",
    "abandonment_rate": "cancelled ÷ arrived",
    "no_show_rate": "no_show ÷ arrived",
    "within_five_minutes": "completed visits of at most 300 s ÷ arrived",
    "first_contact_resolution": (
        "completed without handover and not referred, repair_booked, appointment_booked or not_solved"
        " ÷ completed"
    ),
    "quote_error_s": "wait − quoted median",
    "quote_coverage": "waits inside the quoted bracket ÷ waits that had a quote",
    "nps": "% of answers 9–10 − % of answers 0–6",
    "ces": "mean of the answers 1–5 (5 = very easy)",
    "response_rate": "visits with an answer ÷ visits asked (completed or cancelled)",
    "occupancy": "time with a visit in hand ÷ time on the floor",
}


def kpis(
    visits: Iterable[Visited], service_level_s: float, handling_ms: int = 0, present_ms: int = 0
) -> Kpis:
    """The figures of `visits`; handling and presence times (ms) of everybody over the same days."""
    rows = list(visits)
    ended = [v for v in rows if v.state in ENDINGS]
    completed = [v for v in rows if v.state == "completed"]
    counts = {state: sum(1 for v in rows if v.state == state) for state in ENDINGS}
    quoted = [
        (v.wait_s, v.quoted_low_s, v.quoted_median_s, v.quoted_high_s)
        for v in rows
        if v.wait_s is not None
        and v.quoted_low_s is not None
        and v.quoted_median_s is not None
        and v.quoted_high_s is not None
    ]
    nps = [v.nps for v in rows if v.nps is not None]
    ces = [v.ces for v in rows if v.ces is not None]
    answered = sum(1 for v in rows if v.nps is not None or v.ces is not None)
    return Kpis(
        arrived=len(rows),
        **counts,
        wait_s=spread(v.wait_s for v in rows),
        offer_latency_s=spread(v.offer_latency_s for v in rows),
        response_s=spread(v.response_s for v in rows),
        walk_s=spread(v.walk_s for v in rows),
        greet_s=spread(v.greet_s for v in rows),
        service_s=spread(v.service_s for v in rows),
        visit_s=spread(v.visit_s for v in rows),
        service_level=share(
            sum(1 for v in ended if v.served and v.wait_s is not None and v.wait_s <= service_level_s),
            len(ended),
        ),
        service_level_target_s=service_level_s,
        abandonment_rate=share(counts["cancelled"], len(rows)),
        no_show_rate=share(counts["no_show"], len(rows)),
        within_five_minutes=share(
            sum(1 for v in completed if v.visit_s is not None and v.visit_s <= FIVE_MINUTES_S), len(rows)
        ),
        first_contact_resolution=share(sum(1 for v in completed if first_contact(v)), len(completed)),
        quote_error_s=spread(wait - middle for wait, _, middle, _ in quoted),
        quote_coverage=share(sum(1 for wait, low, _, high in quoted if low <= wait <= high), len(quoted)),
        nps=_nps(nps),
        ces=round(mean(ces), 3) if ces else None,
        response_rate=share(answered, len(completed) + counts["cancelled"]),
        occupancy=share(handling_ms, present_ms),
    )


def first_contact(visit: Visited) -> bool:
    """Whether a completed visit needed no second contact: nobody else, and no other day."""
    return visit.handovers == 0 and visit.resolution not in NOT_FIRST_CONTACT


def share(part: float, whole: float) -> float | None:
    """part ÷ whole to four decimals; None where there is nothing to divide by."""
    return round(part / whole, 4) if whole else None


def spread(values: Iterable[float | None]) -> Spread:
    known: Sequence[float] = [v for v in values if v is not None]
    if not known:
        return Spread(None, None, 0)
    p90 = quantiles(known, n=10, method="inclusive")[8] if len(known) > 1 else known[0]
    return Spread(round(median(known), 3), round(p90, 3), len(known))


def _nps(answers: list[int]) -> float | None:
    if not answers:
        return None
    promoters = sum(1 for a in answers if a >= 9)
    detractors = sum(1 for a in answers if a <= 6)
    return round(100 * (promoters - detractors) / len(answers), 1)
