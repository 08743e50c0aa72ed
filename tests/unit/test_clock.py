"""The server's clock over jumps of the computer's: onwards always, and never at rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain.events import Presence
from sync_server.domain.visit import State
from sync_server.service.clock import OnwardClock
from tests.shop import CLOSES, MONDAY_10, Clock, Play

HOUR = 3_600_000


def both() -> tuple[Clock, Clock]:
    return Clock(MONDAY_10), Clock(500)


def test_it_is_the_computers_clock_and_follows_it_forward_at_once():
    wall, steady = both()
    clock = OnwardClock(wall, steady)
    assert clock() == MONDAY_10
    wall.now += 5 * HOUR
    assert clock() == MONDAY_10 + 5 * HOUR


def test_set_back_it_goes_on_at_half_speed_until_the_computers_has_caught_up():
    wall, steady = both()
    clock = OnwardClock(wall, steady)
    wall.now -= 3 * HOUR
    assert clock() == MONDAY_10
    for _ in range(30):  # an offer of 15 s lapses after 30
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
    clock = OnwardClock(wall, steady)
    wall.now -= HOUR
    for _ in range(1_000):
        steady.now += 1
        clock()
    assert clock() == MONDAY_10 + 500


def test_what_is_written_down_already_is_not_in_the_future(caplog):
    wall, steady = both()
    clock = OnwardClock(wall, steady, not_before=MONDAY_10 + HOUR)
    assert clock() == MONDAY_10 + HOUR
    clock()
    [line] = caplog.messages
    assert "3600 s behind" in line


@given(st.lists(st.tuples(st.integers(-10 * HOUR, 10 * HOUR), st.integers(0, HOUR))))
def test_it_never_runs_backwards_and_moves_whenever_time_passes(jumps):
    wall, steady = both()
    clock = OnwardClock(wall, steady)
    for jump, passed in jumps:
        before = clock()
        wall.now += jump + passed
        steady.now += passed
        after = clock()
        assert after >= before
        assert after > before or passed < 2


@pytest.mark.fault(
    "The server's clock is set back by three hours while it runs",
    "offers lapse, the shop closes, nothing runs backwards",
)
def test_an_offer_lapses_and_the_shop_closes_though_the_clock_was_set_back_by_hours():
    wall, steady = both()
    clock = OnwardClock(wall, steady)
    play = Play()
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
