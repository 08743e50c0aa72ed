"""The clock of a demo: faster than life, the same in every process, and without nights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server import store_clock
from sync_server.store_clock import VARIABLE, DemoClock, StoreClock
from tests.sample_store import MONDAY_10

HOUR = 3_600_000
CLOCK = DemoClock(began=1_000, shows=MONDAY_10, pace=30, first_day=11 * HOUR, day=12 * HOUR, night=12 * HOUR)


def test_it_begins_where_it_was_set_and_goes_at_its_pace() -> None:
    assert CLOCK.at(0) == CLOCK.at(1_000) == MONDAY_10
    assert CLOCK.at(3_000) == MONDAY_10 + 60_000


def test_a_night_takes_no_time() -> None:
    evening = 1_000 + 11 * HOUR // 30
    assert CLOCK.at(evening - 1) == MONDAY_10 + 11 * HOUR - 30
    assert CLOCK.at(evening) == MONDAY_10 + 23 * HOUR
    next_evening = evening + 12 * HOUR // 30
    assert CLOCK.at(next_evening - 1) == MONDAY_10 + 35 * HOUR - 30
    assert CLOCK.at(next_evening) == MONDAY_10 + 47 * HOUR


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=20))
def test_it_never_goes_back(seconds: list[int]) -> None:
    shown = [CLOCK.at(1_000 + wall) for wall in sorted(seconds)]
    assert shown == sorted(shown)


def test_every_process_of_a_demo_computes_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, CLOCK.text)
    monkeypatch.setattr(store_clock, "wall_clock", lambda: 5_000)
    found = store_clock.store_clock()
    assert found.pace == 30
    assert found.now() == CLOCK.at(5_000)


def test_without_a_demo_it_is_the_computers_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert store_clock.store_clock() == StoreClock(store_clock.wall_clock, 1)


@pytest.mark.parametrize("text", ["", "1 2 3", "a b c d e f"])
def test_a_wrong_value_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(store_clock.StoreClockError, match=VARIABLE):
        store_clock.store_clock()
