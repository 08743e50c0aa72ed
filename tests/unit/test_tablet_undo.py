"""The tablet confirms what ended a visit, and takes it back for ten seconds."""

import pytest

from assets.i18n.texts import Texts
from staff_app import intents
from staff_app.navigation import StaffScreen
from staff_app.presenters.banners import banners
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution

from .tablet import NOW, Tablet, offered, person, vid, visit

SERVING = visit(1, "serving", employee="maya", rev=4, serving_at=NOW, stint_at=NOW)
COLLEAGUE = person("sam", device="t2")


def sold() -> Tablet:
    tablet = Tablet(SERVING)
    tablet.do(intents.complete(tablet.snapshot, Resolution.SOLD))
    return tablet


def handed_over() -> Tablet:
    tablet = Tablet(SERVING, people=(person(), COLLEAGUE))
    tablet.do(intents.hand_over(tablet.snapshot, "the story"))
    return tablet


def quick() -> Tablet:
    tablet = Tablet()
    op = intents.quick_resolution(tablet.snapshot, "repair", Resolution.SOLVED, vid(7), "M-1", "en")
    tablet.do(op)
    return tablet


def said(tablet: Tablet) -> tuple[str, str]:
    shown = banners(tablet.state, Texts("en"))
    return shown.message, shown.take_back


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (sold, "A-1 has ended: Sold"),
        (handed_over, "A-1 is handed over. A colleague is asked."),
        (quick, "Solved. Saved."),
    ],
)
def test_an_end_is_confirmed_and_can_be_taken_back_for_ten_seconds(made, message):
    tablet = made()
    assert tablet.screen is StaffScreen.FLOOR
    assert said(tablet) == (message, "Take back · 10")
    tablet.after(9.5)
    assert said(tablet) == (message, "Take back · 1")
    tablet.after(0.5)
    assert said(tablet) == ("", "")
    assert tablet.state.take_back() == ()


@pytest.mark.parametrize(
    ("made", "undo"),
    [
        (sold, (ops.Undo(vid(1), 5),)),
        (handed_over, (ops.Undo(vid(1), 5),)),
        (quick, (ops.Undo(vid(7), 4), ops.Remove(vid(7), 5))),
    ],
)
def test_what_taking_back_submits(made, undo):
    tablet = made()
    assert tablet.state.take_back() == undo
    assert tablet.state.take_back() == (), "once"
    assert said(tablet) == ("", "")


@pytest.mark.parametrize("made", [sold, handed_over])
def test_the_visit_is_in_hand_again_without_waiting_for_the_server(made):
    tablet = made()
    for op in tablet.state.take_back():
        tablet.do(op)
    assert tablet.screen is StaffScreen.SERVING
    assert tablet.snapshot.in_hand.rev == 6


def test_what_was_chosen_for_the_visit_is_still_chosen():
    tablet = Tablet(SERVING)
    tablet.state.toggle_gift("cable")
    tablet.do(intents.complete(tablet.snapshot, Resolution.SOLD, gift="cable"))
    tablet.after(3)
    for op in tablet.state.take_back():
        tablet.do(op)
    assert tablet.state.extras.gift == "cable"


def test_an_offer_to_a_colleague_raises_the_rev_of_what_is_taken_back():
    tablet = handed_over()
    tablet.device.answer()
    row = visit(1, "offered", rev=6, handovers=1, serving_at=NOW, offer_to="sam", offer_until=NOW + 9000)
    tablet.show(row, people=(person(), COLLEAGUE))
    assert tablet.state.take_back() == (ops.Undo(vid(1), 6),)


def test_a_colleague_who_took_it_keeps_it():
    tablet = handed_over()
    tablet.show(visit(1, "accepted", rev=7, employee="sam"), people=(person(), COLLEAGUE))
    assert said(tablet) == ("", "")


def test_it_is_possible_while_the_next_offer_is_on_the_screen_and_over_once_it_is_accepted():
    tablet = sold()
    tablet.show(offered(2))
    assert tablet.screen is StaffScreen.OFFER
    assert tablet.state.undo_seconds_left == 10
    tablet.do(intents.accept(tablet.snapshot))
    assert tablet.state.take_back() == ()


def test_a_server_of_an_earlier_release_is_not_asked_to():
    tablet = Tablet(SERVING)
    tablet.device.undo_s = 0
    tablet.refresh()
    tablet.do(intents.complete(tablet.snapshot, Resolution.SOLD))
    assert said(tablet) == ("", "")


def test_giving_a_visit_back_was_confirmed_already():
    tablet = Tablet(visit(1, "accepted", employee="maya", rev=3, serving_at=NOW))
    tablet.do(intents.give_back(tablet.snapshot))
    assert tablet.state.last is None


def test_the_confirmation_can_be_put_away():
    tablet = sold()
    tablet.state.dismiss_message()
    assert said(tablet) == ("", "")


def test_too_late_is_said_in_words():
    tablet = sold()
    for op in tablet.state.take_back():
        tablet.do(op)
    tablet.device.answer()
    tablet.show()
    tablet.device.answer(Refusal(Code.STALE_REV, "6"))
    tablet.refresh()
    assert said(tablet)[0] == "Not done: Take back. It has gone on since: it can no longer be taken back."
