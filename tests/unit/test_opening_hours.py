"""Opening hours: weekdays, exceptions by date, hours beyond midnight, and daylight saving."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain.catalogue.opening_hours import WEEKDAYS, OpeningHours, parse_span
from tests.sample_store import ms

ZONE = ZoneInfo("Europe/Amsterdam")
WEEK = dict.fromkeys(WEEKDAYS[:5], "09:00-18:00") | {"sat": "10:00-17:00", "sun": "closed"}
DATES = {"2026-12-25": "closed", "2026-12-24": "09:00-15:00", "2026-12-27": "12:00-16:00"}
SHOP = OpeningHours(ZONE, "23:00", WEEK, DATES)


@pytest.mark.parametrize(
    ("at", "open_", "opens"),
    [
        (ms(2026, 3, 2, 7, 59), False, ms(2026, 3, 2, 8)),  # a Monday in winter, an hour ahead of UTC
        (ms(2026, 3, 2, 8), True, ms(2026, 3, 3, 8)),
        (ms(2026, 3, 2, 16, 59, 59), True, ms(2026, 3, 3, 8)),
        (ms(2026, 3, 2, 17), False, ms(2026, 3, 3, 8)),
        (ms(2026, 3, 7, 17), False, ms(2026, 3, 9, 8)),  # Saturday evening: Monday
        (ms(2026, 12, 24, 14), False, ms(2026, 12, 26, 9)),  # Christmas Eve after three: Saturday
        (ms(2026, 12, 27, 11), True, ms(2026, 12, 28, 8)),  # one Sunday that is open
        (ms(2026, 3, 28, 20), False, ms(2026, 3, 30, 7)),  # over the night in which summer time begins
    ],
)
def test_a_date_takes_precedence_over_the_weekday(at, open_, opens):
    assert SHOP.is_open(at) is open_
    assert SHOP.next_opening(at) == opens


def test_a_closed_day_has_a_closing_time_too():
    assert SHOP.next_closing(ms(2026, 3, 7, 17)) == ms(2026, 3, 8, 22)
    assert SHOP.next_closing(ms(2026, 3, 2, 9)) == ms(2026, 3, 2, 17)
    assert SHOP.last_closing(ms(2026, 12, 24, 14)) == ms(2026, 12, 24, 14)


def test_hours_may_end_after_midnight_or_cover_a_whole_day():
    bar = OpeningHours(ZONE, "04:00", {"fri": "18:00-02:00", "sat": "18:00-24:00"}, {})
    friday_night = ms(2026, 3, 7, 0, 30)
    assert bar.is_open(friday_night)
    assert bar.next_closing(friday_night) == ms(2026, 3, 7, 1)
    assert not bar.is_open(ms(2026, 3, 7, 1))
    assert bar.next_closing(ms(2026, 3, 7, 20)) == ms(2026, 3, 7, 23)
    always = OpeningHours(ZONE, "23:59", dict.fromkeys(WEEKDAYS, "00:00-24:00"), {})
    assert all(always.is_open(ms(2026, 3, 28) + hour * 3_600_000) for hour in range(72))


def test_without_hours_the_store_is_always_open():
    plain = OpeningHours(ZONE, "21:00", {}, {})
    assert plain.is_open(ms(2026, 3, 2, 2))
    assert plain.next_opening(ms(2026, 3, 2, 2)) is None
    exceptions = OpeningHours(ZONE, "21:00", {}, {"2026-12-25": "closed"})
    assert not exceptions.is_open(ms(2026, 12, 25, 12))
    assert exceptions.is_open(ms(2026, 12, 24, 12))


def test_a_store_that_is_closed_for_long_does_not_say_when_it_opens():
    shut = OpeningHours(ZONE, "21:00", {"mon": "09:00-18:00"}, {})
    assert shut.next_opening(ms(2026, 3, 2, 12)) == ms(2026, 3, 9, 8)
    never = OpeningHours(ZONE, "21:00", {"mon": "closed"}, {})
    assert never.next_opening(ms(2026, 3, 2, 12)) is None


@pytest.mark.parametrize("text", ["", "9-18", "09:00", "09:00-25:00", "open", "24:00-09:00"])
def test_a_text_that_is_not_a_time_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the whole of it
        parse_span(text)


@pytest.mark.fault(
    "Daylight saving time begins or ends in the night, in any time zone",
    "the shop closes once a day",
)
@given(
    st.integers(ms(2026, 1, 1), ms(2027, 1, 1)),
    st.sampled_from(["Europe/Amsterdam", "Europe/Helsinki", "Australia/Lord_Howe", "America/New_York"]),
    st.dictionaries(
        st.sampled_from(WEEKDAYS), st.sampled_from(["02:30-02:15", "09:00-18:00", "18:00-02:30", "closed"])
    ),
)
def test_every_moment_is_between_two_closing_times_in_every_zone(at, zone, week):
    shop = OpeningHours(ZoneInfo(zone), "23:59", week, {})
    last, following = shop.last_closing(at), shop.next_closing(at)
    assert last <= at < following
    fresh = OpeningHours(ZoneInfo(zone), "23:59", week, {})
    assert fresh.last_closing(following - 1) == last  # none in between
    assert fresh.last_closing(following) == following
    opens = fresh.next_opening(at)
    assert opens is None or (opens > at and fresh.is_open(opens))


@given(
    st.lists(st.integers(ms(2026, 1, 1), ms(2027, 1, 1)), min_size=2),
    st.sampled_from(["Europe/Amsterdam", "Asia/Beirut", "America/Havana", "America/Santiago", "Asia/Amman"]),
)
def test_the_day_is_the_local_date_whatever_was_cached(instants, zone):
    shop = OpeningHours(ZoneInfo(zone), "21:00", {}, {})
    for at in instants:
        begins, over, *_ = shop._today
        for near in (at, begins, over, over - 1):
            assert shop.day(near) == datetime.fromtimestamp(near / 1000, ZoneInfo(zone)).date()


def test_a_closing_time_of_an_older_server_may_have_seconds():
    hours = OpeningHours(ZONE, "21:00:30", {}, {})
    assert hours.next_closing(ms(2026, 3, 2, 9)) == ms(2026, 3, 2, 20, 0, 30)


def test_the_date_does_not_depend_on_the_moment_that_was_asked_for_before():
    hours, midnight = OpeningHours(ZONE, "21:00", {}, {}), ms(2026, 3, 2, 23)
    for at, day in (
        (midnight - 1, "2026-03-02"),
        (midnight, "2026-03-03"),
        (midnight - 1, "2026-03-02"),
        (midnight + 24 * 3_600_000 - 1, "2026-03-03"),
        (midnight + 24 * 3_600_000, "2026-03-04"),
        (midnight, "2026-03-03"),
    ):
        assert (hours.day_text(at), hours.day(at).isoformat()) == (day, day)
