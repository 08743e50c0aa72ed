"""The kiosk's session on the way into the line: what each tap leads to, and in which language."""

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.flow import Flow
from kiosk.session import Screen, Session
from kiosk.telling import LONGEST_NAME
from sync_server.domain import ops

from .shopper import (
    IDLE_MS,
    LINK,
    OTHER,
    STORE,
    VISIT,
    Shopper,
)

# --- the way into the line ------------------------------------------------------------------------


def test_a_kiosk_that_knows_no_store_yet_asks_for_a_moment_and_takes_no_taps() -> None:
    shopper = Shopper()
    shopper.flow.choose_need("repair", shopper.now)
    assert shopper.screen is Screen.MOMENT
    shopper.wait(10 * IDLE_MS)
    assert shopper.screen is Screen.MOMENT
    shopper.see()
    assert shopper.screen is Screen.NEED


def test_two_taps_put_a_shopper_in_line(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)
    assert shopper.screen is Screen.SPOT
    op = shopper.join()
    assert shopper.screen is Screen.LINE
    assert op == ops.OpenVisit(VISIT, "A-42", "repair", "nl", link=LINK)


def test_three_taps_do_where_needs_are_grouped(shopper: Shopper) -> None:
    shopper.flow.choose_need("more", shopper.now)
    assert shopper.screen is Screen.MORE
    assert [need.code for need in shopper.flow.tiles] == ["lost"]
    shopper.flow.choose_need("lost", shopper.now)
    assert shopper.join().need == "lost"


def test_the_greeting_shows_only_the_first_level(shopper: Shopper) -> None:
    assert [need.code for need in shopper.flow.tiles] == ["repair", "more"]


def test_what_the_shopper_says_of_themselves_goes_along(shopper: Shopper) -> None:
    flow, now = shopper.flow, shopper.now
    flow.choose_need("repair", now)
    flow.choose_colour("red", now)
    flow.choose_place("seats", now)
    flow.open_name(now)
    assert shopper.screen is Screen.NAME
    for key in (" ", "B", "o", "x"):
        flow.type(key, now)
    flow.erase(now)
    assert flow.session.name == "Bo"
    flow.back(now)
    op = shopper.join()
    assert (op.colour, op.place, op.alias) == ("red", "seats", "Bo")
    assert msgspec.json.decode(msgspec.json.encode(op), type=ops.OpenVisit) == op


def test_a_second_tap_takes_a_choice_back(shopper: Shopper) -> None:
    flow, now = shopper.flow, shopper.now
    flow.choose_need("repair", now)
    for _ in range(2):
        flow.choose_colour("red", now)
        flow.choose_place("seats", now)
    op = shopper.join()
    assert (op.colour, op.place) == (None, None)


def test_a_colour_or_place_nobody_offered_is_not_taken(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)
    shopper.flow.choose_colour("tartan", shopper.now)
    shopper.flow.choose_place("roof", shopper.now)
    assert (shopper.flow.session.colour, shopper.flow.session.place) == (None, None)


def test_a_name_has_an_end_and_a_blank_one_is_none(shopper: Shopper) -> None:
    flow, now = shopper.flow, shopper.now
    flow.choose_need("repair", now)
    flow.open_name(now)
    flow.type("x" * 100, now)
    assert len(flow.session.name) == LONGEST_NAME
    for _ in range(LONGEST_NAME + 1):
        flow.erase(now)
    flow.type(" ", now)
    flow.back(now)
    assert shopper.join().alias is None


def test_back_leads_up_and_keeps_what_was_said(shopper: Shopper) -> None:
    flow, now = shopper.flow, shopper.now
    flow.choose_need("more", now)
    flow.choose_need("lost", now)
    flow.choose_colour("red", now)
    flow.back(now)
    assert shopper.screen is Screen.MORE
    flow.back(now)
    assert shopper.screen is Screen.NEED
    flow.choose_need("repair", now)
    assert flow.session.colour == "red"
    flow.back(now)
    assert shopper.screen is Screen.NEED


def test_nobody_joins_twice_with_a_double_tap(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)
    shopper.join()
    assert shopper.flow.join(OTHER, "A-43", LINK, shopper.now) == []


def test_a_need_that_leaves_the_catalogue_leads_back_to_the_greeting(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)
    shopper.see(catalogue=replace(STORE, needs=STORE.needs[1:]))
    assert shopper.screen is Screen.NEED


def test_a_group_that_leaves_the_catalogue_leads_back_to_the_greeting(shopper: Shopper) -> None:
    shopper.flow.choose_need("more", shopper.now)
    shopper.see(catalogue=replace(STORE, needs=STORE.needs[:1]))
    assert shopper.screen is Screen.NEED


# --- language -------------------------------------------------------------------------------------


def test_the_stores_first_language_is_the_first(shopper: Shopper) -> None:
    assert shopper.flow.session.language == "nl"


@pytest.mark.parametrize(("preferred", "spoken"), [("fi", "fi"), ("sv", "nl")])
def test_a_kiosk_may_start_in_another_of_the_stores_languages(preferred: str, spoken: str) -> None:
    shopper = Shopper(Flow(preferred))
    shopper.see()
    assert shopper.flow.session.language == spoken


def test_language_changes_on_any_screen_and_goes_along(shopper: Shopper) -> None:
    flow, now = shopper.flow, shopper.now
    flow.choose_need("repair", now)
    flow.choose_colour("red", now)
    flow.speak("fi", now)
    assert (shopper.screen, flow.session.colour) == (Screen.SPOT, "red")
    assert shopper.join().language == "fi"
    flow.speak("en", now)
    assert flow.session.language == "en"
    flow.speak("xx", now)
    assert flow.session.language == "en"


def test_language_goes_back_for_the_next_shopper(shopper: Shopper) -> None:
    shopper.flow.speak("fi", shopper.now)
    shopper.in_line()
    shopper.flow.all_right(shopper.now)
    assert shopper.flow.session == Session("nl")


def test_language_of_somebody_who_only_looked_goes_back_quietly(shopper: Shopper) -> None:
    shopper.flow.speak("fi", shopper.now)
    shopper.wait(IDLE_MS - 1)
    assert shopper.flow.session.language == "fi"
    shopper.wait(1)
    assert shopper.flow.session == Session("nl")
