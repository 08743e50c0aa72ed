"""The kiosk's session when something goes wrong: it is explained, and nothing is lost."""

import pytest
from msgspec.structs import replace

from kiosk.session.session import KioskError, KioskScreen, ShopperSession
from kiosk.session.visit_progress import RefusedTicket
from sync_server.domain import ops
from sync_server.domain.refusal import Code
from sync_server.domain.visit.progress import Stage

from .shopper import LINK, OTHER, STORE, VISIT, Shopper, at_identify, at_rating, row


def test_a_refused_visit_is_shown_and_can_be_tried_again(shopper: Shopper) -> None:
    at_identify(shopper)
    shopper.flow.choose_colour("red", shopper.now)
    op = shopper.join()
    assert shopper.flow.handle_refusal(op, Code.TICKET_TAKEN, shopper.now)
    assert (shopper.screen, shopper.flow.session.error) == (KioskScreen.ERROR, KioskError.REFUSED)
    shopper.flow.try_again(shopper.now)
    assert shopper.screen is KioskScreen.IDENTIFY
    (again,) = shopper.flow.join(OTHER, "A-43", LINK, shopper.now)
    assert isinstance(again, ops.OpenVisit)
    assert (again.visit_id, again.ticket, again.colour) == (OTHER, "A-43", "red")


def test_trying_again_without_the_need_starts_at_the_greeting(shopper: Shopper) -> None:
    at_identify(shopper)
    op = shopper.join()
    shopper.flow.handle_refusal(op, Code.UNKNOWN_NEED, shopper.now)
    shopper.update(catalogue=replace(STORE, needs=STORE.needs[1:]))
    assert shopper.screen is KioskScreen.ERROR
    shopper.flow.try_again(shopper.now)
    assert shopper.screen is KioskScreen.NEED


def test_a_refused_leave_shows_the_visit_again(shopper: Shopper) -> None:
    at_rating(shopper)
    assert shopper.flow.handle_refusal(ops.Cancel(VISIT), Code.WRONG_STATE, shopper.now)
    shopper.update(row(state="serving", employee="maya"))
    assert (shopper.screen, shopper.flow.stage) == (KioskScreen.LINE, Stage.WITH_YOU)
    assert shopper.flow.session.refusal is Code.WRONG_STATE


def test_a_refused_rating_is_shown(shopper: Shopper) -> None:
    at_rating(shopper)
    (op,) = shopper.flow.rate(5, shopper.now)
    assert isinstance(op, ops.Rate)
    assert shopper.flow.handle_refusal(op, Code.UNKNOWN_VISIT, shopper.now)
    assert (shopper.screen, shopper.flow.session.refusal) == (KioskScreen.RATED, Code.UNKNOWN_VISIT)


def test_a_visit_refused_after_its_shopper_left_the_line_shows_no_error(shopper: Shopper) -> None:
    op = ops.OpenVisit(VISIT, "A-42", "repair", "nl", link=LINK)
    at_rating(shopper)
    assert shopper.flow.handle_refusal(op, Code.TICKET_TAKEN, shopper.now)
    assert shopper.screen is KioskScreen.RATED


@pytest.mark.parametrize(
    "op", [ops.OpenVisit(OTHER, "A-41", "repair", "nl"), ops.Cancel(OTHER), ops.Rate(OTHER, ces=1)]
)
def test_a_refusal_for_somebody_who_left_does_not_touch_this_session(
    shopper: Shopper, op: ops.ShopperOp
) -> None:
    shopper.in_line()
    before = shopper.flow.session
    assert not shopper.flow.handle_refusal(op, Code.TICKET_TAKEN, shopper.now)
    assert shopper.flow.session == before


def test_an_error_ends_the_session_and_closes_by_itself(shopper: Shopper) -> None:
    shopper.flow.set_language("fi", shopper.now)
    at_identify(shopper)
    shopper.join()
    shopper.flow.show_error(KioskError.FULL, shopper.now)
    assert shopper.flow.session == ShopperSession("fi", KioskScreen.ERROR, error=KioskError.FULL)
    shopper.flow.try_again(shopper.now)
    assert shopper.screen is KioskScreen.ERROR
    shopper.wait(120_000)
    assert shopper.screen is KioskScreen.NEED


def test_refused_tickets_are_passed_to_the_greeting(shopper: Shopper) -> None:
    shopper.update(refused_tickets=(RefusedTicket("op", "A-41"),))
    assert shopper.flow.floor.refused_tickets == (RefusedTicket("op", "A-41"),)
