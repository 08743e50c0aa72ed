"""The kiosk's session in line and after: who comes, who is called, and how it was."""

import pytest
from msgspec.structs import replace

from kiosk.patience import LINE_MS, NEWS_MS, THANKED_MS
from kiosk.session import Screen, Session, Sound
from kiosk.standing import ASK_MS, CALL_MS, Answered, Stage, bracket, stage, widest, worth_saying
from sync_server.device.project import View
from sync_server.domain import ops
from sync_server.protocol.rows import QuoteRow, VisitRow

from .shopper import (
    AT,
    LINK,
    OTHER,
    STORE,
    VISIT,
    Shopper,
    on_leave,
    on_spot,
    on_thanks,
    row,
)

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


def test_a_row_that_is_not_there_yet_is_being_found() -> None:
    assert stage(None) is Stage.FINDING


def test_the_ticket_leads_back_to_the_greeting_by_itself(shopper: Shopper) -> None:
    shopper.in_line()
    shopper.wait(LINE_MS - 1)
    assert shopper.screen is Screen.LINE
    shopper.wait(1)
    assert shopper.flow.session == Session("nl")


def test_touching_the_ticket_keeps_it_longer(shopper: Shopper) -> None:
    shopper.in_line()
    shopper.wait(LINE_MS - 1)
    shopper.flow.touched(shopper.now)
    shopper.wait(LINE_MS - 1)
    assert shopper.screen is Screen.LINE


def test_somebody_coming_sounds_and_is_shown_for_a_while(shopper: Shopper) -> None:
    shopper.in_line()
    shopper.wait(LINE_MS - 1)
    assert shopper.see(row(state="accepted", employee="maya")) == [Sound.ACCEPTED]
    assert shopper.flow.stage is Stage.COMING
    assert shopper.see(row(state="accepted", employee="maya")) == []
    shopper.wait(NEWS_MS - 1)
    assert shopper.screen is Screen.LINE
    shopper.wait(1)
    assert shopper.screen is Screen.NEED


def test_a_row_missing_for_a_moment_changes_nothing(shopper: Shopper) -> None:
    shopper.in_line()
    shopper.see(row(state="accepted", employee="maya"))
    shopper.see()
    assert shopper.flow.stage is Stage.COMING


def test_being_called_sounds_once_each_time(shopper: Shopper) -> None:
    shopper.in_line()
    called = row(state="accepted", employee="maya", recalled_at=AT)
    assert shopper.see(called) == [Sound.CALLED]
    assert shopper.see(called) == []
    assert shopper.see(replace(called, recalled_at=AT + 1)) == [Sound.CALLED]


def test_a_ticket_is_called_on_the_greeting_but_not_into_anothers_session(shopper: Shopper) -> None:
    called = row(state="accepted", employee="maya", recalled_at=AT)
    assert shopper.see(called) == [Sound.CALLED]
    on_spot(shopper)
    assert shopper.see(replace(called, recalled_at=AT + 1)) == []


def test_an_old_call_is_over() -> None:
    shopper = Shopper(at=AT + CALL_MS)
    assert shopper.see(row(state="accepted", recalled_at=AT)) == []


def test_leaving_is_asked_once_more_and_then_done(shopper: Shopper) -> None:
    shopper.in_line()
    assert shopper.flow.leave(shopper.now) == []
    assert shopper.screen is Screen.LEAVE
    shopper.flow.back(shopper.now)
    assert shopper.screen is Screen.LINE
    shopper.flow.leave(shopper.now)
    assert shopper.flow.leave(shopper.now) == [ops.Cancel(VISIT)]
    assert (shopper.screen, shopper.flow.session.asked_of) == (Screen.THANKS, VISIT)
    assert shopper.flow.leave(shopper.now) == []


def test_somebody_who_arrives_while_leaving_is_asked_comes_first(shopper: Shopper) -> None:
    on_leave(shopper)
    shopper.see(row(state="serving", employee="maya"))
    assert (shopper.screen, shopper.flow.stage) == (Screen.LINE, Stage.WITH_YOU)


@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_a_visit_that_ends_on_the_screen_asks_how_it_was(shopper: Shopper, state: str) -> None:
    shopper.in_line()
    shopper.see(row(state=state, ended_at=AT))
    assert (shopper.screen, shopper.flow.session.asked_of) == (Screen.THANKS, VISIT)


def test_one_who_has_said_it_on_the_phone_is_only_thanked(shopper: Shopper) -> None:
    shopper.in_line()
    shopper.see(row(state="completed", ended_at=AT, rated=True))
    assert shopper.screen is Screen.THANKED


@pytest.mark.parametrize("state", ["no_show", "removed", "expired"])
def test_a_ticket_that_is_over_says_so_and_cannot_be_left(shopper: Shopper, state: str) -> None:
    on_leave(shopper)
    shopper.see(row(state=state, ended_at=AT))
    assert (shopper.screen, shopper.flow.stage) == (Screen.LINE, Stage.OVER)
    assert shopper.flow.leave(shopper.now) == []
    shopper.flow.all_right(shopper.now)
    assert shopper.screen is Screen.NEED


def test_the_ticket_has_an_address_only_where_phones_reach_the_store(shopper: Shopper) -> None:
    shopper.in_line()
    assert shopper.flow.address == f"https://lumen.example/v/{LINK}"
    shopper.see(row(), catalogue=replace(STORE, store=replace(STORE.store, public_url="")))
    assert shopper.flow.address is None


def test_without_a_connection_all_goes_on_and_is_said_to_be_passed_on_later(shopper: Shopper) -> None:
    shopper.in_line()
    view = View({VISIT: row()}, {}, {}, frozenset({VISIT}))
    shopper.see(view=view, live=False)
    assert shopper.screen is Screen.LINE
    assert not shopper.flow.passed_on
    shopper.see(row())
    assert shopper.flow.passed_on


# --- how it was -----------------------------------------------------------------------------------


def ended(**changes: object) -> VisitRow:
    return row(**{"state": "completed", "ended_at": AT, **changes})


def test_one_recent_visit_leads_straight_to_the_faces(shopper: Shopper) -> None:
    shopper.see(ended())
    shopper.flow.how_was_it(shopper.now)
    assert shopper.screen is Screen.THANKS
    assert shopper.flow.rate(4, shopper.now) == [ops.Rate(VISIT, ces=4)]
    assert shopper.screen is Screen.THANKED
    assert shopper.flow.to_ask == ()


def test_several_are_chosen_from_the_latest_first(shopper: Shopper) -> None:
    shopper.see(ended(ended_at=AT - 1), ended(visit_id=OTHER, state="cancelled"))
    shopper.flow.how_was_it(shopper.now)
    assert shopper.screen is Screen.PICK
    assert [r.visit_id for r in shopper.flow.to_ask] == [OTHER, VISIT]
    shopper.flow.pick("f" * 32, shopper.now)
    assert shopper.screen is Screen.PICK
    shopper.flow.pick(VISIT, shopper.now)
    assert shopper.flow.rate(1, shopper.now) == [ops.Rate(VISIT, ces=1)]


def test_the_tickets_to_choose_from_stay_where_they_are(shopper: Shopper) -> None:
    shopper.see(ended(ended_at=AT - 1), ended(visit_id=OTHER))
    shopper.flow.how_was_it(shopper.now)
    before = shopper.flow.session.tickets
    shopper.see(ended(ended_at=AT - 1, rated=True), ended(visit_id=OTHER), ended(visit_id="f" * 32))
    assert shopper.flow.session.tickets == before
    shopper.flow.pick(VISIT, shopper.now)  # answered for on a phone meanwhile
    assert shopper.screen is Screen.THANKED


def test_what_was_answered_is_remembered_only_while_somebody_might_ask(shopper: Shopper) -> None:
    answered = Answered()
    for n in range(100):
        answered.add(f"{n:032x}", AT + n * ASK_MS)
    shopper.see(ended(visit_id=f"{99:032x}", ended_at=AT), ended(visit_id=f"{98:032x}", ended_at=AT))
    assert [r.visit_id for r in answered.without(shopper.flow.world)] == [f"{98:032x}"]


@pytest.mark.parametrize(
    "changes", [{"state": "serving"}, {"state": "expired"}, {"rated": True}, {"ended_at": AT - ASK_MS}]
)
def test_nobody_is_asked_about(shopper: Shopper, changes: dict[str, object]) -> None:
    shopper.see(ended(**changes))
    shopper.flow.how_was_it(shopper.now)
    assert shopper.screen is Screen.NEED


def test_no_thanks_is_not_asked_again(shopper: Shopper) -> None:
    shopper.see(ended())
    shopper.flow.how_was_it(shopper.now)
    shopper.flow.no_thanks(shopper.now)
    assert (shopper.screen, shopper.flow.to_ask) == (Screen.NEED, ())


@pytest.mark.parametrize("ces", [0, 6])
def test_there_are_five_faces(shopper: Shopper, ces: int) -> None:
    on_thanks(shopper)
    assert shopper.flow.rate(ces, shopper.now) == []
    assert shopper.screen is Screen.THANKS


def test_thanks_end_by_themselves(shopper: Shopper) -> None:
    on_thanks(shopper)
    shopper.flow.rate(5, shopper.now)
    shopper.wait(THANKED_MS - 1)
    assert shopper.screen is Screen.THANKED
    shopper.wait(1)
    assert shopper.screen is Screen.NEED


# --- brackets -------------------------------------------------------------------------------------


def test_the_greetings_bracket_holds_every_need() -> None:
    quotes = {
        "a": QuoteRow("a", 60, 180),
        "b": QuoteRow("b", 0, 120),
        "c": QuoteRow("c"),
    }
    assert widest(quotes) == (0, 180)
    assert widest({"c": QuoteRow("c")}) is None
    assert worth_saying(*widest(quotes))
    assert not worth_saying(300, 2640)
    assert bracket(row()) is None
    assert bracket(row(low_s=0.0, high_s=60.0)) == (0.0, 60.0)
