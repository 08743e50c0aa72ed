"""Opening hours: weekdays, exceptions by date, nights that end after midnight, and changing clocks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain.hours import WEEKDAYS, Hours, parse_span
from tests.shop import ms

ZONE = ZoneInfo("Europe/Amsterdam")
WEEK = dict.fromkeys(WEEKDAYS[:5], "09:00-18:00") | {"sat": "10:00-17:00", "sun": "closed"}
DATES = {"2026-12-25": "closed", "2026-12-24": "09:00-15:00", "2026-12-27": "12:00-16:00"}
SHOP = Hours(ZONE, "23:00", WEEK, DATES)


@pytest.mark.parametrize(
    ("at", "open_", "opens"),
    [
        (ms(2026, 3, 2, 7, 59), False, ms(2026, 3, 2, 8)),  # a Monday in winter, an hour ahead of UTC
        (ms(2026, 3, 2, 8), True, ms(2026, 3, 3, 8)),
        (ms(2026, 3, 2, 16, 59, 59), True, ms(2026, 3, 3, 8)),
        (ms(2026, 3, 2, 17), False, ms(2026, 3, 3, 8)),
        (ms(2026, 3, 7, 17), False, ms(2026, 3, 9, 8)),  # Saturday evening: Monday
        (ms(2026, 12, 24, 14), False, ms(2026, 12, 26, 9)),  # Christmas Eve after three: Saturday
        (ms(2026, 12, 27, 11), True, ms(2026, 12, 28, 8)),  # a Sunday that is open for once
        (ms(2026, 3, 28, 20), False, ms(2026, 3, 30, 7)),  # over the night that summer begins
    ],
)
def test_it_is_open_by_the_week_and_the_dates_above_it(at, open_, opens):
    assert SHOP.is_open(at) is open_
    assert SHOP.next_opening(at) == opens


def test_a_day_that_stays_shut_closes_all_the_same_for_whoever_is_in():
    assert SHOP.next_closing(ms(2026, 3, 7, 17)) == ms(2026, 3, 8, 22)
    assert SHOP.next_closing(ms(2026, 3, 2, 9)) == ms(2026, 3, 2, 17)
    assert SHOP.last_closing(ms(2026, 12, 24, 14)) == ms(2026, 12, 24, 14)


def test_a_night_ends_after_midnight_and_a_day_may_be_whole():
    bar = Hours(ZONE, "04:00", {"fri": "18:00-02:00", "sat": "18:00-24:00"}, {})
    friday_night = ms(2026, 3, 7, 0, 30)
    assert bar.is_open(friday_night)
    assert bar.next_closing(friday_night) == ms(2026, 3, 7, 1)
    assert not bar.is_open(ms(2026, 3, 7, 1))
    assert bar.next_closing(ms(2026, 3, 7, 20)) == ms(2026, 3, 7, 23)
    always = Hours(ZONE, "23:59", dict.fromkeys(WEEKDAYS, "00:00-24:00"), {})
    assert all(always.is_open(ms(2026, 3, 28) + hour * 3_600_000) for hour in range(72))


def test_without_hours_it_is_open_whenever_somebody_is_in_it():
    plain = Hours(ZONE, "21:00", {}, {})
    assert plain.is_open(ms(2026, 3, 2, 2))
    assert plain.next_opening(ms(2026, 3, 2, 2)) is None
    exceptions = Hours(ZONE, "21:00", {}, {"2026-12-25": "closed"})
    assert not exceptions.is_open(ms(2026, 12, 25, 12))
    assert exceptions.is_open(ms(2026, 12, 24, 12))


def test_a_shop_that_stays_shut_for_long_does_not_say_when_it_opens():
    shut = Hours(ZONE, "21:00", {"mon": "09:00-18:00"}, {})
    assert shut.next_opening(ms(2026, 3, 2, 12)) == ms(2026, 3, 9, 8)
    never = Hours(ZONE, "21:00", {"mon": "closed"}, {})
    assert never.next_opening(ms(2026, 3, 2, 12)) is None


@pytest.mark.parametrize("text", ["", "9-18", "09:00", "09:00-25:00", "open", "24:00-09:00"])
def test_what_is_no_time_is_no_hours(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the whole of it
        parse_span(text)


@pytest.mark.fault("The clocks change in the night, in any time zone", "the shop closes once a day")
@given(
    st.integers(ms(2026, 1, 1), ms(2027, 1, 1)),
    st.sampled_from(["Europe/Amsterdam", "Europe/Helsinki", "Australia/Lord_Howe", "America/New_York"]),
    st.dictionaries(
        st.sampled_from(WEEKDAYS), st.sampled_from(["02:30-02:15", "09:00-18:00", "18:00-02:30", "closed"])
    ),
)
def test_every_moment_lies_between_two_closings_whatever_the_clocks_do(at, zone, week):
    shop = Hours(ZoneInfo(zone), "23:59", week, {})
    last, following = shop.last_closing(at), shop.next_closing(at)
    assert last <= at < following
    fresh = Hours(ZoneInfo(zone), "23:59", week, {})
    assert fresh.last_closing(following - 1) == last  # none in between
    assert fresh.last_closing(following) == following
    opens = fresh.next_opening(at)
    assert opens is None or (opens > at and fresh.is_open(opens))


@given(
    st.lists(st.integers(ms(2026, 1, 1), ms(2027, 1, 1)), min_size=2),
    st.sampled_from(["Europe/Amsterdam", "Asia/Beirut", "America/Havana", "America/Santiago", "Asia/Amman"]),
)
def test_the_day_is_the_one_on_the_calendar_whatever_was_asked_before(instants, zone):
    shop = Hours(ZoneInfo(zone), "21:00", {}, {})
    for at in instants:
        begins, over, _ = shop._today
        for near in (at, begins, over, over - 1):
            assert shop.day(near) == datetime.fromtimestamp(near / 1000, ZoneInfo(zone)).date()
