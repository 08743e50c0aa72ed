"""The catalogue: needs, skills, tips, gifts and employees, and when the store closes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain.catalogue.catalogue import Gift, Need, StoreInfo, Tip
from tests.sample_store import catalogue, ms, text


def closing(closes: str, timezone: str = "Europe/Amsterdam"):
    return catalogue(store=StoreInfo(name="Shop", closes=closes, timezone=timezone))


# --- needs -------------------------------------------------------------------------------------------


def test_a_need_that_groups_others_cannot_be_chosen():
    shop = catalogue()
    assert shop.need("advice") is None
    assert shop.need("advice_sound").under == "advice"
    assert shop.need("nothing_like_it") is None


def test_a_screen_shows_the_needs_of_one_level_in_the_stores_own_order():
    shop = catalogue()
    top = [need.code for need in shop.needs_under(None)]
    assert top == ["repair", "repair_phone", "buy", "ask", "pick_up", "advice"]
    assert [need.code for need in shop.needs_under("advice")] == ["advice_sound"]
    assert shop.needs_under("repair") == ()


def test_each_ring_wants_one_preferred_skill_less_and_all_required_ones():
    need = Need("n", text("n"), "i", skills=("a",), prefer=("b", "c"))
    assert need.rings == 3
    wanted = [need.wanted_skills(ring) for ring in range(5)]
    assert wanted == [{"a", "b", "c"}, {"a", "b"}, {"a"}, {"a"}, {"a"}]


def test_the_catalogue_has_the_wanted_skills_of_each_ring():
    shop = catalogue()
    assert shop.wanted_skills("repair_phone", 0) == {"repair", "phone", "sales"}
    assert shop.wanted_skills("repair_phone", 2) == {"repair"}
    assert shop.wanted_skills("repair_phone", 9) == {"repair"}
    assert shop.wanted_skills("no_longer_sold", 0) == frozenset()


def test_tips_and_gifts_are_for_the_needs_they_name_or_for_all():
    shop = catalogue(
        tips=(Tip("any", text("t")), Tip("one", text("t"), ("repair",))),
        gifts=(Gift("g", text("g"), 100, ("buy",)),),
    )
    assert [tip.code for tip in shop.tips_for("repair")] == ["any", "one"]
    assert [tip.code for tip in shop.tips_for("buy")] == ["any"]
    assert [gift.code for gift in shop.gifts_for("buy")] == ["g"]
    assert shop.gifts_for("repair") == ()


def test_an_employee_is_found_by_id():
    assert catalogue().employee("maya").name == "Maya"
    assert catalogue().employee("Maya") is None


# --- days and closing times ---------------------------------------------------------------------------


def test_the_store_day_is_the_local_date():
    shop = catalogue()
    assert shop.day(ms(2026, 3, 2, 22, 59)) == "2026-03-02"
    assert shop.day(ms(2026, 3, 2, 23)) == "2026-03-03"
    assert shop.day(ms(2026, 7, 2, 22)) == "2026-07-03"  # summer time


def test_the_warning_before_closing_time_begins_exactly_so_many_minutes_before():
    shop = catalogue(store=StoreInfo("Shop", closes="21:00", closing_warning_min=15))
    closes = ms(2026, 3, 2, 20)
    assert shop.closes_soon(closes - 15 * 60_000 - 1) is None
    assert shop.closes_soon(closes - 15 * 60_000) == closes
    assert shop.closes_soon(closes - 1) == closes
    assert shop.closes_soon(closes) is None


@pytest.mark.parametrize(
    ("at", "last", "following"),
    [
        (ms(2026, 3, 2, 19, 59), ms(2026, 3, 1, 20), ms(2026, 3, 2, 20)),
        (ms(2026, 3, 2, 20), ms(2026, 3, 2, 20), ms(2026, 3, 3, 20)),  # at that very moment it is closed
        (ms(2026, 3, 28, 21), ms(2026, 3, 28, 20), ms(2026, 3, 29, 19)),  # a day of 23 hours
        (ms(2026, 10, 24, 20), ms(2026, 10, 24, 19), ms(2026, 10, 25, 20)),  # a day of 25
    ],
)
def test_closing_times_around_a_moment(at, last, following):
    shop = closing("21:00")
    assert shop.last_closing(at) == last
    assert shop.next_closing(at) == following


CLOSES = ["00:00", "01:30", "02:00", "02:30", "03:00", "21:00", "23:59"]
ZONES = ["Europe/Amsterdam", "Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut"]
NIGHTS_THAT_CHANGE = [(3, 7), (3, 28), (4, 4), (10, 3), (10, 24), (10, 31)]  # in some time zone, in 2026


def lies_between_two_closings(at: int, closes: str, timezone: str) -> None:
    shop = closing(closes, timezone)
    last, following = shop.last_closing(at), shop.next_closing(at)
    assert last <= at < following
    assert shop.last_closing(following - 1) == last  # none in between
    assert shop.last_closing(following) == following
    zone = ZoneInfo(timezone)
    days = [datetime.fromtimestamp(t / 1000, UTC).astimezone(zone).date() for t in (last, following)]
    assert (days[1] - days[0]).days == 1


@pytest.mark.parametrize("timezone", ZONES)
@pytest.mark.parametrize("closes", CLOSES)
def test_in_a_night_of_daylight_saving_every_moment_is_between_two_closing_times(closes, timezone):
    for month, day in NIGHTS_THAT_CHANGE:
        for quarter in range(24 * 4):
            lies_between_two_closings(ms(2026, month, day, 12) + quarter * 900_000, closes, timezone)


@given(
    st.integers(ms(2026, 1, 1) // 1000, ms(2027, 1, 1) // 1000).map(lambda second: second * 1000),
    st.sampled_from(CLOSES),
    st.sampled_from(ZONES),
)
def test_every_moment_of_the_year_is_between_two_closing_times(at, closes, timezone):
    lies_between_two_closings(at, closes, timezone)
