"""The key figures, checked against small data worked out by hand. Comments name the denominators."""

from typing import Any

import pytest
from msgspec.structs import fields, replace

from sync_server.domain.kpi import KPIS, Distribution, Kpis, VisitFigures, distribution, kpis, shares
from sync_server.domain.share import Share
from sync_server.domain.visit.durations import Durations

SERVED = VisitFigures(
    state="completed",
    resolution="solved",
    durations=Durations(
        wait_s=50,
        offer_latency_s=0,
        response_s=10,
        walk_s=40,
        greet_s=10,
        service_s=100,
        held_s=0,
        visit_s=150,
    ),
    served=True,
    quick=False,
    unmet_s=None,
    tip=None,
    handovers=0,
    quoted_low_s=None,
    quoted_median_s=None,
    quoted_high_s=None,
    extended_high_s=None,
    nps=None,
    ces=None,
)


def but(visit: VisitFigures, **changes: Any) -> VisitFigures:
    """The visit with other figures or durations."""
    durations = {name: changes.pop(name) for name in Durations.__struct_fields__ if name in changes}
    return replace(visit, durations=replace(visit.durations, **durations), **changes)


LEFT = but(
    SERVED, state="cancelled", resolution=None, wait_s=20, response_s=None, walk_s=None, greet_s=None,
    service_s=None, visit_s=20, served=False,
)  # fmt: skip
WAITING = but(LEFT, state="waiting", wait_s=None, greet_s=None, visit_s=None, unmet_s=30)
QUICK = but(
    SERVED, quick=True, wait_s=None, offer_latency_s=None, response_s=None, walk_s=None, greet_s=None,
    service_s=None, visit_s=None,
)  # fmt: skip


def ended(state: str, **changes) -> VisitFigures:
    return but(LEFT, state=state, **changes)


DAY = [
    SERVED,
    but(SERVED, wait_s=60, visit_s=300),  # just in time, twice
    but(SERVED, wait_s=61, visit_s=301),  # just too late, twice
    but(SERVED, resolution="referred"),
    but(SERVED, handovers=1),
    LEFT,
    ended("no_show", wait_s=90),
    ended("removed"),
    ended("expired", wait_s=5000),
    WAITING,
]


def test_each_final_state_is_counted_and_open_visits_only_as_arrived():
    day = kpis(DAY, 60)
    assert (day.arrived, day.completed, day.cancelled, day.no_show, day.removed, day.expired) == (
        10, 5, 1, 1, 1, 1,
    )  # fmt: skip


def test_service_level_counts_all_ended_visits_also_the_unserved():
    # 4 served within 60 s ÷ 9 ended; the one cancelled after 20 s does not count as served
    assert kpis(DAY, 60).service_level == Share(4, 9)
    assert kpis(DAY, 60).service_level_target_s == 60
    assert kpis(DAY, 61).service_level == Share(5, 9)
    assert kpis([WAITING], 60).service_level == Share(0, 0)


def test_a_served_visit_that_was_not_completed_counts_as_served():
    assert kpis([ended("expired", served=True, wait_s=10)], 60).service_level == Share(1, 1)


def test_abandonment_and_no_show_rate_count_all_arrived_visits():
    assert kpis(DAY, 60).abandonment_rate == Share(1, 10)
    assert kpis(DAY, 60).no_show_rate == Share(1, 10)


def test_within_five_minutes_counts_all_arrived_visits():
    # completed within 300 s: four; the one of 301 s is not, and the unserved 20 s is not
    assert kpis(DAY, 60).within_five_minutes == Share(4, 10)


@pytest.mark.parametrize(
    ("resolution", "handovers", "counts"),
    [
        ("solved", 0, 1), ("advice_given", 0, 1), ("replaced_free", 0, 1), ("sold", 0, 1),
        ("picked_up", 0, 1), ("returned", 0, 1), ("solved", 1, 0), ("referred", 0, 0),
        ("repair_booked", 0, 0), ("appointment_booked", 0, 0), ("not_solved", 0, 0),
    ],
)  # fmt: skip
def test_first_contact_resolution_counts_completed_visits(resolution, handovers, counts):
    visit = but(SERVED, resolution=resolution, handovers=handovers)
    assert kpis([visit, SERVED, LEFT, WAITING], 60).first_contact_resolution == Share(1 + counts, 2)
    assert kpis([LEFT], 60).first_contact_resolution == Share(0, 0)


def test_quote_figures_count_visits_with_a_quote_and_include_both_edges():
    quoted = but(SERVED, quoted_low_s=60.0, quoted_median_s=100.0, quoted_high_s=120.0)
    waits = [59, 60, 120, 121]
    visits = [but(quoted, wait_s=wait) for wait in waits] + [SERVED, but(quoted, wait_s=None)]
    day = kpis(visits, 60)
    assert day.quote_coverage == Share(2, 4)  # 60 and 120, of the four with a quote and a wait
    assert day.quote_error_s == Distribution(median=-10.0, p90=20.7, n=4)  # −41, −40, 20, 21
    assert kpis([SERVED], 60).quote_coverage == Share(0, 0)


def test_who_left_in_time_says_nothing_about_what_was_told_and_who_left_later_was_told_too_little():
    quoted = but(LEFT, quoted_low_s=60.0, quoted_median_s=100.0, quoted_high_s=120.0)
    visits = [but(quoted, wait_s=wait) for wait in (10, 60, 120, 121)]
    assert kpis(visits, 60).quote_coverage == Share(0, 1)
    open_still = but(WAITING, quoted_low_s=60.0, quoted_median_s=100.0, quoted_high_s=120.0)
    assert kpis([open_still], 60).quote_coverage == Share(0, 0)


def test_the_share_of_told_waits_that_were_made_longer():
    quoted = but(SERVED, quoted_low_s=60.0, quoted_median_s=100.0, quoted_high_s=120.0)
    day = kpis([quoted, quoted, but(quoted, extended_high_s=300.0), SERVED], 60)
    assert day.quote_extended_share == Share(1, 3)  # the last one was told no wait


def test_nps_is_promoters_minus_detractors_of_all_answers():
    answers = [10, 9, 8, 7, 6, 0]
    visits = [but(SERVED, nps=nps) for nps in answers] + [SERVED]
    assert kpis(visits, 60).nps == 0.0
    assert kpis(visits[:5], 60).nps == 20.0  # (2 − 1) ÷ 5
    assert kpis([SERVED], 60).nps is None


def test_ces_is_the_mean_of_its_answers():
    visits = [but(SERVED, ces=5), but(SERVED, ces=4), but(LEFT, ces=1), SERVED]
    assert kpis(visits, 60).ces == 3.333
    assert kpis([SERVED], 60).ces is None


def test_response_rate_counts_visits_that_were_asked():
    # asked: completed and cancelled; answered: one with ces, one with nps, one with both
    visits = [
        but(SERVED, ces=5),
        but(SERVED, nps=0),
        but(LEFT, ces=1, nps=1),
        SERVED,
        ended("expired"),
        WAITING,
    ]
    assert kpis(visits, 60).response_rate == Share(3, 4)
    assert kpis([WAITING], 60).response_rate == Share(0, 0)
    for answered in (but(SERVED, ces=4), but(SERVED, nps=9)):
        assert kpis([answered, SERVED, SERVED], 60).response_rate == Share(1, 3)


def test_occupancy_is_a_share_of_the_time_present():
    assert kpis([], 60, handling_ms=1_800_000, present_ms=7_200_000).occupancy == 0.25
    assert kpis([], 60, handling_ms=0, present_ms=0).occupancy is None


def test_a_distribution_has_the_median_and_the_90th_percentile_of_the_known_values():
    visits = [but(SERVED, wait_s=float(wait)) for wait in range(11)] + [WAITING]
    assert kpis(visits, 60).wait_s == Distribution(median=5.0, p90=9.0, n=11)
    assert distribution([7.0]) == Distribution(7.0, 7.0, 1)
    assert distribution([None]) == Distribution(None, None, 0)
    assert distribution([1.0, 2.0]) == Distribution(1.5, 1.9, 2)


@pytest.mark.parametrize(
    "name", ["wait_s", "offer_latency_s", "response_s", "walk_s", "greet_s", "service_s", "visit_s"]
)
def test_each_duration_has_its_own_figure(name):
    nothing = {"wait_s": None, "visit_s": None, "offer_latency_s": None}
    visits = [but(LEFT, **{**nothing, name: 3.0})]
    day = kpis(visits, 60)
    distributions = {
        f.name: getattr(day, f.name) for f in fields(Kpis) if isinstance(getattr(day, f.name), Distribution)
    }
    assert {key: s.n for key, s in distributions.items() if s.n} == {name: 1}


def test_of_no_visits_there_is_no_figure():
    empty = kpis([], 60)
    assert empty.arrived == 0
    assert set(shares(empty).values()) == {Share(0, 0)}
    assert {f.name for f in fields(Kpis) if getattr(empty, f.name) is None} == {"nps", "ces", "occupancy"}


def test_the_shares_are_named_in_the_order_of_the_report():
    assert list(shares(kpis(DAY, 60))) == [
        "service_level", "greeted_in_time", "abandonment_rate", "no_show_rate", "within_five_minutes",
        "first_contact_resolution", "tip_rate", "quote_coverage", "quote_extended_share",
        "response_rate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("visit", "greeted"),
    [
        (but(SERVED, greet_s=60), Share(1, 1)),
        (but(SERVED, greet_s=60.001), Share(0, 1)),
        (but(LEFT, greet_s=None), Share(0, 1)),  # left before anybody accepted
        (but(LEFT, greet_s=10), Share(1, 1)),  # left after somebody had accepted
        (but(WAITING, unmet_s=59), Share(0, 0)),  # somebody may still accept in time
        (but(WAITING, unmet_s=60), Share(0, 0)),
        (but(WAITING, unmet_s=60.001), Share(0, 1)),
    ],
)
def test_greeted_in_time_counts_visits_whose_time_is_over(visit, greeted):
    assert kpis([visit], 60).greeted_in_time == greeted


@pytest.mark.parametrize(
    ("state", "left"),
    [("cancelled", 1), ("no_show", 1), ("expired", 1), ("removed", 0), ("completed", 0)],
)
def test_left_counts_visits_that_ended_without_service(state, left):
    assert kpis([ended(state)], 60).left == left
    assert kpis([ended(state, served=True)], 60).left == 0


def test_the_tip_rate_counts_completed_visits():
    assert kpis([but(SERVED, tip="dry"), SERVED, SERVED, but(LEFT, tip="dry")], 60).tip_rate == Share(1, 3)


def test_a_quick_resolution_arrived_and_was_completed_and_nobody_timed_it():
    """It once counted as a wait of 0 s, greeted in time and done within five minutes."""
    many = [*DAY, *[but(QUICK, tip="dry", resolution="sold")] * 40]
    without, with_quick = kpis(DAY, 60), kpis(many, 60)
    changed = {name for name in KPIS if getattr(without, name) != getattr(with_quick, name)}
    assert changed == {
        "arrived", "completed", "quick", "abandonment_rate", "no_show_rate", "first_contact_resolution",
        "tip_rate",
    }  # fmt: skip
    assert (with_quick.arrived, with_quick.completed, with_quick.quick) == (50, 45, 40)
    assert with_quick.first_contact_resolution == Share(43, 45)


def test_the_service_time_of_a_quick_resolution_is_what_the_employee_said():
    assert kpis([QUICK, but(QUICK, service_s=300.0)], 60).service_s == Distribution(300, 300, 1)


def test_every_figure_has_a_description():
    assert set(KPIS) == {f.name for f in fields(Kpis)}


def test_figures_are_rounded():
    assert distribution([1.0, 1.00005]) == Distribution(1.0, 1.0, 2)
    assert distribution([0.00049, 0.00049]) == Distribution(0.0, 0.0, 2)
    visits = [but(SERVED, nps=10), but(SERVED, nps=10), but(SERVED, nps=0)]
    assert kpis(visits, 60).nps == 33.3
