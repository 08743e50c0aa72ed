"""The tablet's decisions: which screen is up, who is signed in, and what it tells by itself."""

import pytest
from msgspec.structs import replace

from staff_app import taps
from staff_app.board import Banner, Board, Notice
from staff_app.screen import BEFORE, OVER, Screen
from staff_app.seen import Seen
from staff_app.stand_in import StandIn
from sync_server.domain import ops
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import SignedIn

from .tablet import NOW, TABLET, Tablet, offered, person, vid, visit

# --- which screen --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "people", "screen"),
    [
        ([], [], Screen.WHO),
        ([], [person(device="another")], Screen.WHO),
        ([], [person()], Screen.FLOOR),
        ([visit()], [person()], Screen.FLOOR),
        ([offered()], [person()], Screen.OFFER),
        ([visit(1, "offered", offer_to="sam", offer_until=NOW + 9000)], [person()], Screen.FLOOR),
        ([visit(1, "accepted", employee="maya")], [person("maya", "serving")], Screen.WALKING),
        ([visit(1, "serving", employee="maya")], [person("maya", "serving")], Screen.IN_HAND),
        ([visit(1, "serving", employee="sam")], [person()], Screen.FLOOR),
        ([visit(1, "on_hold", employee="maya")], [person()], Screen.FLOOR),
        ([visit(1, "on_hold", employee="maya")], [person("maya", "on_break")], Screen.BREAK),
        ([], [person("maya", "not_responding")], Screen.AWAY),
        ([offered()], [person("maya", "on_break")], Screen.OFFER),
        ([offered(2), visit(1, "serving", employee="maya")], [person("maya", "serving")], Screen.OFFER),
    ],
)
def test_the_floor_decides_the_screen(rows, people, screen):
    assert Tablet(*rows, people=tuple(people)).screen is screen


def test_without_a_catalogue_the_tablet_looks_for_its_store():
    board = Board(Seen(StandIn(None, TABLET, NOW).view, None, TABLET, NOW))
    assert board.screen is Screen.STARTING


def test_an_offer_comes_wherever_i_am_and_the_page_is_there_again_after_it():
    tablet = Tablet()
    tablet.board.open(Screen.QUICK)
    tablet.board.quick("repair")
    tablet.show(offered())
    assert tablet.screen is Screen.OFFER
    tablet.do(taps.not_now(tablet.seen))
    assert tablet.screen is Screen.QUICK_END
    assert tablet.board.quick_need == "repair"


def test_an_accepted_offer_ends_the_page_it_covered():
    tablet = Tablet()
    tablet.board.open(Screen.QUICK)
    tablet.show(offered())
    tablet.do(taps.coming(tablet.seen))
    assert tablet.screen is Screen.WALKING
    tablet.do(taps.give_back(tablet.seen))
    assert tablet.screen is Screen.FLOOR


def test_a_lapsed_offer_waits_for_the_servers_word_only_while_connected():
    tablet = Tablet(offered(left_s=1))
    tablet.after(1.2)
    assert tablet.screen is Screen.OFFER
    tablet.device.live = False
    tablet.look()
    assert tablet.screen is Screen.FLOOR


@pytest.mark.parametrize("page", list(OVER))
def test_a_page_opens_only_over_the_screens_it_belongs_to_and_back_leads_there(page):
    bases = {
        Screen.FLOOR: Tablet(),
        Screen.BREAK: Tablet(people=(person("maya", "on_break"),)),
        Screen.WALKING: Tablet(visit(1, "accepted", employee="maya")),
        Screen.IN_HAND: Tablet(visit(1, "serving", employee="maya")),
        Screen.AWAY: Tablet(people=(person("maya", "not_responding"),)),
    }
    for base, tablet in bases.items():
        tablet.board.open(page)
        assert tablet.screen is (page if base in OVER[page] else base)
        tablet.board.back()
        assert tablet.screen is (BEFORE.get(page, base) if base in OVER[page] else base)


def test_a_page_about_a_visit_closes_when_that_visit_leaves_my_hands():
    tablet = Tablet(visit(1, "serving", employee="maya"))
    tablet.board.open(Screen.HAND_OVER)
    tablet.do(taps.hand_over(tablet.seen, "tried another cable"))
    assert tablet.screen is Screen.FLOOR
    tablet.show(visit(2, "serving", employee="maya"))
    assert tablet.screen is Screen.IN_HAND


# --- signing in and off --------------------------------------------------------------------------


def test_signing_in_asks_who_and_then_the_pin():
    tablet = Tablet(people=())
    tablet.board.choose("maya")
    assert tablet.screen is Screen.PIN
    tablet.board.back()
    assert tablet.screen is Screen.WHO


def test_one_try_at_a_time():
    board = Tablet(people=()).board
    board.choose("maya")
    assert board.try_pin() == "maya"
    assert board.try_pin() is None
    board.tried_pin(SignedIn("r", Refusal(Code.WRONG_PIN)))
    assert board.try_pin() == "maya"


def test_too_many_tries_count_down():
    tablet = Tablet(people=())
    tablet.board.choose("maya")
    tablet.board.try_pin()
    tablet.board.tried_pin(SignedIn("r", Refusal(Code.TOO_MANY_TRIES), 30))
    assert tablet.board.wait_s == 30
    tablet.after(29.5)
    assert (tablet.board.wait_s, tablet.board.try_pin()) == (1, None)
    tablet.after(0.5)
    assert (tablet.board.wait_s, tablet.board.try_pin()) == (0, "maya")


def test_no_connection_is_an_answer_too():
    board = Tablet(people=()).board
    board.choose("maya")
    board.try_pin()
    board.tried_pin(None)
    assert board.answer is Code.NOT_SIGNED_IN


def test_a_second_sign_in_elsewhere_is_told():
    tablet = Tablet()
    tablet.show(people=(person(device="another"),))
    assert (tablet.screen, tablet.board.notice) == (Screen.WHO, (Notice.ELSEWHERE, "maya"))


def test_being_signed_off_is_told_and_signing_off_is_thanked():
    tablet = Tablet()
    tablet.show(people=(person("maya", "off_floor", None),))
    assert tablet.board.notice == (Notice.SIGNED_OFF, "maya")

    tablet = Tablet()
    tablet.board.leaving()
    tablet.do(taps.sign_off(tablet.seen))
    assert tablet.board.notice == (Notice.THANKS, "maya")
    tablet.device.answer()  # for a moment the rows are as before
    tablet.show(people=(person("maya", "off_floor", None),))
    assert (tablet.screen, tablet.board.notice) == (Screen.WHO, (Notice.THANKS, "maya"))


def test_nobody_signs_off_with_a_visit_of_theirs_left():
    assert taps.sign_off(Tablet(visit(1, "on_hold", employee="maya")).seen) is None
    assert taps.sign_off(Tablet(visit(1, "on_hold", employee="sam")).seen) is not None


def test_presence_is_set_only_where_it_differs():
    seen = Tablet(people=(person("maya", "not_responding"),)).seen
    assert taps.be(seen, Presence.AVAILABLE) == ops.SetPresence(Presence.AVAILABLE)
    assert taps.be(Tablet().seen, Presence.AVAILABLE) is None


# --- what the tablet tells -----------------------------------------------------------------------


def test_a_shopper_who_left_is_told_but_not_when_i_ended_the_visit():
    tablet = Tablet(visit(7, "accepted", employee="maya"))
    tablet.show()
    assert tablet.board.notice == (Notice.SHOPPER_LEFT, "A-7")

    serving = visit(7, "serving", employee="maya")
    tablet = Tablet(serving)
    tablet.do(taps.complete(tablet.seen, Resolution.SOLVED))
    tablet.device.answer()  # the answer comes before the news of it: for a moment the row is as before
    assert tablet.screen is Screen.IN_HAND
    tablet.show()
    assert (tablet.screen, tablet.board.notice) == (Screen.FLOOR, None)


def test_a_short_loss_of_the_connection_is_not_worth_a_word():
    tablet = Tablet()
    tablet.device.live = False
    tablet.look()
    assert tablet.board.banner is None
    tablet.after(3)
    assert tablet.board.banner is Banner.OFFLINE
    tablet.after(57)
    assert tablet.board.banner is Banner.LONG_OFFLINE
    tablet.device.live = True
    tablet.look()
    assert tablet.board.banner is None


def test_what_keeps_the_server_from_writing_is_told():
    tablet = Tablet()
    tablet.device.problem = "disk full"
    tablet.look()
    assert tablet.board.banner is Banner.PROBLEM


def test_a_refused_op_is_seen_until_it_is_dismissed():
    tablet = Tablet(visit(1))
    tablet.do(taps.take(tablet.seen, vid(1)))
    submit = tablet.device.answer(Refusal(Code.ALREADY_TAKEN, "sam"))
    assert tablet.screen is Screen.FLOOR
    assert tablet.seen.refused == ((submit, Refusal(Code.ALREADY_TAKEN, "sam")),)
    tablet.device.outbox.dismiss(submit.op_id)
    tablet.look()
    assert tablet.seen.refused == ()


def test_the_rows_given_are_never_altered():
    row = visit(1, "serving", employee="maya")
    copy = replace(row)
    tablet = Tablet(row)
    tablet.do(taps.complete(tablet.seen, Resolution.SOLVED))
    assert row == copy
