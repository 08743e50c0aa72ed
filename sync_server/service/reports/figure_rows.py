"""Which visits are behind a figure: the condition of each figure of `domain/kpi.py` over the table `visits`.

A condition is true for visits that count in the figure's numerator, false for those that count only in its
denominator, and empty (NULL) for all others. A duration or a mean has no numerator: its condition is true for
the visits that it is taken from. docs/reference/figures.md has the figures; a test compares their numbers
with these rows.
"""

from enum import StrEnum

from sync_server.domain.kpi import ENDED_STATES, FIVE_MINUTES_S, LEFT_STATES
from sync_server.domain.resolution import NOT_FIRST_CONTACT
from sync_server.service.reports.visit_log import Condition


class FigurePart(StrEnum):
    """Which of a figure's visits: those of its numerator, the others, or the whole denominator."""

    YES = "yes"
    NO = "no"
    ALL = "all"


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


_QUICK = "(source = 'staff' AND created_at IS serving_at)"
_WAIT_MS = "(coalesce(serving_at, ended_at) - created_at)"
_ENDED = f"state IN ({_texts(ENDED_STATES)})"


def _timed(condition: str, among: str = "1") -> str:
    """`condition` among the visits that have durations."""
    return f"CASE WHEN NOT {_QUICK} AND {among} THEN {condition} END"


def _known(duration: str) -> str:
    """The visits of which this duration is known."""
    return f"CASE WHEN NOT {_QUICK} AND {duration} IS NOT NULL THEN 1 END"


_CONDITIONS = {
    "arrived": "1",
    "completed": "state = 'completed'",
    "cancelled": "state = 'cancelled'",
    "no_show": "state = 'no_show'",
    "removed": "state = 'removed'",
    "expired": "state = 'expired'",
    "left": f"state IN ({_texts(LEFT_STATES)}) AND serving_at IS NULL",
    "quick": _QUICK,
    "wait_s": _known(_WAIT_MS),
    "offer_latency_s": _known("offered_at"),
    "response_s": _known("(accepted_at - offered_at)"),
    "walk_s": _known("(serving_at - accepted_at)"),
    "greet_s": _known("accepted_at"),
    "service_s": (
        f"CASE WHEN CASE WHEN {_QUICK} THEN said_service_s"
        " WHEN NOT left_open THEN ended_at - serving_at END IS NOT NULL THEN 1 END"
    ),
    "visit_s": _known("CASE WHEN NOT left_open THEN ended_at END"),
    "service_level": _timed(f"serving_at IS NOT NULL AND {_WAIT_MS} <= :target_ms", _ENDED),
    "greeted_in_time": _timed(
        "ifnull(accepted_at - created_at <= :target_ms, 0)",
        "(accepted_at IS NOT NULL OR ended_at IS NOT NULL OR :now_ms - created_at > :target_ms)",
    ),
    "abandonment_rate": "state = 'cancelled'",
    "no_show_rate": "state = 'no_show'",
    "within_five_minutes": _timed(
        f"state = 'completed' AND NOT left_open AND ended_at - created_at <= {FIVE_MINUTES_S * 1000}"
    ),
    "first_contact_resolution": (
        "CASE WHEN state = 'completed' THEN"
        f" handovers = 0 AND resolution NOT IN ({_texts(NOT_FIRST_CONTACT)}) END"
    ),
    "tip_rate": "CASE WHEN state = 'completed' THEN tip IS NOT NULL END",
    "quote_error_s": _known(f"({_WAIT_MS} - quoted_median_s)"),
    "quote_coverage": _timed(
        f"{_WAIT_MS} BETWEEN quoted_low_s * 1000 AND quoted_high_s * 1000",
        f"quoted_high_s IS NOT NULL AND {_WAIT_MS} IS NOT NULL"
        f" AND (serving_at IS NOT NULL OR {_WAIT_MS} > quoted_high_s * 1000)",
    ),
    "quote_extended_share": "CASE WHEN quoted_high_s IS NOT NULL THEN extended_high_s IS NOT NULL END",
    "nps": "CASE WHEN nps IS NOT NULL THEN nps >= 9 END",
    "ces": "CASE WHEN ces IS NOT NULL THEN 1 END",
    "response_rate": _timed("nps IS NOT NULL OR ces IS NOT NULL", "state IN ('completed', 'cancelled')"),
}

FIGURES = frozenset(_CONDITIONS)  # those whose visits can be shown; `occupancy` is not made of visits

# Counts: a visit that is not in one is behind no part of it.
_COUNTS = frozenset({"arrived", "completed", "cancelled", "no_show", "removed", "expired", "left", "quick"})


def figure_condition(figure: str, part: FigurePart, target_s: float, now: int) -> Condition:
    """The condition for `part` of a figure's visits.

    `target_s` is the target of the service level, in s, and `now` the time, ms UTC. Raises KeyError for a
    figure that is not made of visits.
    """
    is_in = f"({_CONDITIONS[figure]})"
    among = {FigurePart.YES: is_in, FigurePart.NO: f"NOT {is_in}", FigurePart.ALL: f"{is_in} IS NOT NULL"}[
        part
    ]
    if figure in _COUNTS and part is FigurePart.ALL:
        among = is_in
    values = {"target_ms": target_s * 1000, "now_ms": now}
    return Condition(among, {name: value for name, value in values.items() if f":{name}" in among})
