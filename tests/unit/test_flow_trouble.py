"""The kiosk's session when something goes wrong: told kindly, and nothing is lost."""

import pytest
from msgspec.structs import replace

from kiosk.session import Screen, Session, Trouble
from kiosk.standing import Lost, Stage
from sync_server.domain import ops
from sync_server.domain.refusal import Code

from .shopper import (
    LINK,
    OTHER,
    STORE,
    VISIT,
    Shopper,
    on_spot,
    on_thanks,
    row,
)


def test_a_refused_visit_is_told_and_can_be_said_again(shopper: Shopper) -> None:
    on_spot(shopper)
    shopper.flow.choose_colour("red", shopper.now)
    op = shopper.join()
    assert shopper.flow.refused(op, Code.TICKET_TAKEN, shopper.now)
    assert (shopper.screen, shopper.flow.session.trouble) == (Screen.TROUBLE, Trouble.REFUSED)
    shopper.flow.try_again(shopper.now)
    assert shopper.screen is Screen.SPOT
    (again,) = shopper.flow.join(OTHER, "A-43", LINK, shopper.now)
    assert isinstance(again, ops.OpenVisit)
    assert (again.visit_id, again.ticket, again.colour) == (OTHER, "A-43", "red")


def test_trying_again_a_need_that_is_gone_begins_at_the_greeting(shopper: Shopper) -> None:
    on_spot(shopper)
    op = shopper.join()
    shopper.flow.refused(op, Code.UNKNOWN_NEED, shopper.now)
    shopper.see(catalogue=replace(STORE, needs=STORE.needs[1:]))
    assert shopper.screen is Screen.TROUBLE
    shopper.flow.try_again(shopper.now)
    assert shopper.screen is Screen.NEED


def test_leaving_too_late_leads_back_to_what_is(shopper: Shopper) -> None:
    on_thanks(shopper)
    assert shopper.flow.refused(ops.Cancel(VISIT), Code.WRONG_STATE, shopper.now)
    shopper.see(row(state="serving", employee="maya"))
    assert (shopper.screen, shopper.flow.stage) == (Screen.LINE, Stage.WITH_YOU)
    assert shopper.flow.session.notice is Code.WRONG_STATE


def test_an_answer_that_is_refused_is_told(shopper: Shopper) -> None:
    on_thanks(shopper)
    (op,) = shopper.flow.rate(5, shopper.now)
    assert isinstance(op, ops.Rate)
    assert shopper.flow.refused(op, Code.UNKNOWN_VISIT, shopper.now)
    assert (shopper.screen, shopper.flow.session.notice) == (Screen.THANKED, Code.UNKNOWN_VISIT)


def test_a_visit_refused_after_its_shopper_left_the_line_has_nothing_to_say(shopper: Shopper) -> None:
    op = ops.OpenVisit(VISIT, "A-42", "repair", "nl", link=LINK)
    on_thanks(shopper)
    assert shopper.flow.refused(op, Code.TICKET_TAKEN, shopper.now)
    assert shopper.screen is Screen.THANKED


@pytest.mark.parametrize(
    "op", [ops.OpenVisit(OTHER, "A-41", "repair", "nl"), ops.Cancel(OTHER), ops.Rate(OTHER, ces=1)]
)
def test_a_refusal_for_somebody_who_left_does_not_touch_this_session(
    shopper: Shopper, op: ops.ShopperOp
) -> None:
    shopper.in_line()
    before = shopper.flow.session
    assert not shopper.flow.refused(op, Code.TICKET_TAKEN, shopper.now)
    assert shopper.flow.session == before


def test_trouble_promises_nothing_and_goes_by_itself(shopper: Shopper) -> None:
    shopper.flow.speak("fi", shopper.now)
    on_spot(shopper)
    shopper.join()
    shopper.flow.fail(Trouble.FULL, shopper.now)
    assert shopper.flow.session == Session("fi", Screen.TROUBLE, trouble=Trouble.FULL)
    shopper.flow.try_again(shopper.now)
    assert shopper.screen is Screen.TROUBLE
    shopper.wait(120_000)
    assert shopper.screen is Screen.NEED


def test_lost_tickets_are_for_the_greeting_to_show(shopper: Shopper) -> None:
    shopper.see(lost=(Lost("op", "A-41"),))
    assert shopper.flow.world.lost == (Lost("op", "A-41"),)
