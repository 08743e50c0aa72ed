"""The rate limiters: what they let through, and when they let something through again."""

import pytest

from sync_server.service.limits.rate_limit import PerKey, SlidingWindow, TokenBucket


def taken(limiter, at: float, tries: int) -> int:
    """How many of these tries at this time succeed."""
    return sum(limiter.take(at) for _ in range(tries))


def test_a_bucket_is_full_at_first_and_fills_at_its_rate_up_to_its_size():
    bucket = TokenBucket(burst=10, per_s=2)
    assert taken(bucket, 50_000, 20) == 10
    assert taken(bucket, 50_499, 20) == 0
    assert taken(bucket, 50_500, 20) == 1
    assert taken(bucket, 52_000, 20) == 3
    assert taken(bucket, 10**9, 20) == 10


def test_a_try_that_costs_more_takes_more_or_nothing():
    bucket = TokenBucket(burst=10, per_s=0)
    assert bucket.take(0, 7)
    assert not bucket.take(0, 4)
    assert bucket.take(0, 3)


def test_a_clock_that_is_set_back_fills_no_bucket():
    bucket = TokenBucket(burst=2, per_s=1)
    assert taken(bucket, 100_000, 3) == 2
    assert taken(bucket, 0, 3) == 0
    assert taken(bucket, 1_000, 3) == 1


def test_a_window_says_how_many_more_and_until_when():
    window = SlidingWindow(limit=2, window_ms=1000)
    assert (window.left(0), window.free_in_ms(0)) == (2, 0)
    window.take(0)
    window.take(300)
    assert (window.left(300), window.free_in_ms(300)) == (0, 700)
    assert (window.left(1100), window.free_in_ms(1100)) == (1, 200)
    assert (window.left(5000), window.free_in_ms(5000)) == (2, 0)


def test_a_window_lets_through_its_limit_in_any_stretch_of_its_length():
    window = SlidingWindow(limit=3, window_ms=1000)
    assert [window.take(at) for at in (0, 400, 800, 999, 1000, 1399, 1400, 1401)] == [
        True, True, True, False, True, False, True, False,
    ]  # fmt: skip


def test_a_window_can_be_asked_before_something_counts():
    window = SlidingWindow(limit=1, window_ms=1000)
    assert not window.is_full(0)
    assert not window.is_full(0)
    window.add(0)
    assert window.is_full(999)
    assert not window.is_full(1000)


def test_each_key_has_a_limiter_of_its_own():
    limits = PerKey(lambda: SlidingWindow(1, 1000))
    assert limits.of("a").take(0)
    assert limits.of("b").take(0)
    assert not limits.of("a").take(0)
    assert limits.find("c") is None
    assert limits.find("a") is limits.of("a")


@pytest.mark.parametrize("keys", [1, 50])
def test_no_more_keys_are_remembered_than_the_maximum(keys):
    limits = PerKey(lambda: SlidingWindow(1, 1000), max_keys=keys)
    for number in range(1000):
        assert limits.of(number).take(0)
        assert 1 <= len(limits) <= keys
