"""What a closed kiosk says of the next opening."""

import pytest
from msgspec.structs import replace

from assets.words import Words
from kiosk.flow import Flow
from kiosk.opening import opening
from kiosk.scenes import AT, HOUR_MS, store_of
from kiosk.session import Screen
from kiosk.standing import World
from sync_server.domain.hours import WEEKDAYS

NIGHT = AT + 6 * HOUR_MS  # Friday 21 November 2025, nine in the evening
ALL_WEEK = dict.fromkeys(WEEKDAYS, "09:30-18:00")
SHUT = {f"2025-11-{day}": "closed" for day in range(21, 31)}


def world(at: int = NIGHT, **store: object) -> World:
    catalogue = store_of()
    return World(replace(catalogue, store=replace(catalogue.store, **store)), at=at, live=True)


@pytest.mark.parametrize(
    ("store", "at", "en", "nl", "fi"),
    [
        (
            {"hours": ALL_WEEK}, NIGHT + 5 * HOUR_MS,
            "We open at 09:30", "We gaan open om 09:30", "Avaamme klo 9.30",
        ),
        (
            {"hours": ALL_WEEK}, NIGHT,
            "We open tomorrow at 09:30", "We gaan morgen open om 09:30", "Avaamme huomenna klo 9.30",
        ),
        (
            {"hours": {"mon": "10:00-18:00"}}, NIGHT,
            "We open on Monday at 10:00", "We gaan maandag open om 10:00", "Avaamme maanantaina klo 10.00",
        ),
        (
            {"hours": ALL_WEEK, "dates": SHUT}, NIGHT,
            "We open on 1 December at 09:30", "We gaan op 1 december open om 09:30",
            "Avaamme 1. joulukuuta klo 9.30",
        ),
        ({"hours": {"mon": "closed"}}, NIGHT, "", "", ""),
    ],
)  # fmt: skip
def test_the_next_opening_is_told_as_people_say_it(
    store: dict[str, object], at: int, en: str, nl: str, fi: str
) -> None:
    there = world(at, **store)
    assert [opening(there, Words(language)) for language in ("en", "nl", "fi")] == [en, nl, fi]


def test_a_shop_that_takes_needs_when_closed_goes_on_greeting() -> None:
    for takes, screen in ((True, Screen.NEED), (False, Screen.CLOSED)):
        flow = Flow()
        flow.see(world(hours={"mon": "closed"}, needs_when_closed=takes), 0)
        assert flow.session.screen is screen
