"""The wait estimate: the bracket that is told, and the history it learns from."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_server.domain.line_situation import LineSituation
from sync_server.domain.queue.wait_estimate import (
    FREE_GUESS,
    MAX_FREE,
    MAX_RECENT,
    MAX_SERVICES,
    MIN_FREE,
    TARGET_WEIGHT,
    FreeWaits,
    History,
    ToldBracket,
    quote,
    told_bracket,
    whole_minutes,
)
from sync_server.domain.queue.wait_model import Bracket, Percentiles
from tests.examples import examples

from .told_brackets import check_sane

DAY = "2026-03-02"
FREE = LineSituation(120.0, able=2, free=True, idle_s=60.0)


def queued(expected_s: float, ahead: int = 1, able: int = 1) -> LineSituation:
    return LineSituation(expected_s, ahead=ahead, able=able, head_wait_s=30.0)


def after(waits: list[float], situation: LineSituation) -> History:
    """A history with these waits, all of shoppers who found the same line."""
    history = History()
    for wait_s in waits:
        history.add_wait("repair", DAY, situation, wait_s)
    return history


def test_with_nobody_on_the_floor_there_is_no_quote():
    assert quote("repair", queued(240, able=0), History()) is None


@given(
    st.floats(0, 20_000),
    st.one_of(st.floats(0, 6 * 3600), st.integers(0, 90).map(lambda minutes: minutes * 60.0)),
)
def test_no_bracket_reaches_past_closing_time(expected_s, open_s):
    told = quote("repair", queued(expected_s), History(), open_s)
    full = quote("repair", queued(expected_s), History())
    if told is None:
        assert full.low_s + 60 > open_s  # nothing of a whole minute is before closing time
    else:
        check_sane(told)
        assert told.high_s <= open_s
        assert told.low_s == full.low_s
        assert told == full or told.high_s > open_s - 60


def test_a_new_shop_is_told_the_queueing_formula_with_a_wide_bracket():
    told = quote("repair", queued(600), History())
    assert told.median_s == pytest.approx(600)
    assert (told.low_s, told.high_s) == (240, 25 * 60)  # 600 ÷ 2.5, and 600 × 2.4 + 45, to the minute


def test_a_new_shop_with_somebody_free_says_up_to_two_minutes():
    told = quote("repair", FREE, History())
    assert (told.low_s, told.median_s, told.high_s) == (0, 45, 120)


def test_shoppers_who_found_somebody_free_do_not_teach_about_the_line_nor_the_reverse():
    history = after([5.0] * 100, FREE)
    assert history.quote("repair", queued(600)).median_s == pytest.approx(600)
    assert history.quote("repair", FREE).median_s == 5
    history = after([900.0] * 100, queued(600))
    assert history.bracket("repair", FREE) == FREE_GUESS


def test_the_estimate_follows_the_waits_that_come_about():
    history = after([300.0] * 200, queued(600))
    told = history.quote("repair", queued(600))
    assert told.median_s == pytest.approx(300, rel=0.05)
    assert told.low_s <= 300 <= told.high_s <= 420


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(0, 5))
@settings(max_examples=examples(30))
def test_a_bracket_does_not_depend_on_which_ones_were_asked_for_before(asked, last):
    often, once = History(), History()
    chance = random.Random(4)
    situations = [queued(60.0 * (n + 1), ahead=n + 1) for n in range(6)]
    for n in range(260):
        situation, wait_s = situations[n % 6], chance.uniform(10, 900)
        often.add_wait("repair", "2026-03-06", situation, wait_s)
        once.add_wait("repair", "2026-03-06", situation, wait_s)
        if n < len(asked) or n > 255:
            for which in asked:
                often.bracket("repair", situations[which])
    assert often.bracket("repair", situations[last]) == once.bracket("repair", situations[last])


def test_each_need_is_corrected_by_its_own_waits():
    history = History()
    for _ in range(150):
        history.add_wait("repair", DAY, queued(300), 600.0)
        history.add_wait("buy", DAY, queued(300), 150.0)
    repair, buy = (quote(need, queued(300), history).median_s for need in ("repair", "buy"))
    assert repair > 2 * buy


def test_free_waits_are_guessed_until_thirty_are_known_and_only_the_latest_count():
    waits = FreeWaits()
    for _ in range(MIN_FREE - 1):
        waits.learn(8.0)
    assert waits.bracket(Percentiles()) == FREE_GUESS
    waits.learn(8.0)
    assert waits.bracket(Percentiles()) == Bracket(8, 8, 8)
    for _ in range(MAX_FREE):
        waits.learn(70.0)
    assert waits.bracket(Percentiles()) == Bracket(70, 70, 70)


def test_the_bracket_of_those_who_found_somebody_free_has_the_percentiles_of_the_latest_waits():
    waits = FreeWaits()
    for wait_s in range(MAX_FREE):
        waits.learn(float(wait_s))
    assert waits.bracket(Percentiles(0.0, 1.0)) == Bracket(0, (MAX_FREE - 1) / 2, MAX_FREE - 1)
    waits.learn(50.0)
    assert waits.bracket(Percentiles(0.0, 1.0)).low_s == 1, "the oldest wait is forgotten"


@pytest.mark.parametrize(
    ("bracket", "minutes"),
    [
        (Bracket(10, 45, 120), (0, 2)),
        (Bracket(29, 40, 50), (0, 1)),
        (Bracket(100, 110, 119), (1, 2)),
        (Bracket(170, 170, 170), (2, 3)),
        (Bracket(60, 60, 60), (1, 2)),
        (Bracket(89, 200, 329), (1, 5)),
        (Bracket(90, 200, 330), (2, 6)),
        (Bracket(0, 0, 0), (0, 1)),
    ],
)
def test_the_ends_are_rounded_to_the_nearest_minute_and_are_a_minute_apart(bracket, minutes):
    assert whole_minutes(bracket) == (60 * minutes[0], 60 * minutes[1])


def test_the_ends_of_the_bracket_move_until_eight_of_ten_waits_are_inside():
    told, history, rng = ToldBracket(), [], random.Random(13)
    for _ in range(6_000):
        # A bracket whose percentiles are wrong: the true waits are spread twice as wide.
        low_s = 600 + 400 * (told.percentiles.low - 0.5)
        high_s = 600 + 400 * (told.percentiles.high - 0.5)
        wait_s = rng.uniform(350, 850)
        told.learn(wait_s, low_s, high_s)
        history.append((wait_s < low_s, wait_s > high_s))
    late = history[2_000:]
    assert sum(low for low, _ in late) / len(late) == pytest.approx(0.1, abs=0.02)
    assert sum(high for _, high in late) / len(late) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("wait_s", "low", "high"),
    [
        (59.0, 0.0955, 0.8995),
        (60.0, 0.1005, 0.8995),
        (120.0, 0.1005, 0.8995),
        (121.0, 0.1005, 0.9045),
    ],
)
def test_an_end_moves_outwards_for_a_wait_beyond_it_and_else_inwards_a_ninth_as_far(wait_s, low, high):
    told = ToldBracket()
    told.learn(wait_s, 60.0, 120.0)
    assert (told.percentiles.low, told.percentiles.high) == pytest.approx((low, high))


def test_the_ends_move_for_the_need_and_the_kind_of_line_that_the_wait_was_told_for():
    told, untold, rng = History(), History(), random.Random(3)
    for _ in range(100):
        wait_s = rng.lognormvariate(6.0, 0.4)
        for need in ("repair", "buy"):
            for line in (queued(300), FREE):
                of_told = (0.0, 60.0) if need == "repair" and not line.free else None
                told.add_wait(need, DAY, line, wait_s, of_told)
                untold.add_wait(need, DAY, line, wait_s)
    assert told.quote("repair", queued(300)).high_s > untold.quote("repair", queued(300)).high_s
    assert told.quote("repair", FREE) == untold.quote("repair", FREE)
    assert told.quote("buy", queued(300)) == untold.quote("buy", queued(300))


def test_a_visit_was_told_a_bracket_if_it_has_both_ends():
    assert told_bracket(60.0, 120.0) == (60.0, 120.0)
    assert (told_bracket(None, 120.0), told_bracket(60.0, None), told_bracket(None, None)) == (None,) * 3


def test_the_ends_stay_apart_and_off_the_extremes():
    told = ToldBracket()
    for wait_s in [0.0] * 5_000:
        told.learn(wait_s, 0.0, 60.0)
    assert told.percentiles == Percentiles(0.45, 0.55)
    for wait_s in [99.0] * 5_000:
        told.learn(wait_s, 0.0, 60.0)
    assert told.percentiles.high == 0.995


# --- bad input -----------------------------------------------------------------------------------------

seconds = st.one_of(st.floats(0, 90_000), st.sampled_from((0.0, 1e9, -5.0)))
situations = st.builds(
    LineSituation,
    expected_s=seconds,
    ahead=st.integers(0, 3_000),
    able=st.integers(1, 40),
    free=st.booleans(),
    head_wait_s=seconds,
    recent_wait_s=st.none() | seconds,
    idle_s=st.none() | seconds,
    same_need=st.floats(0, 1),
)


@settings(deadline=None)
@given(situations, st.lists(st.tuples(situations, seconds), max_size=60), st.integers(1, 40))
def test_whatever_was_learned_a_bracket_is_finite_and_contains_its_median(situation, learned, times):
    history = History()
    for number, (line, wait_s) in enumerate(learned * times):
        history.add_wait("repair", DAY, line, wait_s, (60.0 * (number % 3), 300.0))
    check_sane(history.quote("repair", situation))
    check_sane(history.quote("never_seen", situation))


@settings(deadline=None)
@given(situations, st.integers(1, 400))
def test_a_history_poisoned_with_waits_of_nothing_is_believed_and_then_forgotten(situation, count):
    history = History()
    for _ in range(count):
        history.add_wait("repair", DAY, queued(300), 0.0, (240.0, 360.0))
    check_sane(history.quote("repair", situation))


def test_after_a_poisoned_history_the_estimate_comes_back():
    history = after([0.0] * 400, queued(300))
    assert history.bracket("repair", queued(300)).median_s < 60
    for _ in range(400):
        history.add_wait("repair", DAY, queued(300), 300.0)
    assert history.bracket("repair", queued(300)).median_s > 200


def test_another_season_is_learned_within_some_hundred_waits():
    """After quiet months, waits are five times as long as the same lines gave before."""
    rng, history = random.Random(5), History()
    for _ in range(600):
        history.add_wait("repair", DAY, queued(200), rng.lognormvariate(4.1, 0.4))
    held = []
    for _ in range(1_000):
        told, wait_s = history.quote("repair", queued(200)), rng.lognormvariate(5.7, 0.4)
        held.append(told.low_s <= wait_s <= told.high_s)
        history.add_wait("repair", DAY, queued(200), wait_s, (told.low_s, told.high_s))
    assert 0.72 <= sum(held[600:]) / 400 <= 0.9


@pytest.mark.parametrize("visits", [3, 3_000])
def test_a_day_of_few_and_of_very_many_visits(visits):
    rng, history = random.Random(1), History()
    for n in range(visits):
        line = queued(60.0 + n % 700, ahead=n % 9)
        told = history.quote("repair", line)
        check_sane(told)
        history.add_wait("repair", DAY, line, rng.expovariate(1 / 200), (told.low_s, told.high_s))
        history.add_service("repair", rng.expovariate(1 / 240))
    check_sane(history.quote("repair", queued(300)))


# --- the history ---------------------------------------------------------------------------------------


def test_service_times_are_drawn_to_the_target_while_there_are_few():
    history = History()
    assert history.service_s("repair", 240) == 240
    for _ in range(TARGET_WEIGHT):
        history.add_service("repair", 60)
    assert history.service_s("repair", 240) == 150
    for _ in range(200):
        history.add_service("repair", 60)
    assert history.service_s("repair", 240) == pytest.approx(60, abs=10)
    assert history.service_s("buy", 240) == 240


def test_each_service_counts_at_once_and_only_the_latest_are_remembered():
    history = History()
    for _ in range(100):
        history.add_service("repair", 600)
    assert history.service_s("repair", 240) == (600 * 100 + 240 * TARGET_WEIGHT) / (100 + TARGET_WEIGHT)
    for _ in range(MAX_SERVICES):
        history.add_service("repair", 60)
    known = (60 * MAX_SERVICES + 240 * TARGET_WEIGHT) / (MAX_SERVICES + TARGET_WEIGHT)
    assert history.service_s("repair", 240) == known


def test_a_clock_that_went_back_gives_a_service_and_a_wait_of_nothing():
    history = after([-5.0], queued(300))
    assert history.recent_wait_s("repair", DAY) == 0
    history.add_service("repair", -5)
    assert history.service_s("repair", 240) == 240 * TARGET_WEIGHT / (1 + TARGET_WEIGHT)


def test_the_recent_wait_is_that_of_the_latest_thirty_of_the_day():
    history = after([900.0] * 10 + [100.0] * MAX_RECENT, queued(300))
    assert history.recent_wait_s("repair", DAY) == 100
    history.add_wait("repair", "2026-03-03", queued(300), 50.0)
    assert history.recent_wait_s("repair", "2026-03-03") == 50


def test_the_latest_waits_of_a_need_count_on_their_own_day_only():
    history = after([100.0, 200.0], queued(300))
    assert history.recent_wait_s("repair", DAY) == 150
    assert history.recent_wait_s("buy", DAY) is None
    assert history.recent_wait_s("repair", "2026-03-03") is None
    history.add_wait("buy", "2026-03-03", queued(300), 50.0)
    assert history.recent_wait_s("repair", DAY) is None


@given(
    st.lists(st.tuples(st.floats(0, 5000), st.booleans(), st.floats(0, 5000)), max_size=60),
    st.floats(0, 3000),
    st.booleans(),
)
def test_the_median_alone_is_that_of_the_quote_and_its_low_end_is_no_more(waits, expected_s, free):
    history = History()
    for wait_s, was_free, joined_s in waits:
        history.add_wait("repair", "2026-03-02", FREE if was_free else queued(joined_s), wait_s, (60, 240))
    situation = FREE if free else queued(expected_s)
    told = history.quote("repair", situation)
    assert told.median_s == round(history.median_s("repair", situation), 1)
    assert told.low_s <= told.median_s + 0.1
