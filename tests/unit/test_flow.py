"""The kiosk's session: what each tap leads to, what is forgotten, and what is never lost."""

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.flow import LINE_MS, LONGEST_NAME, NEWS_MS, STILL_THERE_MS, THANKED_MS, Flow
from kiosk.session import Screen, Session, Sound, Trouble
from kiosk.standing import ASK_MS, CALL_MS, Lost, Stage, World, bracket, stage, widest, worth_saying
from sync_server.device.project import View
from sync_server.domain import ops
from sync_server.domain.catalogue import Catalogue, Employee, Need, Place, Skill, Store, Times
from sync_server.domain.refusal import Code
from sync_server.protocol.rows import QuoteRow, VisitRow

AT = 1_790_000_000_000  # the server's time in these tests
IDLE_MS = 45_000
VISIT, OTHER = "0" * 31 + "1", "0" * 31 + "2"
LINK = "abcdefghijklmnopqrstuv"


def text(word: str) -> dict[str, str]:
    return {"en": word, "nl": f"{word} nl", "fi": f"{word} fi"}


STORE = Catalogue(
    store=Store("Lumen & Co", languages=("nl", "en", "fi"), public_url="https://lumen.example/"),
    needs=(
        Need("repair", text("Something doesn't work"), "tool"),
        Need("more", text("Something else"), "dots"),
        Need("lost", text("I lost something"), "search", under="more"),
    ),
    skills=(Skill("phones", text("Phones")),),
    employees=(Employee("maya", "Maya", frozenset({"phones"})),),
    places=(Place("seats", text("The seats"), "armchair"),),
    times=Times(idle_s=IDLE_MS / 1000),
)


def row(**changes: object) -> VisitRow:
    first = VisitRow(VISIT, "A-42", 1, "waiting", "repair", "nl", AT)
    return replace(first, **changes)


@dataclass
class Shopper:
    """Somebody at a kiosk whose clock stands still unless told otherwise."""

    flow: Flow = field(default_factory=Flow)
    now: int = 1_000
    at: int = AT

    def see(self, *rows: VisitRow, **changes: object) -> list[object]:
        view = View({r.visit_id: r for r in rows}, {}, {})
        world = World(STORE, view, live=True, at=self.at)
        return self.flow.see(replace(world, **changes), self.now)

    def wait(self, ms: int) -> None:
        """Lets time pass as the app does: `tick` whenever it is due."""
        end = self.now + ms
        while (due := self.flow.next_deadline(self.now)) <= end:
            assert due > self.now, "a deadline in the past would spin the app's timer"
            self.now = due
            self.flow.tick(due)
        self.now = end

    @property
    def screen(self) -> Screen:
        return self.flow.session.screen

    def join(self) -> ops.OpenVisit:
        (op,) = self.flow.join(VISIT, "A-42", LINK, self.now)
        assert isinstance(op, ops.OpenVisit)
        return op

    def in_line(self) -> "Shopper":
        self.flow.choose_need("repair", self.now)
        self.join()
        self.see(row())
        return self


@pytest.fixture
def shopper() -> Shopper:
    shopper = Shopper()
    shopper.see()
    return shopper


# --- the way into the line -----------------------------------------------------------------------


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


# --- language ------------------------------------------------------------------------------------


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


# --- still there? --------------------------------------------------------------------------------


def on_spot(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)


def on_name(shopper: Shopper) -> None:
    on_spot(shopper)
    shopper.flow.open_name(shopper.now)
    shopper.flow.type("R", shopper.now)


def on_more(shopper: Shopper) -> None:
    shopper.flow.choose_need("more", shopper.now)


def on_leave(shopper: Shopper) -> None:
    shopper.in_line().flow.leave(shopper.now)


def on_thanks(shopper: Shopper) -> None:
    on_leave(shopper)
    shopper.flow.leave(shopper.now)


def on_pick(shopper: Shopper) -> None:
    ended = {"state": "completed", "ended_at": AT}
    shopper.see(row(**ended), row(visit_id=OTHER, **ended))
    shopper.flow.how_was_it(shopper.now)


@pytest.mark.parametrize(
    ("way", "screen"),
    [
        (on_more, Screen.MORE),
        (on_spot, Screen.SPOT),
        (on_name, Screen.NAME),
        (on_leave, Screen.LEAVE),
        (on_thanks, Screen.THANKS),
        (on_pick, Screen.PICK),
    ],
)
def test_a_screen_left_alone_asks_and_then_forgets_everything(shopper: Shopper, way, screen) -> None:
    way(shopper)
    shopper.wait(IDLE_MS - 1)
    assert (shopper.screen, shopper.flow.session.still_there) == (screen, False)
    shopper.wait(1)
    assert (shopper.screen, shopper.flow.session.still_there) == (screen, True)
    assert shopper.flow.seconds_left(shopper.now) == STILL_THERE_MS // 1000
    shopper.wait(STILL_THERE_MS - 1)
    assert (shopper.flow.session.still_there, shopper.flow.seconds_left(shopper.now)) == (True, 1)
    shopper.wait(1)
    assert shopper.flow.session == Session("nl")


def test_the_countdown_wakes_once_a_second(shopper: Shopper) -> None:
    on_spot(shopper)
    shopper.wait(IDLE_MS)
    for left in range(15, 0, -1):
        assert shopper.flow.seconds_left(shopper.now) == left
        assert shopper.flow.next_deadline(shopper.now) == shopper.now + 1000
        shopper.wait(1000)


def test_yes_i_am_here_keeps_all(shopper: Shopper) -> None:
    on_name(shopper)
    shopper.wait(IDLE_MS)
    shopper.flow.here(shopper.now)
    assert (shopper.screen, shopper.flow.session.name) == (Screen.NAME, "R")
    shopper.wait(IDLE_MS - 1)
    assert not shopper.flow.session.still_there


def test_start_over_forgets_at_once(shopper: Shopper) -> None:
    on_name(shopper)
    shopper.wait(IDLE_MS)
    shopper.flow.start_over(shopper.now)
    assert shopper.flow.session == Session("nl")


def test_a_touch_anywhere_counts_as_being_there_but_answers_nothing(shopper: Shopper) -> None:
    on_spot(shopper)
    shopper.wait(IDLE_MS - 1)
    shopper.flow.touched(shopper.now)
    shopper.wait(IDLE_MS - 1)
    assert not shopper.flow.session.still_there
    shopper.wait(1)
    shopper.flow.touched(shopper.now)
    assert shopper.flow.session.still_there
    shopper.wait(STILL_THERE_MS)
    assert shopper.flow.session == Session("nl")


def test_an_untouched_greeting_asks_nobody(shopper: Shopper) -> None:
    shopper.wait(10 * IDLE_MS)
    assert shopper.flow.session == Session("nl")


# --- in line -------------------------------------------------------------------------------------


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


# --- how it was ----------------------------------------------------------------------------------


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


# --- what went wrong -----------------------------------------------------------------------------


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


# --- brackets ------------------------------------------------------------------------------------


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


# --- whatever people do --------------------------------------------------------------------------

TAPS = st.sampled_from(
    [
        ("choose_need", "repair"), ("choose_need", "more"), ("choose_need", "lost"), ("choose_need", "?"),
        ("choose_colour", "red"), ("choose_place", "seats"), ("open_name",), ("type", "å"), ("erase",),
        ("back",), ("all_right",), ("leave",), ("how_was_it",), ("pick", VISIT), ("rate", 3), ("no_thanks",),
        ("here",), ("start_over",), ("try_again",), ("speak", "fi"), ("touched",), ("join",),
        ("wait", 50_000),
        ("see", "waiting"), ("see", "accepted"), ("see", "serving"), ("see", "completed"), ("see", "no_show"),
        ("offline",), ("refuse",),
    ]
)  # fmt: skip


@given(st.lists(TAPS, max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_order_of_taps_breaks_the_session(taps: list[tuple[object, ...]]) -> None:
    shopper = Shopper()
    shopper.see()
    flow = shopper.flow
    done: list[object] = []
    opened = 0
    for name, *values in taps:
        shopper.now += 1
        match name:
            case "join":
                effects = flow.join(f"{opened + 1:032x}", f"A-{opened + 1}", LINK, shopper.now)
                opened += len(effects)
            case "see":
                visit_id = flow.session.visit_id or VISIT
                ended_at = AT if values[0] in ("completed", "no_show") else None
                effects = shopper.see(row(visit_id=visit_id, state=values[0], ended_at=ended_at))
            case "offline":
                effects = shopper.see(live=False)
            case "refuse":
                effects = []
                sent = [op for op in done if not isinstance(op, Sound)]
                if sent:
                    flow.refused(sent[-1], Code.WRONG_STATE, shopper.now)
            case "wait":
                shopper.wait(values[0])
                effects = []
            case _:
                effects = getattr(flow, name)(*values, shopper.now) or []
        done += effects
        session = flow.session
        assert session.screen is not Screen.MOMENT
        assert session.screen is not Screen.SPOT or session.need
        assert session.screen not in (Screen.LINE, Screen.LEAVE) or session.visit_id
        assert session.screen is not Screen.THANKS or session.asked_of
        assert (session.screen is Screen.TROUBLE) == (session.trouble is not None)
    said = [op for op in done if not isinstance(op, Sound)]
    for op in said:
        assert msgspec.json.decode(msgspec.json.encode(op), type=ops.ShopperOp) == op
    rated = [op.visit_id for op in said if isinstance(op, ops.Rate)]
    assert len(rated) == len(set(rated))
    shopper.wait(300_000)
    assert flow.session == Session("nl")
