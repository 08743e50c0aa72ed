"""The state of the tablet: which screen is shown, who is signed in, and its notices."""

import pytest
from msgspec.structs import replace

from staff_app import intents
from staff_app.navigation import PAGE_BASES, PARENT_PAGES, StaffScreen
from staff_app.snapshot import TabletSnapshot
from staff_app.tablet_state import ERROR_MS, Banner, Notice, TabletState
from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.protocol.messages import SignedIn
from tests.gallery.staff_device import FakeStaffDevice

from .tablet import NOW, TABLET, Tablet, offered, person, vid, visit

# --- which screen --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "people", "screen"),
    [
        ([], [], StaffScreen.WHO),
        ([], [person(device="another")], StaffScreen.WHO),
        ([], [person()], StaffScreen.FLOOR),
        ([visit()], [person()], StaffScreen.FLOOR),
        ([offered()], [person()], StaffScreen.OFFER),
        ([visit(1, "offered", offer_to="sam", offer_until=NOW + 9000)], [person()], StaffScreen.FLOOR),
        ([visit(1, "accepted", employee="maya")], [person("maya", "serving")], StaffScreen.ON_THE_WAY),
        ([visit(1, "serving", employee="maya")], [person("maya", "serving")], StaffScreen.SERVING),
        ([visit(1, "serving", employee="sam")], [person()], StaffScreen.FLOOR),
        ([visit(1, "on_hold", employee="maya")], [person()], StaffScreen.FLOOR),
        ([visit(1, "on_hold", employee="maya")], [person("maya", "on_break")], StaffScreen.BREAK),
        ([], [person("maya", "not_responding")], StaffScreen.AWAY),
        ([offered()], [person("maya", "on_break")], StaffScreen.OFFER),
        ([offered(2), visit(1, "serving", employee="maya")], [person("maya", "serving")], StaffScreen.OFFER),
    ],
)
def test_the_floor_decides_the_screen(rows, people, screen):
    assert Tablet(*rows, people=tuple(people)).screen is screen


def test_without_a_catalogue_the_tablet_looks_for_its_store():
    state = TabletState(TabletSnapshot(FakeStaffDevice(None, TABLET, NOW).view, None, TABLET, NOW))
    assert state.screen is StaffScreen.LOADING


def test_an_offer_covers_any_page_and_the_page_returns_after_it():
    tablet = Tablet()
    tablet.state.open_page(StaffScreen.QUICK)
    tablet.state.choose_quick_need("repair")
    tablet.show(offered())
    assert tablet.screen is StaffScreen.OFFER
    tablet.do(intents.decline(tablet.snapshot))
    assert tablet.screen is StaffScreen.QUICK_RESOLUTIONS
    assert tablet.state.quick_need == "repair"


def test_an_accepted_offer_ends_the_page_it_covered():
    tablet = Tablet()
    tablet.state.open_page(StaffScreen.QUICK)
    tablet.show(offered())
    tablet.do(intents.accept(tablet.snapshot))
    assert tablet.screen is StaffScreen.ON_THE_WAY
    tablet.do(intents.give_back(tablet.snapshot))
    assert tablet.screen is StaffScreen.FLOOR


def test_a_lapsed_offer_waits_for_the_update_only_while_connected():
    tablet = Tablet(offered(left_s=1))
    tablet.after(1.2)
    assert tablet.screen is StaffScreen.OFFER
    tablet.device.live = False
    tablet.refresh()
    assert tablet.screen is StaffScreen.FLOOR


@pytest.mark.parametrize("page", list(PAGE_BASES))
def test_a_page_opens_only_over_its_screens_and_back_returns_to_them(page):
    bases = {
        StaffScreen.FLOOR: Tablet(),
        StaffScreen.BREAK: Tablet(people=(person("maya", "on_break"),)),
        StaffScreen.ON_THE_WAY: Tablet(visit(1, "accepted", employee="maya")),
        StaffScreen.SERVING: Tablet(visit(1, "serving", employee="maya")),
        StaffScreen.AWAY: Tablet(people=(person("maya", "not_responding"),)),
    }
    for base, tablet in bases.items():
        tablet.state.open_page(page)
        assert tablet.screen is (page if base in PAGE_BASES[page] else base)
        tablet.state.back()
        assert tablet.screen is (PARENT_PAGES.get(page, base) if base in PAGE_BASES[page] else base)


def test_a_page_about_a_visit_closes_when_that_visit_is_not_in_hand_any_more():
    tablet = Tablet(visit(1, "serving", employee="maya"))
    tablet.state.open_page(StaffScreen.HAND_OVER)
    tablet.do(intents.hand_over(tablet.snapshot, "tried another cable"))
    assert tablet.screen is StaffScreen.FLOOR
    tablet.show(visit(2, "serving", employee="maya"))
    assert tablet.screen is StaffScreen.SERVING


# --- signing in and off --------------------------------------------------------------------------


def test_signing_in_asks_who_and_then_the_pin():
    tablet = Tablet(people=())
    tablet.state.choose_employee("maya")
    assert tablet.screen is StaffScreen.PIN
    tablet.state.back()
    assert tablet.screen is StaffScreen.WHO


def test_one_sign_in_at_a_time():
    state = Tablet(people=()).state
    state.choose_employee("maya")
    assert state.begin_sign_in() == "maya"
    assert state.begin_sign_in() is None
    state.end_sign_in(SignedIn("r", Refusal(Code.WRONG_PIN)))
    assert state.begin_sign_in() == "maya"


def test_the_pause_after_wrong_pins_counts_down():
    tablet = Tablet(people=())
    tablet.state.choose_employee("maya")
    tablet.state.begin_sign_in()
    tablet.state.end_sign_in(SignedIn("r", Refusal(Code.TOO_MANY_TRIES), 30))
    assert tablet.state.pin_wait_s == 30
    tablet.after(29.5)
    assert (tablet.state.pin_wait_s, tablet.state.begin_sign_in()) == (1, None)
    tablet.after(0.5)
    assert (tablet.state.pin_wait_s, tablet.state.begin_sign_in()) == (0, "maya")


def test_a_sign_in_without_a_connection_is_explained():
    state = Tablet(people=()).state
    state.choose_employee("maya")
    state.begin_sign_in()
    state.end_sign_in(None)
    assert state.sign_in_answer is Code.NOT_SIGNED_IN


def test_a_sign_in_on_another_tablet_is_noticed():
    tablet = Tablet()
    tablet.show(people=(person(device="another"),))
    assert (tablet.screen, tablet.state.notice) == (StaffScreen.WHO, (Notice.ELSEWHERE, "maya"))


def test_being_signed_off_is_explained_and_signing_off_is_thanked():
    tablet = Tablet()
    tablet.show(people=(person("maya", "off_floor", None),))
    assert tablet.state.notice == (Notice.SIGNED_OFF, "maya")

    tablet = Tablet()
    tablet.state.begin_sign_off()
    tablet.do(intents.sign_off(tablet.snapshot))
    assert tablet.state.notice == (Notice.THANKS, "maya")
    tablet.device.answer()  # until the update arrives the rows are as before
    tablet.show(people=(person("maya", "off_floor", None),))
    assert (tablet.screen, tablet.state.notice) == (StaffScreen.WHO, (Notice.THANKS, "maya"))


def test_nobody_signs_off_with_an_unfinished_visit():
    assert intents.sign_off(Tablet(visit(1, "on_hold", employee="maya")).snapshot) is None
    assert intents.sign_off(Tablet(visit(1, "on_hold", employee="sam")).snapshot) is not None


def test_presence_is_set_only_if_it_differs():
    snapshot = Tablet(people=(person("maya", "not_responding"),)).snapshot
    assert intents.set_presence(snapshot, Presence.AVAILABLE) == ops.SetPresence(Presence.AVAILABLE)
    assert intents.set_presence(Tablet().snapshot, Presence.AVAILABLE) is None


# --- banners and notices -------------------------------------------------------------------------


def test_a_shopper_who_left_is_noticed_but_not_a_visit_that_was_completed_here():
    tablet = Tablet(visit(7, "accepted", employee="maya"))
    tablet.show()
    assert tablet.state.notice == (Notice.SHOPPER_LEFT, "A-7")

    serving = visit(7, "serving", employee="maya")
    tablet = Tablet(serving)
    tablet.do(intents.complete(tablet.snapshot, Resolution.SOLVED))
    tablet.device.answer()  # the answer arrives before the update: until then the row is as before
    assert tablet.screen is StaffScreen.SERVING
    tablet.show()
    assert (tablet.screen, tablet.state.notice) == (StaffScreen.FLOOR, None)


def test_a_short_disconnection_has_no_banner():
    tablet = Tablet()
    tablet.device.live = False
    tablet.refresh()
    assert tablet.state.banner is None
    tablet.after(3)
    assert tablet.state.banner is Banner.OFFLINE
    tablet.after(57)
    assert tablet.state.banner is Banner.LONG_OFFLINE
    tablet.device.live = True
    tablet.refresh()
    assert tablet.state.banner is None


def test_a_problem_of_the_server_has_a_banner():
    tablet = Tablet()
    tablet.device.problem = "disk full"
    tablet.refresh()
    assert tablet.state.banner is Banner.PROBLEM


def test_a_refused_op_is_seen_until_it_is_dismissed():
    tablet = Tablet(visit(1))
    tablet.do(intents.claim(tablet.snapshot, vid(1)))
    submit = tablet.device.answer(Refusal(Code.ALREADY_TAKEN, "sam"))
    assert tablet.screen is StaffScreen.FLOOR
    assert tablet.snapshot.refused == ((submit, Refusal(Code.ALREADY_TAKEN, "sam")),)
    tablet.device.outbox.dismiss(submit.op_id)
    tablet.refresh()
    assert tablet.snapshot.refused == ()


def test_the_given_rows_are_never_modified():
    row = visit(1, "serving", employee="maya")
    copy = replace(row)
    tablet = Tablet(row)
    tablet.do(intents.complete(tablet.snapshot, Resolution.SOLVED))
    assert row == copy


def test_a_person_has_real_seconds_also_where_the_stores_time_is_thirty_times_as_fast() -> None:
    tablet = Tablet(offered(left_s=15 * 30))
    tablet.device.pace = 30
    tablet.refresh()
    assert tablet.state.snapshot.offer_seconds_left(tablet.state.snapshot.offer) == 15
    tablet.device.show((), (person(),))
    tablet.state.show_error()
    tablet.device.now += ERROR_MS * 29
    tablet.refresh()
    assert tablet.state.screen is StaffScreen.ERROR
    tablet.device.now += ERROR_MS + 1
    tablet.refresh()
    assert tablet.state.screen is StaffScreen.FLOOR
    tablet.device.live = False
    tablet.refresh()
    tablet.device.now += 30_000
    tablet.refresh()
    assert tablet.state.offline_s == 1


def test_a_break_that_the_manager_gave_is_noticed_and_ones_own_is_not():
    tablet = Tablet()
    tablet.show(people=(person(presence="on_break"),))
    assert tablet.state.notice == (Notice.PUT_ON_BREAK, "")
    tablet.state.notice = None
    tablet.state.tapped_presence = Presence.AVAILABLE
    tablet.show(people=(person(presence="available"),))
    assert tablet.state.notice is None
    tablet.state.tapped_presence = Presence.ON_BREAK
    tablet.show(people=(person(presence="on_break"),))
    assert tablet.state.notice is None
    tablet.show(people=(person(presence="available"),))
    assert tablet.state.notice == (Notice.CALLED_BACK, "")
