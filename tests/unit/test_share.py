"""A share: its value, its interval, and from when on it is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain.share import MIN_TO_SAY, Interval, Share, share_of

COUNTS = st.integers(1, 5000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [  # the two p with |part ÷ whole − p| = 1.96 · √(p · (1 − p) ÷ whole), solved by hand
        (8, 10, 0.4902, 0.9433),
        (0, 20, 0.0, 0.1611),
        (20, 20, 0.8389, 1.0),
        (81, 100, 0.7222, 0.8749),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_the_interval_is_wilson_s(part, whole, low, high):
    assert Share(part, whole).interval == Interval(low, high)


@given(COUNTS)
def test_the_interval_holds_the_share_and_stays_within_0_and_1(counts):
    share = Share(*counts)
    assert 0 <= share.interval.low <= share.value <= share.interval.high <= 1


@given(COUNTS, st.integers(2, 10))
def test_more_of_the_same_makes_the_interval_narrower(counts, times):
    part, whole = counts
    few, many = Share(part, whole).interval, Share(part * times, whole * times).interval
    assert many.high - many.low < few.high - few.low


def test_a_share_of_nothing_is_none_and_not_zero():
    nothing = share_of([])
    assert (nothing.value, nothing.interval, nothing.is_enough) == (None, None, False)
    assert Share(1, 3).value == 0.3333


def test_from_twenty_on_a_share_is_said():
    assert not Share(19, MIN_TO_SAY - 1).is_enough
    assert Share(0, MIN_TO_SAY).is_enough
    assert MIN_TO_SAY == 20


def test_a_share_of_outcomes_counts_those_that_are_true():
    assert share_of([True, False, True]) == Share(2, 3)
