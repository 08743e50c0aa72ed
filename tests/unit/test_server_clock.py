"""The estimate of the server's clock: its error, and what a jump does."""

from hypothesis import example, given
from hypothesis import strategies as st

from sync_server.device.sync.server_clock import ServerClock
from tests.sample_store import MONDAY_10

AHEAD = MONDAY_10 - 1_000


def test_before_the_first_message_the_time_is_unknown():
    assert ServerClock().now(5) is None
    assert ServerClock(AHEAD).now(1_005) == MONDAY_10 + 5


def test_a_message_is_a_lower_bound_and_the_first_answer_is_better():
    clock = ServerClock()
    clock.observe_message(AHEAD + 1_000, 1_400)  # 400 ms on the way
    assert clock.ahead == AHEAD - 400
    clock.observe_answer(AHEAD + 2_010, 2_000, 2_020)
    assert clock.ahead == AHEAD
    clock.observe_message(AHEAD + 3_000, 3_900)  # a late message does not improve it
    assert clock.ahead == AHEAD


def test_the_quickest_answer_counts():
    clock = ServerClock()
    clock.observe_answer(AHEAD + 1_000, 1_000, 1_800)  # the way back took all of the time
    assert clock.ahead == AHEAD - 400
    clock.observe_answer(AHEAD + 3_002, 3_000, 3_006)
    assert clock.ahead == AHEAD - 1
    clock.observe_answer(AHEAD + 5_000, 5_000, 5_900)
    assert clock.ahead == AHEAD - 1


def test_an_answer_that_contradicts_the_estimate_replaces_it():
    for jump in (3_600_000, -3_600_000):
        clock = ServerClock()
        clock.observe_answer(AHEAD + 1_000, 1_000, 1_000)
        clock.observe_answer(AHEAD + jump + 2_200, 2_000, 2_400)
        assert clock.ahead == AHEAD + jump


def answer(clock: ServerClock, low: int, high: int) -> int:
    """The server's clock is ahead by between AHEAD + low and AHEAD + high. The new estimate, from AHEAD."""
    clock.observe_answer(AHEAD + 5_000 + high, 5_000, 5_000 + high - low)
    return clock.ahead - AHEAD


def test_the_possible_error_of_the_estimate_grows_until_an_answer_contradicts_it():
    clock = ServerClock()
    assert answer(clock, -7, 0) == -4  # wrong by at most 4
    for _ in range(3):
        assert answer(clock, -400, 400) == -4, "a slow answer that agrees"
    assert answer(clock, 3, 83) == 3, "7 ms off: the estimate moves only as far as it must"
    assert answer(clock, 12, 92) == 52, "9 ms off, with a possible error of 8: the middle is the estimate"


def test_an_error_of_half_a_round_trip_is_possible_and_no_more():
    for off, estimate in ((3, 3), (4, 24)):
        clock = ServerClock()
        assert answer(clock, -3, 3) == 0
        assert answer(clock, off, off + 40) == estimate


def test_an_answer_that_is_as_good_as_the_best_replaces_the_estimate():
    clock = ServerClock()
    assert answer(clock, -5, 0) == -3
    assert answer(clock, -4, 2) == -1
    assert answer(clock, -3, 5) == -1, "this one is not as good"


def test_after_the_first_answer_a_message_only_moves_the_estimate_up():
    clock = ServerClock()
    clock.observe_answer(AHEAD + 1_000, 1_000, 1_006)
    clock.observe_message(AHEAD + 2_000, 2_000)
    assert clock.ahead == AHEAD
    clock.observe_message(AHEAD + 2_999, 3_000)
    assert clock.ahead == AHEAD


def test_a_slow_drift_is_followed():
    clock = ServerClock()
    clock.observe_answer(AHEAD, 0, 0)
    for second in range(1, 4_000):
        now = second * 1_000
        clock.observe_answer(
            AHEAD + now + second // 20 + 3, now, now + 6
        )  # 50 ppm, as a quartz clock may drift
    assert abs(clock.ahead - (AHEAD + 200)) <= 10


@example([(0, 1, True), (6, 0, True)])  # half a millisecond is not a contradiction
@given(st.lists(st.tuples(st.integers(0, 800), st.integers(0, 800), st.booleans()), min_size=1))
def test_the_error_is_at_most_half_of_the_quickest_round_trip(ways):
    clock, now, quickest = ServerClock(), 0, None
    for there, back, asked in ways:
        now += 2_000
        at = AHEAD + now + there
        if asked:
            clock.observe_answer(at, now, now + there + back)
            quickest = min(there + back, quickest if quickest is not None else there + back)
        else:
            clock.observe_message(at, now + there + back)
    if quickest is not None:
        assert abs(clock.ahead - AHEAD) <= quickest / 2 + len(ways)


@given(st.integers(1, 200), st.integers(0, 500), st.integers(0, 500), st.integers(0, 10**9))
def test_the_clock_of_a_demo_is_estimated_at_its_own_pace(pace: int, there: int, back: int, asked: int):
    clock = ServerClock(pace=pace)
    clock.observe_answer(AHEAD + (asked + there) * pace, asked, asked + there + back)
    for later in (asked, asked + 60_000):
        error = clock.now(later) - (AHEAD + later * pace)
        assert abs(error) <= (there + back) * pace / 2 + 1


def test_a_message_is_a_lower_bound_at_any_pace():
    clock = ServerClock(pace=30)
    clock.observe_message(AHEAD + 1_000 * 30, 1_400)
    assert clock.now(1_400) == AHEAD + 1_000 * 30
    assert clock.now(2_400) == AHEAD + 2_000 * 30
