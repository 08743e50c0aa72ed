"""A ticket that is no longer on the screen is found again by its colour and animal, and nothing is listed."""

import pytest
from msgspec.structs import replace

from kiosk.session.find_ticket import MAX_TRIES, PAUSE_MS
from kiosk.session.session import KioskScreen
from kiosk.session.timeouts import LINE_MS
from sync_server.domain import ops
from sync_server.domain.visit.progress import Stage
from sync_server.domain.visit.ticket import name_parts

from .shopper import AT, LINK, OTHER, VISIT, Shopper, row

COLOUR, ANIMAL = name_parts("A-42")
THEIRS = row(visit_id=OTHER, ticket="A-43")


def gone() -> Shopper:
    """A shopper without a phone, whose ticket has left the screen."""
    shopper = Shopper()
    shopper.update()
    shopper.in_line()
    shopper.update(row(), THEIRS)
    shopper.wait(LINE_MS)
    assert shopper.screen is KioskScreen.NEED
    return shopper


def look_for(shopper: Shopper, colour: int, animal: int) -> None:
    shopper.flow.choose_ticket_animal(animal, shopper.now)
    shopper.flow.choose_ticket_colour(colour, shopper.now)


def found() -> Shopper:
    shopper = gone()
    shopper.flow.open_find_ticket(shopper.now)
    look_for(shopper, COLOUR, ANIMAL)
    return shopper


def test_the_two_words_bring_the_ticket_back_with_its_qr_code():
    shopper = found()
    session = shopper.flow.session
    assert (session.screen, session.visit_id, session.ticket) == (KioskScreen.LINE, VISIT, "A-42")
    assert session.link == LINK
    assert session.need == "repair"
    assert session.language == "nl"


def test_it_does_what_the_tickets_screen_does():
    shopper = found()
    shopper.update(row(state="accepted", employee="maya"), THEIRS)
    assert shopper.flow.stage is Stage.COMING
    shopper.flow.leave(shopper.now)
    assert shopper.flow.leave(shopper.now) == [ops.Cancel(VISIT)]


def test_nothing_is_shown_before_both_words_are_right():
    shopper = gone()
    shopper.flow.open_find_ticket(shopper.now)
    shopper.flow.choose_ticket_colour(COLOUR, shopper.now)
    assert shopper.flow.session.visit_id is None
    shopper.flow.choose_ticket_animal((ANIMAL + 1) % 24, shopper.now)
    session = shopper.flow.session
    assert (session.screen, session.visit_id, session.not_found) == (KioskScreen.FIND_TICKET, None, True)
    assert (session.ticket_colour, session.ticket_animal) == (None, None)


def test_nobody_finds_anothers_ticket_by_trying():
    shopper = gone()
    shopper.flow.open_find_ticket(shopper.now)
    for wrong in range(MAX_TRIES):
        look_for(shopper, COLOUR, (ANIMAL + 1 + wrong) % 24)
    look_for(shopper, COLOUR, ANIMAL)
    assert shopper.flow.session.visit_id is None
    assert not shopper.flow.may_find(shopper.now)
    shopper.flow.back(shopper.now)
    shopper.flow.open_find_ticket(shopper.now)
    assert not shopper.flow.may_find(shopper.now), "nor after going back"
    shopper.now += PAUSE_MS
    look_for(shopper, COLOUR, ANIMAL)
    assert shopper.flow.session.visit_id == VISIT


def test_of_two_tickets_of_one_name_the_open_one_is_meant():
    shopper = gone()
    old = row(visit_id=OTHER, ticket="A-330", state="completed", ended_at=AT, created_at=AT + 9)
    assert name_parts("A-330") == (COLOUR, ANIMAL)
    shopper.update(old, row())
    shopper.flow.open_find_ticket(shopper.now)
    look_for(shopper, COLOUR, ANIMAL)
    assert shopper.flow.session.visit_id == VISIT


def test_a_visit_that_has_just_been_completed_leads_to_its_question():
    shopper = gone()
    done = row(state="completed", ended_at=AT, rev=5)
    shopper.update(done, THEIRS)
    shopper.flow.open_find_ticket(shopper.now)
    look_for(shopper, COLOUR, ANIMAL)
    assert shopper.screen is KioskScreen.RATING
    shopper.update(row(state="serving", employee="maya", rev=6), THEIRS)
    assert shopper.screen is KioskScreen.LINE, "its employee took the end back"


def test_without_an_open_ticket_there_is_nothing_to_look_for():
    shopper = Shopper()
    shopper.update(row(state="completed", ended_at=AT))
    shopper.flow.open_find_ticket(shopper.now)
    assert shopper.screen is KioskScreen.NEED


@pytest.mark.parametrize("start", [KioskScreen.LINE, KioskScreen.FIND_TICKET])
def test_a_shopper_who_was_not_found_comes_back_with_one_touch(start):
    shopper = gone()
    if start is KioskScreen.FIND_TICKET:
        shopper.flow.open_find_ticket(shopper.now)
        shopper.update(row(state="no_show", ended_at=AT), THEIRS)
        look_for(shopper, COLOUR, ANIMAL)
    else:
        shopper = Shopper()
        shopper.update()
        shopper.flow.choose_need("repair", shopper.now)
        shopper.flow.choose_colour("red", shopper.now)
        shopper.join()
        shopper.update(row(state="no_show", ended_at=AT))
    assert shopper.flow.may_return
    shopper.flow.come_back(shopper.now)
    session = shopper.flow.session
    assert (session.screen, session.need, session.visit_id) == (KioskScreen.IDENTIFY, "repair", None)
    assert session.colour == ("red" if start is KioskScreen.LINE else None)
    (op,) = shopper.flow.join(OTHER, "A-50", LINK, shopper.now)
    assert isinstance(op, ops.OpenVisit)


def test_somebody_who_was_found_needs_no_way_back():
    shopper = Shopper()
    shopper.update()
    shopper.in_line()
    for changes in ({"state": "waiting"}, {"state": "removed", "ended_at": AT}):
        shopper.update(replace(row(), **changes))
        assert not shopper.flow.may_return
