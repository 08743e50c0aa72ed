"""The server's clock as a device reckons it: how far off, and what a jump does."""

from hypothesis import example, given
from hypothesis import strategies as st

from sync_server.device.server_clock import ServerClock
from tests.shop import MONDAY_10

AHEAD = MONDAY_10 - 1_000


def test_before_the_first_word_it_knows_nothing():
    assert ServerClock().now(5) is None
    assert ServerClock(AHEAD).now(1_005) == MONDAY_10 + 5


def test_a_word_says_at_least_and_the_first_answer_says_more():
    clock = ServerClock()
    clock.heard(AHEAD + 1_000, 1_400)  # 400 ms on its way
    assert clock.ahead == AHEAD - 400
    clock.answered(AHEAD + 2_010, 2_000, 2_020)
    assert clock.ahead == AHEAD
    clock.heard(AHEAD + 3_000, 3_900)  # a late word betters nothing
    assert clock.ahead == AHEAD


def test_the_quickest_answer_counts():
    clock = ServerClock()
    clock.answered(AHEAD + 1_000, 1_000, 1_800)  # all of the time was on the way back
    assert clock.ahead == AHEAD - 400
    clock.answered(AHEAD + 3_002, 3_000, 3_006)
    assert clock.ahead == AHEAD - 1
    clock.answered(AHEAD + 5_000, 5_000, 5_900)
    assert clock.ahead == AHEAD - 1


def test_an_answer_that_cannot_be_true_with_the_reckoning_replaces_it_whichever_way_the_clock_went():
    for jump in (3_600_000, -3_600_000):
        clock = ServerClock()
        clock.answered(AHEAD + 1_000, 1_000, 1_000)
        clock.answered(AHEAD + jump + 2_200, 2_000, 2_400)
        assert clock.ahead == AHEAD + jump


def test_a_slow_drift_is_followed():
    clock = ServerClock()
    clock.answered(AHEAD, 0, 0)
    for second in range(1, 4_000):
        now = second * 1_000
        clock.answered(AHEAD + now + second // 20 + 3, now, now + 6)  # 50 ppm, as quartz may drift
    assert abs(clock.ahead - (AHEAD + 200)) <= 10


@example([(0, 1, True), (6, 0, True)])  # half a millisecond is no contradiction
@given(st.lists(st.tuples(st.integers(0, 800), st.integers(0, 800), st.booleans()), min_size=1))
def test_it_is_never_off_by_more_than_half_of_the_quickest_answer(ways):
    clock, now, quickest = ServerClock(), 0, None
    for there, back, asked in ways:
        now += 2_000
        at = AHEAD + now + there
        if asked:
            clock.answered(at, now, now + there + back)
            quickest = min(there + back, quickest if quickest is not None else there + back)
        else:
            clock.heard(at, now + there + back)
    if quickest is not None:
        assert abs(clock.ahead - AHEAD) <= quickest / 2 + len(ways)
