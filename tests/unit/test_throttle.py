"""Wrong tries lead to longer and longer pauses; nobody is locked out."""

from sync_server.service.auth.throttle import Throttle, ThrottlePolicy, ThrottleState
from tests.sample_store import MONDAY_10

PAUSES = ThrottlePolicy(free=5, first_s=15, longest_s=600, forgive_s=3600)


def test_five_wrong_tries_are_free_and_each_further_one_doubles_the_pause():
    tries, now, pauses = Throttle(PAUSES), MONDAY_10, []
    for _ in range(12):
        tries.failed("maya", now)
        pauses.append(tries.wait_s("maya", now))
        now += pauses[-1] * 1000
    assert pauses == [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 600, 600]


def test_the_pause_counts_down_in_whole_seconds_to_the_very_end():
    tries = Throttle(PAUSES)
    for _ in range(5):
        tries.failed("x", MONDAY_10)
    waits = [tries.wait_s("x", MONDAY_10 + after) for after in (0, 1, 14_000, 14_999, 15_000)]
    assert waits == [15, 15, 1, 1, 0]


def test_a_right_try_resets_the_count_and_others_are_not_slowed_down():
    tries = Throttle(PAUSES)
    for _ in range(6):
        tries.failed("maya", MONDAY_10)
    assert tries.wait_s("tom", MONDAY_10) == 0
    assert tries.succeeded("maya")
    assert tries.wait_s("maya", MONDAY_10) == 0
    tries.failed("maya", MONDAY_10)
    assert tries.wait_s("maya", MONDAY_10) == 0
    assert not tries.succeeded("tom")


def test_wrong_tries_are_forgiven_one_by_one_with_time():
    tries = Throttle(PAUSES)
    for _ in range(4):
        tries.failed("maya", MONDAY_10)
    later = MONDAY_10 + 2 * 3_600_000
    tries.failed("maya", later)  # two of the four are forgiven: this is the third
    assert tries.wait_s("maya", later) == 0
    assert tries.failed("maya", later).wrong == 4


def test_saved_wrong_tries_count():
    known = ThrottleState("maya", 7, MONDAY_10, MONDAY_10 + 60_000)
    tries = Throttle(PAUSES, [known])
    assert tries.wait_s("maya", MONDAY_10 + 1000) == 59
    assert tries.failed("maya", MONDAY_10 + 60_000).wrong == 8


def test_a_clock_that_was_set_back_locks_nobody_out():
    tries = Throttle(PAUSES, [ThrottleState("maya", 9, MONDAY_10, MONDAY_10 + 240_000)])
    assert tries.wait_s("maya", MONDAY_10 - 86_400_000) == PAUSES.longest_s


def test_a_very_long_series_of_wrong_tries_stays_a_pause_of_ten_minutes():
    tries = Throttle(PAUSES, [ThrottleState("maya", 10_000, MONDAY_10, MONDAY_10)])
    tries.failed("maya", MONDAY_10)
    assert tries.wait_s("maya", MONDAY_10) == 600
