"""The key figures of a summary. `domain/kpi.py` has their definitions; a test compares the two."""

from sync_server.domain.kpi import ENDED_STATES, Kpis, net_promoter_score
from sync_server.domain.share import Share

from .histogram import Counts, count, count_within, distribution, mean
from .period_summary import PeriodSummary, waits_of


def kpis_of(summary: PeriodSummary, target_s: float) -> Kpis:
    """The figures of the days in the summary. Durations are of whole seconds, rounded up.

    `target_s`, in seconds, is the target of the service level.
    """
    states = {state: summary.states.get(state, 0) for state in ENDED_STATES}
    arrived, completed = summary.arrived, states["completed"]
    ended = count(summary.served_wait_s) + count(summary.unserved_wait_s)
    waiting_longer = count(summary.unmet_s) - count_within(summary.unmet_s, target_s)
    return Kpis(
        arrived=arrived,
        **states,
        left=summary.left,
        quick=summary.quick,
        wait_s=distribution(waits_of(summary)),
        offer_latency_s=distribution(summary.offer_latency_s),
        response_s=distribution(summary.response_s),
        walk_s=distribution(summary.walk_s),
        greet_s=distribution(summary.greet_s),
        service_s=distribution(summary.service_s),
        visit_s=distribution(summary.visit_s),
        service_level=Share(count_within(summary.served_wait_s, target_s), ended),
        service_level_target_s=target_s,
        greeted_in_time=Share(
            count_within(summary.greet_s, target_s), summary.greeted_or_over + waiting_longer
        ),
        abandonment_rate=Share(states["cancelled"], arrived),
        no_show_rate=Share(states["no_show"], arrived),
        within_five_minutes=Share(summary.within_five, arrived - summary.quick),
        first_contact_resolution=Share(summary.first_contact, completed),
        tip_rate=Share(summary.tips, completed),
        quote_error_s=distribution(summary.quote_error_s),
        quote_coverage=Share(
            sum(told.held for told in summary.told.values()),
            sum(count(told.waits) for told in summary.told.values()),
        ),
        quote_extended_share=Share(summary.extended, summary.promised),
        nps=net_promoter_score(summary.nps),
        ces=_score(summary.ces),
        response_rate=Share(summary.answered, summary.asked),
        occupancy=round(summary.handled_ms / summary.present_ms, 4) if summary.present_ms else None,
    )


def _score(counts: Counts) -> float | None:
    found = mean(counts)
    return None if found is None else round(found, 3)
