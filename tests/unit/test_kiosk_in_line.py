"""The kiosk's session in line and after: who comes, who is called, and the rating."""

import pytest
from msgspec.structs import replace

from assets.i18n.texts import is_useful_wait
from kiosk.session.session import KioskScreen, KioskSound, ShopperSession
from kiosk.session.timeouts import CHANGE_MS, LINE_MS, RATED_MS
from kiosk.session.visit_progress import (
    CALL_MS,
    RATING_MS,
    RatedVisits,
    ahead,
    stage,
    wait_bracket,
    widest_bracket,
)
from sync_server.device.sync.optimistic_view import OptimisticView
from sync_server.domain import ops
from sync_server.domain.visit.progress import Stage
from sync_server.protocol.rows import QuoteRow, VisitRow

from .shopper import AT, LINK, OTHER, STORE, VISIT, Shopper, at_confirm_leave, at_identify, at_rating, row

# --- in line --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Stage.FINDING),
        ({"state": "offered"}, Stage.FINDING),
        ({"state": "accepted"}, Stage.COMING),
        ({"state": "accepted", "recalled_at": AT}, Stage.CALLED),
        ({"state": "offered", "recalled_at": AT}, Stage.CALLED),
        ({"state": "serving"}, Stage.WITH_YOU),
        ({"state": "on_hold"}, Stage.HELD),
        ({"state": "no_show"}, Stage.OVER),
    ],
)
def test_stage_follows_the_row(changes: dict[str, object], expected: Stage) -> None:
    assert stage(row(**changes)) is expected


def test_without_a_row_the_stage_is_finding() -> None:
    assert stage(None) is Stage.FINDING


def test_the_ticket_closes_by_itself(shopper: Shopper) -> None:
    shopper.in_line()
    shopper.wait(LINE_MS - 1)
    assert shopper.screen is KioskScreen.LINE
    shopper.wait(1)
    assert shopper.flow.session == ShopperSession("nl")


def test_a_touch_keeps_the_ticket_open_longer(shopper: Shopper) -> None:
    shopper.in_line()
    shopper.wait(LINE_MS - 1)
    shopper.flow.record_touch(shopper.now)
    shopper.wait(LINE_MS - 1)
    assert shopper.screen is KioskScreen.LINE


def test_somebody_coming_sounds_and_is_shown_for_a_while(shopper: Shopper) -> None:
    shopper.in_line()
    shopper.wait(LINE_MS - 1)
    assert shopper.update(row(state="accepted", employee="maya")) == [KioskSound.ACCEPTED]
    assert shopper.flow.stage is Stage.COMING
    assert shopper.update(row(state="accepted", employee="maya")) == []
    shopper.wait(CHANGE_MS - 1)
    assert shopper.screen is KioskScreen.LINE
    shopper.wait(1)
    assert shopper.screen is KioskScreen.NEED


def test_a_row_missing_for_a_moment_changes_nothing(shopper: Shopper) -> None:
    shopper.in_line()
    shopper.update(row(state="accepted", employee="maya"))
    shopper.update()
    assert shopper.flow.stage is Stage.COMING


def test_being_called_sounds_once_each_time(shopper: Shopper) -> None:
    shopper.in_line()
    called = row(state="accepted", employee="maya", recalled_at=AT)
    assert shopper.update(called) == [KioskSound.CALLED]
    assert shopper.update(called) == []
    assert shopper.update(replace(called, recalled_at=AT + 1)) == [KioskSound.CALLED]


def test_a_call_is_heard_whatever_is_on_the_screen(shopper: Shopper) -> None:
    called = row(state="accepted", employee="maya", recalled_at=AT)
    assert shopper.update(called) == [KioskSound.CALLED]
    at_identify(shopper)
    assert shopper.update(replace(called, recalled_at=AT + 1)) == [KioskSound.CALLED]


def test_an_old_call_is_over() -> None:
    shopper = Shopper(at=AT + CALL_MS)
    assert shopper.update(row(state="accepted", recalled_at=AT)) == []


def test_leaving_needs_a_confirmation(shopper: Shopper) -> None:
    shopper.in_line()
    assert shopper.flow.leave(shopper.now) == []
    assert shopper.screen is KioskScreen.CONFIRM_LEAVE
    shopper.flow.back(shopper.now)
    assert shopper.screen is KioskScreen.LINE
    shopper.flow.leave(shopper.now)
    assert shopper.flow.leave(shopper.now) == [ops.Cancel(VISIT)]
    assert (shopper.screen, shopper.flow.session.rated_visit_id) == (KioskScreen.RATING, VISIT)
    assert shopper.flow.leave(shopper.now) == []


def test_somebody_who_arrives_while_leaving_is_asked_comes_first(shopper: Shopper) -> None:
    at_confirm_leave(shopper)
    shopper.update(row(state="serving", employee="maya"))
    assert (shopper.screen, shopper.flow.stage) == (KioskScreen.LINE, Stage.WITH_YOU)


@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_a_visit_that_ends_on_the_screen_asks_how_it_was(shopper: Shopper, state: str) -> None:
    shopper.in_line()
    shopper.update(row(state=state, ended_at=AT))
    assert (shopper.screen, shopper.flow.session.rated_visit_id) == (KioskScreen.RATING, VISIT)


def test_a_visit_that_was_rated_on_a_phone_is_only_thanked(shopper: Shopper) -> None:
    shopper.in_line()
    shopper.update(row(state="completed", ended_at=AT, rated=True))
    assert shopper.screen is KioskScreen.RATED


@pytest.mark.parametrize("state", ["no_show", "removed", "expired"])
def test_a_ticket_that_is_over_says_so_and_cannot_be_left(shopper: Shopper, state: str) -> None:
    at_confirm_leave(shopper)
    shopper.update(row(state=state, ended_at=AT))
    assert (shopper.screen, shopper.flow.stage) == (KioskScreen.LINE, Stage.OVER)
    assert shopper.flow.leave(shopper.now) == []
    shopper.flow.acknowledge(shopper.now)
    assert shopper.screen is KioskScreen.NEED


def test_the_ticket_has_an_address_only_where_phones_reach_the_store(shopper: Shopper) -> None:
    shopper.in_line()
    assert shopper.flow.ticket_url == f"https://lumen.example/v/{LINK}"
    shopper.update(row(), catalogue=replace(STORE, store=replace(STORE.store, public_url="")))
    assert shopper.flow.ticket_url is None


def test_without_a_connection_everything_works_and_is_announced_as_sent_later(shopper: Shopper) -> None:
    shopper.in_line()
    view = OptimisticView({VISIT: row()}, {}, {}, frozenset({VISIT}))
    shopper.update(view=view, live=False)
    assert shopper.screen is KioskScreen.LINE
    assert not shopper.flow.is_sent
    shopper.update(row())
    assert shopper.flow.is_sent


# --- how it was -----------------------------------------------------------------------------------


def ended(**changes: object) -> VisitRow:
    return row(**{"state": "completed", "ended_at": AT, **changes})


def test_one_recent_visit_leads_straight_to_the_faces(shopper: Shopper) -> None:
    shopper.update(ended())
    shopper.flow.open_rating(shopper.now)
    assert shopper.screen is KioskScreen.RATING
    assert shopper.flow.rate(4, shopper.now) == [ops.Rate(VISIT, ces=4)]
    assert shopper.screen is KioskScreen.RATED
    assert shopper.flow.rateable == ()


def test_several_are_chosen_from_the_latest_first(shopper: Shopper) -> None:
    shopper.update(ended(ended_at=AT - 1), ended(visit_id=OTHER, state="cancelled"))
    shopper.flow.open_rating(shopper.now)
    assert shopper.screen is KioskScreen.PICK_TICKET
    assert [r.visit_id for r in shopper.flow.rateable] == [OTHER, VISIT]
    shopper.flow.pick_ticket("f" * 32, shopper.now)
    assert shopper.screen is KioskScreen.PICK_TICKET
    shopper.flow.pick_ticket(VISIT, shopper.now)
    assert shopper.flow.rate(1, shopper.now) == [ops.Rate(VISIT, ces=1)]


def test_the_tickets_to_choose_from_stay_where_they_are(shopper: Shopper) -> None:
    shopper.update(ended(ended_at=AT - 1), ended(visit_id=OTHER))
    shopper.flow.open_rating(shopper.now)
    before = shopper.flow.session.tickets
    shopper.update(ended(ended_at=AT - 1, rated=True), ended(visit_id=OTHER), ended(visit_id="f" * 32))
    assert shopper.flow.session.tickets == before
    shopper.flow.pick_ticket(VISIT, shopper.now)  # rated on a phone meanwhile
    assert shopper.screen is KioskScreen.RATED


def test_an_answered_rating_is_remembered_for_an_hour(shopper: Shopper) -> None:
    answered = RatedVisits()
    for n in range(100):
        answered.add(f"{n:032x}", AT + n * RATING_MS)
    shopper.update(ended(visit_id=f"{99:032x}", ended_at=AT), ended(visit_id=f"{98:032x}", ended_at=AT))
    assert [r.visit_id for r in answered.rateable(shopper.flow.floor)] == [f"{98:032x}"]


@pytest.mark.parametrize(
    "changes", [{"state": "serving"}, {"state": "expired"}, {"rated": True}, {"ended_at": AT - RATING_MS}]
)
def test_no_rating_is_asked_for(shopper: Shopper, changes: dict[str, object]) -> None:
    shopper.update(ended(**changes))
    shopper.flow.open_rating(shopper.now)
    assert shopper.screen is KioskScreen.NEED


def test_a_declined_rating_is_not_asked_for_again(shopper: Shopper) -> None:
    shopper.update(ended())
    shopper.flow.open_rating(shopper.now)
    shopper.flow.decline_rating(shopper.now)
    assert (shopper.screen, shopper.flow.rateable) == (KioskScreen.NEED, ())


@pytest.mark.parametrize("ces", [0, 6])
def test_there_are_five_faces(shopper: Shopper, ces: int) -> None:
    at_rating(shopper)
    assert shopper.flow.rate(ces, shopper.now) == []
    assert shopper.screen is KioskScreen.RATING


def test_thanks_end_by_themselves(shopper: Shopper) -> None:
    at_rating(shopper)
    shopper.flow.rate(5, shopper.now)
    shopper.wait(RATED_MS - 1)
    assert shopper.screen is KioskScreen.RATED
    shopper.wait(1)
    assert shopper.screen is KioskScreen.NEED


# --- brackets -------------------------------------------------------------------------------------


def test_the_greetings_bracket_holds_every_need() -> None:
    quotes = {
        "a": QuoteRow("a", 60, 180),
        "b": QuoteRow("b", 0, 120),
        "c": QuoteRow("c"),
    }
    assert widest_bracket(quotes) == (0, 180)
    assert widest_bracket({"c": QuoteRow("c")}) is None
    assert is_useful_wait(*widest_bracket(quotes))
    assert wait_bracket(row()) is None
    assert ahead(None) is ahead(row()) is None
    assert ahead(row(place_in_line=3, low_s=60.0, high_s=180.0)) == 2
    assert ahead(row(place_in_line=19, low_s=0.0, high_s=60.0)) is None
    assert wait_bracket(row(low_s=0.0, high_s=60.0)) == (0.0, 60.0)
