"""The tablet's decisions: which screen, which op, in which order, and how long everything takes."""

import pytest
from msgspec.structs import replace

from staff_app import taps
from staff_app.board import Banner, Board, Notice
from staff_app.screen import BEFORE, OVER, Screen
from staff_app.seen import Doing, Pace, Seen, endings
from staff_app.stand_in import StandIn
from sync_server.domain import ops
from sync_server.domain.catalogue import Catalogue, Employee, Gift, Need, Skill, Store, Times
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import SignedIn
from sync_server.protocol.rows import PersonRow, VisitRow

NOW = 1_790_000_000_000
TABLET = "tablet-1"


def vid(number: int) -> str:
    return f"{number:032x}"


def text(words: str) -> dict[str, str]:
    return {"en": words}


CATALOGUE = Catalogue(
    store=Store(name="Lumen", goodwill_limit_cents=2500),
    needs=(
        Need("repair", text("Something doesn't work"), "tool", target_wait_s=60, target_service_s=240),
        Need("choose", text("Help me choose"), "bulb"),
        Need("choose-laptop", text("Laptops"), "laptop", under="choose"),
        Need("choose-phone", text("Phones"), "phone", under="choose"),
        Need("other", text("Something else"), "dots", endings=("sold", "nonsense", "solved")),
    ),
    skills=(Skill("repair", text("Repair")),),
    employees=tuple(Employee(name, name.title(), frozenset()) for name in ("sam", "maya", "lotte", "jussi")),
    gifts=(Gift("cable", text("New cable"), 900),),
    times=Times(offer_s=15),
)


def visit(
    number: int = 1, state: str = "waiting", ago_s: float = 30, need: str = "repair", **more
) -> VisitRow:
    return VisitRow(
        visit_id=vid(number),
        ticket=f"A-{number}",
        rev=more.pop("rev", 1),
        state=state,
        need=need,
        language="en",
        created_at=NOW - int(ago_s * 1000),
        **more,
    )


def person(name: str = "maya", presence: str = "available", device: str | None = TABLET) -> PersonRow:
    return PersonRow(name, presence, NOW - 60_000, device)


def offered(number: int = 1, left_s: float = 10) -> VisitRow:
    until = NOW + int(left_s * 1000)
    return visit(number, "offered", offer_to="maya", offer_until=until, rev=2)


class Tablet:
    """A board that sees whatever its stand-in device shows, as the app has it."""

    def __init__(self, *visits: VisitRow, people: tuple[PersonRow, ...] = (person(),)) -> None:
        self.device = StandIn(CATALOGUE, TABLET, NOW)
        self.device.show(visits, people)
        self.board = Board(self._seen())
        self.device.on_change = self.look

    def _seen(self) -> Seen:
        d = self.device
        refused = tuple(d.outbox.refused())
        return Seen(d.view, d.catalogue, TABLET, d.now, d.live, d.problem, refused)

    def look(self) -> None:
        self.board.see(self._seen())

    def after(self, seconds: float) -> None:
        self.device.now += int(seconds * 1000)
        self.look()

    def show(self, *visits: VisitRow, people: tuple[PersonRow, ...] = (person(),)) -> None:
        self.device.show(visits, people)

    def do(self, op: ops.DeviceOp | None) -> None:
        assert op is not None
        self.device.submit(op)

    @property
    def screen(self) -> Screen:
        return self.board.screen

    @property
    def seen(self) -> Seen:
        return self.board.seen


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


# --- the line ------------------------------------------------------------------------------------


def test_who_waits_longest_stands_first_and_held_visits_stand_apart():
    tablet = Tablet(
        visit(1, ago_s=10),
        visit(2, ago_s=90),
        visit(3, "offered", ago_s=50, offer_to="sam", offer_until=NOW + 5000),
        visit(4, "on_hold", ago_s=400, employee="maya"),
        visit(5, "serving", ago_s=400, employee="sam"),
    )
    assert [v.ticket for v in tablet.seen.waiting] == ["A-2", "A-3", "A-1"]
    assert [v.ticket for v in tablet.seen.holding] == ["A-4"]


@pytest.mark.parametrize(("ago_s", "late"), [(59, False), (60, False), (61, True)])
def test_a_visit_is_late_after_its_needs_target(ago_s, late):
    row = visit(ago_s=ago_s)
    assert Tablet(row).seen.is_late(row) is late


def test_a_visit_the_manager_was_told_of_is_late():
    row = visit(ago_s=1, alerted_at=NOW)
    assert Tablet(row).seen.is_late(row)


def test_taking_a_visit_out_of_turn():
    tablet = Tablet(visit(1, rev=4))
    assert taps.take(tablet.seen, vid(1)) == ops.Claim(vid(1), 4)
    assert taps.take(tablet.seen, vid(2)) is None
    tablet.do(taps.take(tablet.seen, vid(1)))
    assert tablet.screen is Screen.WALKING
    assert taps.take(tablet.seen, vid(1)) is None, "a second touch means nothing"


def test_only_my_own_visits_on_hold_can_be_resumed():
    tablet = Tablet(visit(1, "on_hold", employee="maya", rev=5), visit(2, "on_hold", employee="sam"))
    assert taps.resume(tablet.seen, vid(1)) == ops.Resume(vid(1), 5)
    assert taps.resume(tablet.seen, vid(2)) is None


def test_who_is_here_and_what_they_do():
    people = (
        person("sam", "serving", "t2"),
        person("maya"),
        person("lotte", "serving", "t3"),
        person("jussi", "off_floor", None),
    )
    rows = (visit(1, "serving", employee="sam"), visit(2, "accepted", employee="lotte"))
    found = [
        (c.person.id, c.doing, c.visit.ticket if c.visit else None)
        for c in Tablet(*rows, people=people).seen.on_floor
    ]
    assert found == [
        ("maya", Doing.FREE, None),
        ("sam", Doing.WITH, "A-1"),
        ("lotte", Doing.WALKING, "A-2"),
    ]


@pytest.mark.parametrize(
    ("presence", "doing"),
    [("on_break", Doing.BREAK), ("not_responding", Doing.SILENT), ("available", Doing.ASKED)],
)
def test_a_colleague_without_a_visit_in_hand(presence, doing):
    row = visit(1, "offered", offer_to="sam", offer_until=NOW + 1000)
    seen = Tablet(row, people=(person(), person("sam", presence, "t2"))).seen
    assert seen.on_floor[1].doing is doing


# --- clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent_s", "pace"), [(239, Pace.CALM), (240, Pace.AMBER), (359, Pace.AMBER), (360, Pace.RED)]
)
def test_the_timer_turns_at_the_target_and_at_half_again(spent_s, pace):
    row = visit(1, "serving", employee="maya", serving_at=NOW - spent_s * 1000)
    assert Tablet(row).seen.pace(row) is pace


def test_time_on_hold_does_not_count():
    row = visit(1, "serving", serving_at=NOW - 100_000, held_ms=40_000)
    assert Tablet(row).seen.spent_s(row) == 60


def test_after_a_handover_the_timer_is_the_new_colleagues():
    row = visit(1, "serving", serving_at=NOW - 900_000, stint_at=NOW - 20_000, handovers=1)
    assert Tablet(row).seen.spent_s(row) == 20


def test_the_ring_empties():
    tablet = Tablet(offered(left_s=15))
    row = tablet.seen.offer
    assert (tablet.seen.offer_left(row), tablet.seen.offer_left_s(row)) == (1.0, 15)
    tablet.after(7.5)
    assert (tablet.seen.offer_left(row), tablet.seen.offer_left_s(row)) == (0.5, 8)
    tablet.after(60)
    assert (tablet.seen.offer_left(row), tablet.seen.offer_left_s(row)) == (0.0, 0)


# --- from tap to op ------------------------------------------------------------------------------


def test_a_chain_of_taps_without_a_connection_carries_the_revs_the_server_will_have():
    tablet = Tablet(offered())
    tablet.device.live = False
    tablet.do(taps.coming(tablet.seen))
    tablet.do(taps.with_them(tablet.seen))
    tablet.do(taps.add_note(tablet.seen, " tried another cable "))
    tablet.do(taps.hold(tablet.seen))
    tablet.do(taps.resume(tablet.seen, vid(1)))
    tablet.do(taps.complete(tablet.seen, Resolution.SOLVED))
    assert [submit.op for submit in tablet.device.pending] == [
        ops.Accept(vid(1), 2),
        ops.Start(vid(1), 3),
        ops.AddNote(vid(1), 4, "tried another cable"),
        ops.Hold(vid(1), 5),
        ops.Resume(vid(1), 6),
        ops.Complete(vid(1), 7, Resolution.SOLVED),
    ]
    assert tablet.screen is Screen.FLOOR


def test_a_no_show_needs_a_call_first():
    tablet = Tablet(visit(1, "accepted", employee="maya", rev=3))
    assert taps.not_here(tablet.seen) is None
    tablet.do(taps.call_again(tablet.seen))
    tablet.after(12)
    assert tablet.seen.recalled_s(tablet.seen.in_hand) is not None
    assert taps.not_here(tablet.seen) == ops.MarkNoShow(vid(1), 4)


def test_on_the_way_a_visit_can_go_back_or_out_of_the_line():
    seen = Tablet(visit(1, "accepted", employee="maya", rev=3)).seen
    assert taps.give_back(seen) == ops.HandOver(vid(1), 3)
    assert taps.by_mistake(seen) == ops.Remove(vid(1), 3)


def test_taps_of_another_moment_mean_nothing():
    serving, walking = visit(1, "serving", employee="maya"), visit(1, "accepted", employee="maya")
    with_shopper, on_the_way, free = Tablet(serving).seen, Tablet(walking).seen, Tablet(visit()).seen
    for tap in (taps.coming, taps.not_now):
        assert tap(free) is None
    for tap in (taps.with_them, taps.call_again, taps.not_here, taps.give_back, taps.by_mistake):
        assert tap(with_shopper) is None
        assert tap(free) is None
    assert taps.hold(on_the_way) is None
    assert taps.complete(on_the_way, Resolution.SOLVED) is None
    assert taps.hand_over(on_the_way, "") is None
    assert taps.add_note(on_the_way, "x") is None
    assert taps.add_note(with_shopper, "  ") is None
    assert taps.resume(with_shopper, vid(1)) is None


def test_tips_and_gifts_go_along_with_the_ending():
    tablet = Tablet(visit(1, "serving", employee="maya", rev=4))
    board = tablet.board
    board.pick_tip("twist")
    board.pick_gift("cable")
    assert (board.extras.tip, board.extras.gift, board.cents) == ("twist", "cable", 900)
    board.pick_tip("twist")
    assert board.extras.tip is None
    board.open(Screen.GIFT)
    assert not board.give(2501)
    assert board.screen is Screen.GIFT
    assert board.give(1250)
    assert (board.screen, board.extras.gift, board.cents) == (Screen.IN_HAND, None, 1250)
    extras = board.extras
    op = taps.complete(tablet.seen, Resolution.REPLACED_FREE, extras.tip, extras.gift, extras.cents)
    assert op == ops.Complete(vid(1), 4, Resolution.REPLACED_FREE, goodwill_cents=1250)


def test_what_was_chosen_stays_with_its_visit():
    tablet = Tablet(visit(1, "serving", employee="maya"))
    tablet.board.pick_tip("twist")
    tablet.show(visit(1, "on_hold", employee="maya"), visit(2, "serving", employee="maya"))
    assert tablet.board.extras.tip is None
    tablet.show(visit(1, "serving", employee="maya"))
    assert tablet.board.extras.tip == "twist"


def test_a_handover_carries_the_story_and_what_it_turned_out_to_be():
    tablet = Tablet(visit(1, "serving", employee="maya", rev=4))
    tablet.board.open(Screen.HAND_OVER)
    tablet.board.open(Screen.STORY)
    tablet.board.tell(" port is bent ")
    assert tablet.screen is Screen.HAND_OVER
    story = tablet.board.extras.story
    assert taps.hand_over(tablet.seen, story) == ops.HandOver(vid(1), 4, "port is bent")
    assert taps.hand_over(tablet.seen, story, "repair").need is None, "it is the need it was already"
    assert taps.hand_over(tablet.seen, story, "other").need == "other"


def test_a_quick_resolution_is_one_op():
    tablet = Tablet()
    op = taps.quick(tablet.seen, "repair", Resolution.SOLVED, vid(9), "M-1", "nl")
    assert op == ops.QuickResolution(vid(9), "M-1", "repair", "nl", Resolution.SOLVED)
    assert taps.quick(tablet.seen, "choose", Resolution.SOLVED, vid(9), "M-1", "nl") is None, "only a group"
    assert taps.quick(tablet.seen, None, Resolution.SOLVED, vid(9), "M-1", "nl") is None


def test_needs_below_others_are_flattened_in_their_place():
    assert [need.code for need in Tablet().seen.quick_needs] == [
        "repair",
        "choose-laptop",
        "choose-phone",
        "other",
    ]


def test_endings_of_a_need_stand_first_and_all_ten_are_there():
    likely, rest = endings(CATALOGUE.need("other"))
    assert likely == [Resolution.SOLD, Resolution.SOLVED]
    assert set(likely) | set(rest) == set(Resolution)
    assert not set(likely) & set(rest)


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
