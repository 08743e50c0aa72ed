"""The server's clock while the computer's clock jumps: it never goes back and never stops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain.events import Presence
from sync_server.domain.visit.visit import State
from sync_server.service.clock import DAY_MS, ClockDoubt, NonDecreasingClock
from tests.fake_clock import FakeClock
from tests.floor_harness import FloorHarness
from tests.sample_store import CLOSES, MONDAY_10

HOUR = 3_600_000


def both() -> tuple[FakeClock, FakeClock]:
    return FakeClock(MONDAY_10), FakeClock(500)


def test_it_is_the_computers_clock_and_follows_it_forward_at_once():
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady)
    assert clock() == MONDAY_10
    wall.now += 5 * HOUR
    assert clock() == MONDAY_10 + 5 * HOUR


def test_a_clock_that_was_set_back_runs_at_half_speed_until_it_agrees():
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady)
    wall.now -= 3 * HOUR
    assert clock() == MONDAY_10
    for _ in range(30):  # an offer of 15 s times out after 30
        wall.after(1)
        steady.after(1)
        clock()
    assert clock() == MONDAY_10 + 15_000
    wall.after(6 * 3_600)
    steady.after(6 * 3_600)
    assert clock() == wall.now
    wall.after(1)
    steady.after(1)
    assert clock() == wall.now


def test_odd_milliseconds_are_not_lost():
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady)
    wall.now -= HOUR
    for _ in range(1_000):
        steady.now += 1
        clock()
    assert clock() == MONDAY_10 + 500


def test_the_clock_starts_at_the_time_of_the_last_event(caplog):
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady, not_before=MONDAY_10 + HOUR)
    assert clock() == MONDAY_10 + HOUR
    clock()
    [line] = caplog.messages
    assert "3600 s behind" in line


@given(st.lists(st.tuples(st.integers(-10 * HOUR, 10 * HOUR), st.integers(0, HOUR))))
def test_it_never_runs_backwards_and_moves_whenever_time_passes(jumps):
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady)
    for jump, passed in jumps:
        before = clock()
        wall.now += jump + passed
        steady.now += passed
        after = clock()
        assert after >= before
        assert after > before or passed < 2


@pytest.mark.fault(
    "The server's clock is set back by three hours while it runs",
    "offers lapse, the shop closes, time never runs backwards",
)
def test_an_offer_lapses_and_the_shop_closes_though_the_clock_was_set_back_by_hours():
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady)
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    wall.now -= 3 * HOUR
    seen = []
    while not seen or seen[-1] is not State.EXPIRED:
        wall.after(31)
        steady.after(31)
        play.clock.now = clock()
        play.tick()
        seen.append(play.visit(visit_id).state)
    assert seen[0] is State.WAITING
    assert play.person("tom").presence is Presence.OFF_FLOOR
    assert CLOSES <= wall.now <= CLOSES + 31_000  # by then the two agree again


# --- far ahead ---------------------------------------------------------------------------------------------

YEAR = 400 * DAY_MS


@pytest.mark.fault(
    "The server starts for ten seconds with a clock that is 400 days ahead",
    "nothing confirms it, so the store's time goes on from its last event",
)
def test_a_start_far_ahead_is_not_believed_and_forgotten_once_the_clock_is_right(caplog):
    wall, steady = both()
    wall.now += YEAR
    clock = NonDecreasingClock(wall, steady, not_before=MONDAY_10 - HOUR)
    assert clock() == MONDAY_10 - HOUR
    wall.after(10)
    steady.after(10)
    assert clock() == MONDAY_10 - HOUR + 10_000
    assert clock.doubt == ClockDoubt(MONDAY_10 - HOUR + 10_000, MONDAY_10 + YEAR + 10_000)
    assert clock.doubt.ahead
    [line] = caplog.messages
    assert "says 2027-04-06 09:00 UTC, far ahead of the store's time" in line
    assert "welkom clock --trust" in line
    wall.now -= YEAR
    assert clock() == MONDAY_10 + 10_000
    assert clock.doubt is None
    assert len(caplog.messages) == 2


def test_a_jump_while_it_runs_is_not_believed_either():
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady)
    wall.now += YEAR
    steady.after(1)
    assert clock() == MONDAY_10 + 1000
    assert clock.doubt is not None


def test_a_shop_that_was_closed_for_a_month_opens_at_the_right_time():
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady, not_before=MONDAY_10 - 31 * DAY_MS)
    assert (clock(), clock.doubt) == (MONDAY_10, None)


def test_what_else_the_store_has_seen_confirms_the_clock():
    """Such as settings that were changed last week, after a year without a shopper."""
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady, MONDAY_10 - YEAR, known=MONDAY_10 - 7 * DAY_MS)
    assert (clock(), clock.doubt) == (MONDAY_10, None)


def test_a_store_without_events_begins_where_it_was_made():
    wall, steady = both()
    assert NonDecreasingClock(wall, steady, known=MONDAY_10 - YEAR)() == MONDAY_10 - YEAR
    assert NonDecreasingClock(wall, steady, known=MONDAY_10 + YEAR)() == MONDAY_10


def test_a_computer_that_is_synchronized_with_the_network_is_believed():
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady, MONDAY_10 - YEAR, is_synchronized=lambda: True)
    assert (clock(), clock.doubt) == (MONDAY_10, None)


@pytest.mark.parametrize(
    ("off", "believed"), [(0, True), (-DAY_MS, True), (DAY_MS + 1, False), (-YEAR, False)]
)
def test_a_device_whose_clock_agrees_confirms_the_computers(off, believed):
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady, MONDAY_10 - YEAR)
    clock.hear(MONDAY_10 + off)
    assert (clock() == MONDAY_10) is believed
    assert (clock.doubt is None) is believed


def test_a_clock_that_is_years_behind_does_not_slow_the_shop_down():
    """At half speed an offer of 15 s would take 30, for two years."""
    wall, steady = both()
    clock = NonDecreasingClock(wall, steady, not_before=MONDAY_10 + YEAR)
    steady.after(10)
    wall.after(10)
    assert clock() == MONDAY_10 + YEAR + 10_000
    assert not clock.doubt.ahead
    clock.hear(wall.now)  # a device does not take the store back in time: only a person does
    assert clock.doubt is not None


def test_a_person_sets_it_right_in_either_direction():
    for not_before in (MONDAY_10 - YEAR, MONDAY_10 + YEAR):
        wall, steady = both()
        clock = NonDecreasingClock(wall, steady, not_before)
        assert clock() == not_before
        clock.trust()
        assert (clock(), clock.doubt) == (MONDAY_10, None)
