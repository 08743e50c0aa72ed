"""The honest bracket a shopper is told, and what it learns from."""

from statistics import median, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain import ops
from sync_server.domain.wait import (
    FEWEST_SERVICES,
    LEARN_FROM,
    MOST_OUTCOMES,
    SIMILAR,
    SPREAD_HIGH,
    History,
    Outcome,
    Quote,
    Spread,
    middle,
    quote,
)
from tests.shop import KIOSK, Play, floor


def after(outcomes: list[Outcome]) -> History:
    """What these outcomes teach."""
    history = History()
    for outcome in outcomes:
        history.waited(outcome.expected_s, outcome.wait_s)
    return history


def test_with_nobody_on_the_floor_nothing_is_promised():
    assert quote(0, 240, 0, after([])) is None
    assert quote(2, 100, 0, after([])) is None


@pytest.mark.parametrize(
    ("ahead", "service", "able", "expected"),
    [
        (0, 240, 1, 240),
        (0, 240, 2, 120),  # shared by those who are there
        (1, 300, 1, 600),  # (1 ahead + 1) × 300 ÷ 1
        (3, 200, 2, 400),
        (1, 0.2, 1, 2),  # a service takes a second at the least
    ],
)
def test_what_is_expected_follows_the_line_the_services_and_the_employees(ahead, service, able, expected):
    assert quote(ahead, service, able, after([])).expected_s == expected


def test_until_enough_is_known_the_bracket_is_wide():
    # 600 ÷ 1.6 = 375 s and 600 × 2.2 = 1320 s, outwards to whole minutes
    assert quote(1, 300, 1, after([])) == Quote(low_s=360, median_s=600, high_s=1320, expected_s=600)


def test_a_short_wait_is_told_as_up_to_a_minute():
    assert quote(0, 10, 1, after([])) == Quote(low_s=0, median_s=10, high_s=60, expected_s=10)


def outcomes(*ratios: float, expected: float = 600) -> list[Outcome]:
    return [Outcome(expected, expected * ratio) for ratio in ratios]


def test_enough_similar_quotes_that_came_due_give_the_bracket():
    # Ratios 0.50, 0.51 … 0.89 (40 of them): the 10th percentile is 0.539, the median 0.695, the 90th 0.851.
    known = outcomes(*(0.5 + n / 100 for n in range(40)))
    # × 600 s: 323.4, 417.0 and 510.6, the outer two to whole minutes
    assert quote(1, 300, 1, after(known)) == Quote(low_s=300, median_s=417, high_s=540, expected_s=600)


def test_one_similar_quote_too_few_teaches_nothing_yet():
    known = outcomes(*[0.5] * (LEARN_FROM - 1))
    assert quote(1, 300, 1, after(known)).high_s == 1320
    assert quote(1, 300, 1, after(known + outcomes(0.5))).high_s == 300


def test_only_quotes_of_a_similar_wait_count():
    unlike = outcomes(*[0.1] * 100, expected=299) + outcomes(*[0.1] * 100, expected=1201)
    assert quote(1, 300, 1, after(unlike)).high_s == 1320
    alike = outcomes(*[0.1] * 15, expected=300) + outcomes(*[0.1] * 15, expected=1200)
    assert quote(1, 300, 1, after(alike)).high_s == 60
    assert quote(1, 300, 1, after(outcomes(*[1] * 50, expected=0))).high_s == 1320


@given(
    st.integers(0, 20),
    st.floats(0, 5000),
    st.integers(1, 30),
    st.lists(st.builds(Outcome, st.floats(0, 9000), st.floats(0, 9000)), max_size=80),
)
def test_a_bracket_is_of_whole_minutes_and_holds_its_own_middle(ahead, service, able, known):
    told = quote(ahead, service, able, after(known))
    assert told.low_s % 60 == 0
    assert told.high_s % 60 == 0
    assert 0 <= told.low_s <= told.median_s <= told.high_s + 0.1
    assert told.high_s >= 60


# --- what is learned -----------------------------------------------------------------------------------


def test_the_target_stands_in_for_service_times_until_some_are_known():
    history = History()
    for seconds in range(FEWEST_SERVICES - 1):
        history.served("repair", seconds)
    assert history.service_s("repair", 240) == 240
    history.served("repair", 100)
    assert history.service_s("repair", 240) == 2  # the median of 0, 1, 2, 3, 100
    assert history.service_s("buy", 240) == 240


def test_only_the_latest_service_times_and_quotes_count():
    history = History()
    for _ in range(100):
        history.served("repair", 1000)
    for _ in range(50):
        history.served("repair", 10)
    assert history.service_s("repair", 240) == 10
    for n in range(MOST_OUTCOMES + 100):
        history.waited(n, n)
    assert len(history.outcomes) == MOST_OUTCOMES
    assert history.outcomes[0] == Outcome(100, 100)


@given(
    st.lists(
        st.tuples(st.sampled_from((0.0, 60.0, 90.0, 180.0, 600.0)), st.sampled_from((30.0, 60.0, 400.0)))
    )
)
def test_what_is_taught_is_what_the_latest_waits_like_it_say(waits):
    history = History()
    for expected, wait in waits * 120:  # as a rule more than are kept
        history.waited(expected, wait)
    for asked in (50.0, 90.0, 360.0):
        alike = [
            o.wait_s / o.expected_s
            for o in history.outcomes
            if 0 < asked / SIMILAR <= o.expected_s <= asked * SIMILAR
        ]
        if len(alike) < LEARN_FROM:
            assert history.spread(asked).high == SPREAD_HIGH
        else:
            tenths = quantiles(alike, n=10, method="inclusive")
            assert history.spread(asked) == Spread(tenths[0], tenths[4], tenths[8])


@given(st.lists(st.floats(0, 5000), min_size=1))
def test_the_middle_of_many_is_their_median(figures):
    assert middle(sorted(figures)) == median(figures)


def test_each_wait_teaches_at_once_and_only_waits_like_it():
    history = History()
    for _ in range(LEARN_FROM):
        history.waited(600, 300)
    assert history.spread(600) == Spread(0.5, 0.5, 0.5)
    assert history.spread(60).high == SPREAD_HIGH
    for _ in range(9 * LEARN_FROM):
        history.waited(600, 1200)
    assert history.spread(600).middle == 2


def test_the_floor_learns_what_was_expected_and_how_long_it_took():
    play = Play()
    play.sign_on("tom")
    for _ in range(FEWEST_SERVICES):
        visit_id = play.open("repair")
        play.clock.after(10)
        play.accept("tom", visit_id)
        play.start("tom", visit_id)
        play.clock.after(90)
        play.complete("tom", visit_id)
        play.after(10)
    assert list(play.floor.history.outcomes) == [Outcome(240, 10)] * 4 + [Outcome(240, 10)]
    assert play.floor.history.service_s("repair", 240) == 90
    assert play.floor.quote("repair").expected_s == 90


def test_a_quick_resolution_teaches_nothing_about_waiting_or_serving():
    play = Play()
    play.sign_on("tom")
    for _ in range(FEWEST_SERVICES):
        op = ops.QuickResolution(play.new_id(), play.ticket(), "repair", "en", "solved")
        play.yes("tom", op)
    assert not play.floor.history.outcomes
    assert play.floor.quote("repair").expected_s == 240


# --- what is told on the floor -----------------------------------------------------------------------------


def test_nothing_is_told_while_nobody_who_can_help_is_on_the_floor():
    play = Play()
    play.sign_on("lea")
    assert play.floor.quote("repair") is None
    visit = play.visit(play.open("repair"))
    assert (visit.quoted_low_s, visit.quoted_median_s, visit.quoted_high_s, visit.expected_s) == (None,) * 4
    assert floor().quote("nothing_like_it") is None


def test_a_visit_keeps_what_its_shopper_was_told():
    play = Play()
    play.sign_on("tom")
    visit = play.visit(play.open("repair"))
    # 240 s expected: 150 to 528 s, so two to nine minutes
    told = (visit.quoted_low_s, visit.quoted_median_s, visit.quoted_high_s, visit.expected_s)
    assert told == (120, 240, 540, 240)


def test_only_those_ahead_who_need_the_same_employees_count():
    play = Play()
    play.sign_on("tom", "lea")
    play.open_with("tom", "repair")
    play.open_with("lea", "buy")
    assert play.floor.quote("repair").expected_s == 240
    for _ in range(3):
        play.open("buy")
    assert play.floor.quote("repair").expected_s == 240
    assert play.floor.quote("buy").expected_s == 4 * 240
    play.open("repair")
    assert play.floor.quote("repair").expected_s == 2 * 240
    # Anybody can answer a question: it competes with all four, and with both employees.
    assert play.floor.quote("ask").expected_s == 5 * 240 / 2


def test_somebody_on_a_break_is_not_counted_and_somebody_busy_is():
    play = Play()
    play.sign_on("tom", "maya")
    assert play.floor.quote("repair").expected_s == 120
    play.open_with("maya", "repair")
    assert play.floor.quote("repair").expected_s == 120
    play.yes("tom", ops.SetPresence("on_break"))
    assert play.floor.quote("repair").expected_s == 240


def test_who_stands_in_line_is_told_by_those_before_them():
    play = Play()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    first, second = play.open("repair"), play.open("repair")
    assert [v.visit_id for v in play.floor.line()] == [first, second]
    assert [play.floor.ahead_of(visit_id) for visit_id in (first, second)] == [0, 1]
    assert play.floor.quote("repair", ahead=0).expected_s == 240
    assert play.floor.quote("repair", ahead=1).expected_s == 480
    play.yes(KIOSK, ops.Cancel(first))
    assert play.floor.quote("repair").expected_s == 480
