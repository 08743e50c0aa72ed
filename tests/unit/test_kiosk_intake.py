"""The kiosk's session before the line: what each tap does, and in which language."""

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.session.intake import MAX_NAME_LENGTH
from kiosk.session.session import KioskScreen, ShopperSession
from kiosk.session.session_flow import SessionFlow
from sync_server.domain import ops

from .shopper import IDLE_MS, LINK, OTHER, STORE, VISIT, Shopper

# --- the way into the line ------------------------------------------------------------------------


def test_without_a_catalogue_the_kiosk_is_loading_and_takes_no_taps() -> None:
    shopper = Shopper()
    shopper.flow.choose_need("repair", shopper.now)
    assert shopper.screen is KioskScreen.LOADING
    shopper.wait(10 * IDLE_MS)
    assert shopper.screen is KioskScreen.LOADING
    shopper.update()
    assert shopper.screen is KioskScreen.NEED


def test_two_taps_put_a_shopper_in_line(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)
    assert shopper.screen is KioskScreen.IDENTIFY
    op = shopper.join()
    assert shopper.screen is KioskScreen.LINE
    assert op == ops.OpenVisit(VISIT, "A-42", "repair", "nl", link=LINK)


def test_three_taps_put_a_shopper_in_line_with_grouped_needs(shopper: Shopper) -> None:
    shopper.flow.choose_need("more", shopper.now)
    assert shopper.screen is KioskScreen.NEED_GROUP
    assert [need.code for need in shopper.flow.needs] == ["lost"]
    shopper.flow.choose_need("lost", shopper.now)
    assert shopper.join().need == "lost"


def test_the_greeting_shows_only_the_first_level(shopper: Shopper) -> None:
    assert [need.code for need in shopper.flow.needs] == ["repair", "more"]


def test_what_the_shopper_entered_is_in_the_op(shopper: Shopper) -> None:
    flow, now = shopper.flow, shopper.now
    flow.choose_need("repair", now)
    flow.choose_colour("red", now)
    flow.choose_place("seats", now)
    flow.open_name(now)
    assert shopper.screen is KioskScreen.NAME
    for key in (" ", "B", "o", "x"):
        flow.type(key, now)
    flow.erase(now)
    assert flow.session.name == "Bo"
    flow.back(now)
    op = shopper.join()
    assert (op.colour, op.place, op.alias) == ("red", "seats", "Bo")
    assert msgspec.json.decode(msgspec.json.encode(op), type=ops.OpenVisit) == op


def test_a_second_tap_clears_a_choice(shopper: Shopper) -> None:
    flow, now = shopper.flow, shopper.now
    flow.choose_need("repair", now)
    for _ in range(2):
        flow.choose_colour("red", now)
        flow.choose_place("seats", now)
    op = shopper.join()
    assert (op.colour, op.place) == (None, None)


def test_a_colour_or_place_that_is_not_in_the_catalogue_is_ignored(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)
    shopper.flow.choose_colour("tartan", shopper.now)
    shopper.flow.choose_place("roof", shopper.now)
    assert (shopper.flow.session.colour, shopper.flow.session.place) == (None, None)


def test_a_name_has_a_limit_and_a_blank_one_counts_as_none(shopper: Shopper) -> None:
    flow, now = shopper.flow, shopper.now
    flow.choose_need("repair", now)
    flow.open_name(now)
    flow.type("x" * 100, now)
    assert len(flow.session.name) == MAX_NAME_LENGTH
    for _ in range(MAX_NAME_LENGTH + 1):
        flow.erase(now)
    flow.type(" ", now)
    flow.back(now)
    assert shopper.join().alias is None


def test_back_goes_up_and_keeps_what_was_entered(shopper: Shopper) -> None:
    flow, now = shopper.flow, shopper.now
    flow.choose_need("more", now)
    flow.choose_need("lost", now)
    flow.choose_colour("red", now)
    flow.back(now)
    assert shopper.screen is KioskScreen.NEED_GROUP
    flow.back(now)
    assert shopper.screen is KioskScreen.NEED
    flow.choose_need("repair", now)
    assert flow.session.colour == "red"
    flow.back(now)
    assert shopper.screen is KioskScreen.NEED


def test_a_double_tap_joins_once(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)
    shopper.join()
    assert shopper.flow.join(OTHER, "A-43", LINK, shopper.now) == []


def test_a_need_that_leaves_the_catalogue_leads_back_to_the_greeting(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)
    shopper.update(catalogue=replace(STORE, needs=STORE.needs[1:]))
    assert shopper.screen is KioskScreen.NEED


def test_a_group_that_leaves_the_catalogue_leads_back_to_the_greeting(shopper: Shopper) -> None:
    shopper.flow.choose_need("more", shopper.now)
    shopper.update(catalogue=replace(STORE, needs=STORE.needs[:1]))
    assert shopper.screen is KioskScreen.NEED


# --- language -------------------------------------------------------------------------------------


def test_the_stores_first_language_is_the_first(shopper: Shopper) -> None:
    assert shopper.flow.session.language == "nl"


@pytest.mark.parametrize(("preferred", "spoken"), [("fi", "fi"), ("sv", "nl")])
def test_a_kiosk_may_start_in_another_of_the_stores_languages(preferred: str, spoken: str) -> None:
    shopper = Shopper(SessionFlow(preferred))
    shopper.update()
    assert shopper.flow.session.language == spoken


def test_the_language_changes_on_any_screen_and_is_in_the_op(shopper: Shopper) -> None:
    flow, now = shopper.flow, shopper.now
    flow.choose_need("repair", now)
    flow.choose_colour("red", now)
    flow.set_language("fi", now)
    assert (shopper.screen, flow.session.colour) == (KioskScreen.IDENTIFY, "red")
    assert shopper.join().language == "fi"
    flow.set_language("en", now)
    assert flow.session.language == "en"
    flow.set_language("xx", now)
    assert flow.session.language == "en"


def test_the_language_is_reset_for_the_next_shopper(shopper: Shopper) -> None:
    shopper.flow.set_language("fi", shopper.now)
    shopper.in_line()
    shopper.flow.acknowledge(shopper.now)
    assert shopper.flow.session == ShopperSession("nl")


def test_the_language_of_an_untouched_greeting_is_reset(shopper: Shopper) -> None:
    shopper.flow.set_language("fi", shopper.now)
    shopper.wait(IDLE_MS - 1)
    assert shopper.flow.session.language == "fi"
    shopper.wait(1)
    assert shopper.flow.session == ShopperSession("nl")
