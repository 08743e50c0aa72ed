"""The tablet and its visits: their order, their clocks, and what each tap asks of the floor."""

import pytest

from staff_app import taps
from staff_app.screen import Screen
from staff_app.seen import Doing, Pace, endings
from sync_server.domain import ops
from sync_server.domain.events import Resolution

from .tablet import CATALOGUE, NOW, Tablet, offered, person, vid, visit

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
