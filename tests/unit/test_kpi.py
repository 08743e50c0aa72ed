"""The figures, against small data worked out by hand. Each denominator is in the test's name or comment."""

import pytest
from msgspec.structs import fields, replace

from sync_server.domain.kpi import KPIS, Kpis, Spread, Visited, kpis, share, spread

SERVED = Visited(
    state="completed",
    resolution="solved",
    wait_s=50,
    offer_latency_s=0,
    response_s=10,
    walk_s=40,
    greet_s=10,
    service_s=100,
    visit_s=150,
    served=True,
    handovers=0,
    quoted_low_s=None,
    quoted_median_s=None,
    quoted_high_s=None,
    nps=None,
    ces=None,
)
LEFT = replace(
    SERVED, state="cancelled", resolution=None, wait_s=20, response_s=None, walk_s=None, greet_s=None,
    service_s=None, visit_s=20, served=False,
)  # fmt: skip
WAITING = replace(LEFT, state="waiting", wait_s=None, visit_s=None)


def ended(state: str, **changes) -> Visited:
    return replace(LEFT, state=state, **changes)


DAY = [
    SERVED,
    replace(SERVED, wait_s=60, visit_s=300),  # just in time, twice
    replace(SERVED, wait_s=61, visit_s=301),  # just too late, twice
    replace(SERVED, resolution="referred"),
    replace(SERVED, handovers=1),
    LEFT,
    ended("no_show", wait_s=90),
    ended("removed"),
    ended("expired", wait_s=5000),
    WAITING,
]


def test_each_kind_of_ending_is_counted_and_running_visits_only_as_arrived():
    day = kpis(DAY, 60)
    assert (day.arrived, day.completed, day.cancelled, day.no_show, day.removed, day.expired) == (
        10, 5, 1, 1, 1, 1,
    )  # fmt: skip


def test_service_level_is_of_all_that_ended_those_who_left_unserved_included():
    # 4 served within 60 s ÷ 9 ended; the one who left after 20 s is no success
    assert kpis(DAY, 60).service_level == round(4 / 9, 4)
    assert kpis(DAY, 60).service_level_target_s == 60
    assert kpis(DAY, 61).service_level == round(5 / 9, 4)
    assert kpis([WAITING], 60).service_level is None


def test_a_visit_that_was_served_and_then_went_otherwise_still_counts_as_served():
    assert kpis([ended("expired", served=True, wait_s=10)], 60).service_level == 1


def test_who_left_and_who_was_not_found_are_of_all_that_arrived():
    assert kpis(DAY, 60).abandonment_rate == 0.1
    assert kpis(DAY, 60).no_show_rate == 0.1


def test_within_five_minutes_is_of_all_that_arrived():
    # completed within 300 s: four; the one of 301 s is not, and the unserved 20 s is not
    assert kpis(DAY, 60).within_five_minutes == 0.4


@pytest.mark.parametrize(
    ("resolution", "handovers", "counts"),
    [
        ("solved", 0, 1), ("advice_given", 0, 1), ("replaced_free", 0, 1), ("sold", 0, 1),
        ("picked_up", 0, 1), ("returned", 0, 1), ("solved", 1, 0), ("referred", 0, 0),
        ("repair_booked", 0, 0), ("appointment_booked", 0, 0), ("not_solved", 0, 0),
    ],
)  # fmt: skip
def test_first_contact_resolution_is_of_those_completed(resolution, handovers, counts):
    visit = replace(SERVED, resolution=resolution, handovers=handovers)
    assert kpis([visit, SERVED, LEFT, WAITING], 60).first_contact_resolution == (1 + counts) / 2
    assert kpis([LEFT], 60).first_contact_resolution is None


def test_a_quote_counts_from_edge_to_edge_and_only_where_there_was_one():
    quoted = replace(SERVED, quoted_low_s=60.0, quoted_median_s=100.0, quoted_high_s=120.0)
    waits = [59, 60, 120, 121]
    visits = [replace(quoted, wait_s=wait) for wait in waits] + [SERVED, replace(quoted, wait_s=None)]
    day = kpis(visits, 60)
    assert day.quote_coverage == 0.5  # 60 and 120, of the four that had a quote and came due
    assert day.quote_error_s == Spread(median=-10.0, p90=20.7, n=4)  # −41, −40, 20, 21
    assert kpis([SERVED], 60).quote_coverage is None


def test_nps_is_promoters_less_detractors_of_all_answers():
    answers = [10, 9, 8, 7, 6, 0]
    visits = [replace(SERVED, nps=nps) for nps in answers] + [SERVED]
    assert kpis(visits, 60).nps == 0.0
    assert kpis(visits[:5], 60).nps == 20.0  # (2 − 1) ÷ 5
    assert kpis([SERVED], 60).nps is None


def test_ces_is_the_mean_of_its_answers():
    visits = [replace(SERVED, ces=5), replace(SERVED, ces=4), replace(LEFT, ces=1), SERVED]
    assert kpis(visits, 60).ces == 3.333
    assert kpis([SERVED], 60).ces is None


def test_response_rate_is_of_those_who_were_asked():
    # asked: completed and cancelled; answered: one with ces, one with nps, one with both
    visits = [
        replace(SERVED, ces=5),
        replace(SERVED, nps=0),
        replace(LEFT, ces=1, nps=1),
        SERVED,
        ended("expired"),
        WAITING,
    ]
    assert kpis(visits, 60).response_rate == 0.75
    assert kpis([WAITING], 60).response_rate is None


def test_occupancy_is_of_the_time_present():
    assert kpis([], 60, handling_ms=1_800_000, present_ms=7_200_000).occupancy == 0.25
    assert kpis([], 60, handling_ms=0, present_ms=0).occupancy is None


def test_durations_are_told_as_median_and_ninetieth_percentile_of_those_that_have_one():
    visits = [replace(SERVED, wait_s=float(wait)) for wait in range(11)] + [WAITING]
    assert kpis(visits, 60).wait_s == Spread(median=5.0, p90=9.0, n=11)
    assert spread([7.0]) == Spread(7.0, 7.0, 1)
    assert spread([None]) == Spread(None, None, 0)
    assert spread([1.0, 2.0]) == Spread(1.5, 1.9, 2)


@pytest.mark.parametrize(
    "name", ["wait_s", "offer_latency_s", "response_s", "walk_s", "greet_s", "service_s", "visit_s"]
)
def test_each_duration_is_its_own_column(name):
    nothing = {"wait_s": None, "visit_s": None, "offer_latency_s": None}
    visits = [replace(LEFT, **{**nothing, name: 3.0})]
    day = kpis(visits, 60)
    told = {f.name: getattr(day, f.name) for f in fields(Kpis) if isinstance(getattr(day, f.name), Spread)}
    assert {key: s.n for key, s in told.items() if s.n} == {name: 1}


def test_a_share_of_nothing_is_not_nought():
    assert share(0, 0) is None
    assert share(1, 3) == 0.3333
    empty = kpis([], 60)
    assert empty.arrived == 0
    none = {f.name for f in fields(Kpis) if getattr(empty, f.name) is None}
    assert none == {
        "service_level", "abandonment_rate", "no_show_rate", "within_five_minutes", "quote_coverage",
        "first_contact_resolution", "nps", "ces", "response_rate", "occupancy",
    }  # fmt: skip


def test_every_figure_has_its_meaning_told():
    assert set(KPIS) == {f.name for f in fields(Kpis)}
