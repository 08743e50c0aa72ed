"""Guessing gets slower, whoever is guessed and wherever from; nobody is shut out for good."""

from sync_server.service.tries import Pauses, Tried, Tries
from tests.shop import MONDAY_10

PAUSES = Pauses(free=5, first_s=15, longest_s=600, forgive_s=3600)


def test_five_wrong_tries_are_free_and_each_further_one_doubles_the_pause():
    tries, now, pauses = Tries(PAUSES), MONDAY_10, []
    for _ in range(12):
        tries.wrong("maya", now)
        pauses.append(tries.wait_s("maya", now))
        now += pauses[-1] * 1000
    assert pauses == [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 600, 600]


def test_the_pause_counts_down_in_whole_seconds_to_the_very_end():
    tries = Tries(PAUSES)
    for _ in range(5):
        tries.wrong("x", MONDAY_10)
    waits = [tries.wait_s("x", MONDAY_10 + after) for after in (0, 1, 14_000, 14_999, 15_000)]
    assert waits == [15, 15, 1, 1, 0]


def test_a_right_try_begins_anew_and_others_are_not_slowed_down():
    tries = Tries(PAUSES)
    for _ in range(6):
        tries.wrong("maya", MONDAY_10)
    assert tries.wait_s("tom", MONDAY_10) == 0
    assert tries.right("maya")
    assert tries.wait_s("maya", MONDAY_10) == 0
    tries.wrong("maya", MONDAY_10)
    assert tries.wait_s("maya", MONDAY_10) == 0
    assert not tries.right("tom")


def test_wrong_tries_are_forgiven_one_by_one_with_time():
    tries = Tries(PAUSES)
    for _ in range(4):
        tries.wrong("maya", MONDAY_10)
    later = MONDAY_10 + 2 * 3_600_000
    tries.wrong("maya", later)  # two of the four are forgiven: this is the third
    assert tries.wait_s("maya", later) == 0
    assert tries.wrong("maya", later).wrong == 4


def test_what_is_known_from_before_counts():
    known = Tried("maya", 7, MONDAY_10, MONDAY_10 + 60_000)
    tries = Tries(PAUSES, [known])
    assert tries.wait_s("maya", MONDAY_10 + 1000) == 59
    assert tries.wrong("maya", MONDAY_10 + 60_000).wrong == 8


def test_a_clock_that_was_set_back_shuts_nobody_out():
    tries = Tries(PAUSES, [Tried("maya", 9, MONDAY_10, MONDAY_10 + 240_000)])
    assert tries.wait_s("maya", MONDAY_10 - 86_400_000) == PAUSES.longest_s


def test_a_very_long_series_of_wrong_tries_stays_a_pause_of_ten_minutes():
    tries = Tries(PAUSES, [Tried("maya", 10_000, MONDAY_10, MONDAY_10)])
    tries.wrong("maya", MONDAY_10)
    assert tries.wait_s("maya", MONDAY_10) == 600
