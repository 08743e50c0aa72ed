"""What a closed shop says about the next opening."""

import pytest
from msgspec.structs import replace

from assets.i18n.reopening import reopening_text
from assets.i18n.texts import Texts
from kiosk.session.session import KioskScreen
from kiosk.session.session_flow import SessionFlow
from kiosk.session.visit_progress import FloorState
from sync_server.domain.catalogue.opening_hours import WEEKDAYS
from tests.gallery.fake_kiosk_device import AT, HOUR_MS, store_of

NIGHT = AT + 6 * HOUR_MS  # Friday 21 November 2025, nine in the evening
ALL_WEEK = dict.fromkeys(WEEKDAYS, "09:30-18:00")
SHUT = {f"2025-11-{day}": "closed" for day in range(21, 31)}


def floor_at(at: int = NIGHT, **store: object) -> FloorState:
    catalogue = store_of()
    return FloorState(replace(catalogue, store=replace(catalogue.store, **store)), at=at, live=True)


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
def test_the_next_opening_in_words(store: dict[str, object], at: int, en: str, nl: str, fi: str) -> None:
    floor = floor_at(at, **store)
    said = [reopening_text(floor.catalogue, floor.at, Texts(language)) for language in ("en", "nl", "fi")]
    assert said == [en, nl, fi]


def test_a_store_that_takes_needs_when_closed_shows_the_greeting() -> None:
    for takes, screen in ((True, KioskScreen.NEED), (False, KioskScreen.CLOSED)):
        flow = SessionFlow()
        flow.update_floor(floor_at(hours={"mon": "closed"}, needs_when_closed=takes), 0)
        assert flow.session.screen is screen
