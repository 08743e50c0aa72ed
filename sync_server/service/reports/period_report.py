"""Reads what a report of a period needs: the summaries of its days, and of those to compare it with."""

import sqlite3
from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.report.period_summary import PeriodSummary, merge, merge_weeks
from sync_server.domain.report.worst_hour import Shop
from sync_server.domain.staffing.advice import skill_of

from .period_summaries import summaries_of, summary_of

EFFORT_WEEKS = 8  # a shorter period shows the effort of so many weeks up to its end


class PeriodReport(Struct, frozen=True):
    """The summaries of the period and of the days to compare it with, and the weeks up to its end alone.

    `through_the_door` is how many people sensors counted at the doors; 0 where there is none.
    """

    period: PeriodSummary
    before: PeriodSummary
    weeks: PeriodSummary
    through_the_door: int = 0


def read_report(
    db: sqlite3.Connection, catalogue: Catalogue, first: date, last: date, before: Iterable[date], now: int
) -> PeriodReport:
    """The report from `first` to `last`, both included. `before` are the days to compare it with."""
    period = summary_of(db, catalogue, first, last, now)
    compared = merge(summary_of(db, catalogue, begin, end, now) for begin, end in _runs(before))
    weeks_from = last - timedelta(days=last.weekday(), weeks=EFFORT_WEEKS - 1)
    earlier = summaries_of(db, catalogue, weeks_from, first - timedelta(days=1), now)
    weeks = merge_weeks([*earlier, period])
    return PeriodReport(period, compared, weeks)


def shop_of(catalogue: Catalogue, greet_percent: float) -> Shop:
    """How this shop works, for what is said about the people it had. `greet_percent` is its own aim."""
    return Shop(
        skills={need.code: skill_of(catalogue, need.code) for need in catalogue.needs},
        target_s=catalogue.times.service_level_s,
        share=greet_percent / 100,
        wrap_up_s=catalogue.times.wrap_up_s,
    )


def _runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """The first and last days of the runs of days without a gap: each run is read at once."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and runs[-1][1] + timedelta(days=1) == day:
            runs[-1] = runs[-1][0], day
        else:
            runs.append((day, day))
    return runs
