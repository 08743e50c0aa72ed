"""The tablet and its visits: their order, their times, and the op of each tap."""

from collections.abc import Callable
from typing import Any

import pytest

from staff_app import intents
from staff_app.navigation import StaffScreen
from staff_app.snapshot import Activity, TimerColour, resolutions_for
from sync_server.domain import ops
from sync_server.domain.resolution import Resolution

from .tablet import CATALOGUE, NOW, Tablet, offered, person, vid, visit

# --- the line ------------------------------------------------------------------------------------


def test_the_longest_wait_is_first_and_held_visits_are_apart():
    tablet = Tablet(
        visit(1, ago_s=10),
        visit(2, ago_s=90),
        visit(3, "offered", ago_s=50, offer_to="sam", offer_until=NOW + 5000),
        visit(4, "on_hold", ago_s=400, employee="maya"),
        visit(5, "serving", ago_s=400, employee="sam"),
    )
    assert [v.ticket for v in tablet.snapshot.waiting] == ["A-2", "A-3", "A-1"]
    assert [v.ticket for v in tablet.snapshot.on_hold] == ["A-4"]


@pytest.mark.parametrize(("ago_s", "late"), [(59, False), (60, False), (61, True)])
def test_a_visit_is_late_after_its_needs_target(ago_s, late):
    row = visit(ago_s=ago_s)
    assert Tablet(row).snapshot.is_late(row) is late


def test_a_visit_the_manager_was_told_of_is_late():
    row = visit(ago_s=1, alerted_at=NOW)
    assert Tablet(row).snapshot.is_late(row)


def test_taking_a_visit_out_of_turn():
    tablet = Tablet(visit(1, rev=4))
    assert intents.claim(tablet.snapshot, vid(1)) == ops.Claim(vid(1), 4)
    assert intents.claim(tablet.snapshot, vid(2)) is None
    tablet.do(intents.claim(tablet.snapshot, vid(1)))
    assert tablet.screen is StaffScreen.ON_THE_WAY
    assert intents.claim(tablet.snapshot, vid(1)) is None, "a second touch means nothing"


def test_only_my_own_visits_on_hold_can_be_resumed():
    tablet = Tablet(visit(1, "on_hold", employee="maya", rev=5), visit(2, "on_hold", employee="sam"))
    assert intents.resume(tablet.snapshot, vid(1)) == ops.Resume(vid(1), 5)
    assert intents.resume(tablet.snapshot, vid(2)) is None


def test_who_is_here_and_what_they_do():
    people = (
        person("sam", "serving", "t2"),
        person("maya"),
        person("lotte", "serving", "t3"),
        person("jussi", "off_floor", None),
    )
    rows = (visit(1, "serving", employee="sam"), visit(2, "accepted", employee="lotte"))
    found = [
        (c.person.id, c.activity, c.visit.ticket if c.visit else None)
        for c in Tablet(*rows, people=people).snapshot.on_floor
    ]
    assert found == [
        ("maya", Activity.FREE, None),
        ("sam", Activity.SERVING, "A-1"),
        ("lotte", Activity.ON_THE_WAY, "A-2"),
    ]


@pytest.mark.parametrize(
    ("presence", "activity"),
    [
        ("on_break", Activity.ON_BREAK),
        ("not_responding", Activity.NOT_RESPONDING),
        ("available", Activity.OFFERED),
    ],
)
def test_a_colleague_without_a_visit_in_hand(presence, activity):
    row = visit(1, "offered", offer_to="sam", offer_until=NOW + 1000)
    snapshot = Tablet(row, people=(person(), person("sam", presence, "t2"))).snapshot
    assert snapshot.on_floor[1].activity is activity


# --- clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service_s", "colour"),
    [(239, TimerColour.CALM), (240, TimerColour.AMBER), (359, TimerColour.AMBER), (360, TimerColour.RED)],
)
def test_the_timer_changes_colour_at_the_target_and_at_half_as_much_again(service_s, colour):
    row = visit(1, "serving", employee="maya", serving_at=NOW - service_s * 1000)
    assert Tablet(row).snapshot.timer_colour(row) is colour


def test_time_on_hold_does_not_count():
    row = visit(1, "serving", serving_at=NOW - 100_000, held_ms=40_000)
    assert Tablet(row).snapshot.service_s(row) == 60


def test_after_a_handover_the_timer_is_the_new_colleagues():
    row = visit(1, "serving", serving_at=NOW - 900_000, stint_at=NOW - 20_000, handovers=1)
    assert Tablet(row).snapshot.service_s(row) == 20


def test_the_ring_shrinks_with_the_time_left():
    tablet = Tablet(offered(left_s=15))
    row = tablet.snapshot.offer
    assert (tablet.snapshot.offer_share_left(row), tablet.snapshot.offer_seconds_left(row)) == (1.0, 15)
    tablet.after(7.5)
    assert (tablet.snapshot.offer_share_left(row), tablet.snapshot.offer_seconds_left(row)) == (0.5, 8)
    tablet.after(60)
    assert (tablet.snapshot.offer_share_left(row), tablet.snapshot.offer_seconds_left(row)) == (0.0, 0)


# --- from tap to op ------------------------------------------------------------------------------


def test_ops_made_offline_carry_the_revs_that_the_server_will_have():
    tablet = Tablet(offered())
    tablet.device.live = False
    tablet.do(intents.accept(tablet.snapshot))
    tablet.do(intents.start(tablet.snapshot))
    tablet.do(intents.add_note(tablet.snapshot, " tried another cable "))
    tablet.do(intents.hold(tablet.snapshot))
    tablet.do(intents.resume(tablet.snapshot, vid(1)))
    tablet.do(intents.complete(tablet.snapshot, Resolution.SOLVED))
    assert [submit.op for submit in tablet.device.pending] == [
        ops.Accept(vid(1), 2),
        ops.Start(vid(1), 3),
        ops.AddNote(vid(1), 4, "tried another cable"),
        ops.Hold(vid(1), 5),
        ops.Resume(vid(1), 6),
        ops.Complete(vid(1), 7, Resolution.SOLVED),
    ]
    assert tablet.screen is StaffScreen.FLOOR


def test_a_no_show_needs_a_call_first():
    tablet = Tablet(visit(1, "accepted", employee="maya", rev=3))
    assert intents.mark_no_show(tablet.snapshot) is None
    tablet.do(intents.recall(tablet.snapshot))
    tablet.after(12)
    assert tablet.snapshot.recalled_s(tablet.snapshot.in_hand) is not None
    assert intents.mark_no_show(tablet.snapshot) == ops.MarkNoShow(vid(1), 4)


def test_on_the_way_a_visit_can_go_back_or_out_of_the_line():
    snapshot = Tablet(visit(1, "accepted", employee="maya", rev=3)).snapshot
    assert intents.give_back(snapshot) == ops.HandOver(vid(1), 3)
    assert intents.remove(snapshot) == ops.Remove(vid(1), 3)


def test_a_tap_for_another_screen_does_nothing():
    serving, walking = visit(1, "serving", employee="maya"), visit(1, "accepted", employee="maya")
    with_shopper, on_the_way, free = (
        Tablet(serving).snapshot,
        Tablet(walking).snapshot,
        Tablet(visit()).snapshot,
    )
    tap: Callable[..., Any]
    for tap in (intents.accept, intents.decline):
        assert tap(free) is None
    for tap in (
        intents.start,
        intents.recall,
        intents.mark_no_show,
        intents.give_back,
        intents.remove,
    ):
        assert tap(with_shopper) is None
        assert tap(free) is None
    assert intents.hold(on_the_way) is None
    assert intents.complete(on_the_way, Resolution.SOLVED) is None
    assert intents.hand_over(on_the_way, "") is None
    assert intents.add_note(on_the_way, "x") is None
    assert intents.add_note(with_shopper, "  ") is None
    assert intents.resume(with_shopper, vid(1)) is None


def test_tips_and_gifts_are_sent_with_the_resolution():
    tablet = Tablet(visit(1, "serving", employee="maya", rev=4))
    state = tablet.state
    state.toggle_tip("twist")
    state.toggle_gift("cable")
    assert (state.extras.tip, state.extras.gift, state.extras.goodwill_cents) == ("twist", "cable", 0)
    state.toggle_tip("twist")
    assert state.extras.tip is None
    state.open_page(StaffScreen.GOODWILL)
    assert not state.set_goodwill(2501)
    assert state.screen is StaffScreen.GOODWILL
    assert state.set_goodwill(1250)
    extras = state.extras
    assert (state.screen, extras.gift, extras.goodwill_cents) == (StaffScreen.SERVING, None, 1250)
    op = intents.complete(
        tablet.snapshot, Resolution.REPLACED_FREE, extras.tip, extras.gift, extras.goodwill_cents
    )
    assert op == ops.Complete(vid(1), 4, Resolution.REPLACED_FREE, goodwill_cents=1250)


def test_a_choice_stays_with_its_visit():
    tablet = Tablet(visit(1, "serving", employee="maya"))
    tablet.state.toggle_tip("twist")
    tablet.show(visit(1, "on_hold", employee="maya"), visit(2, "serving", employee="maya"))
    assert tablet.state.extras.tip is None
    tablet.show(visit(1, "serving", employee="maya"))
    assert tablet.state.extras.tip == "twist"


def test_a_handover_carries_the_note_and_the_new_need():
    tablet = Tablet(visit(1, "serving", employee="maya", rev=4))
    tablet.state.open_page(StaffScreen.HAND_OVER)
    tablet.state.open_page(StaffScreen.HANDOVER_NOTE)
    tablet.state.set_handover_note(" port is bent ")
    assert tablet.screen is StaffScreen.HAND_OVER
    note = tablet.state.extras.handover_note
    assert intents.hand_over(tablet.snapshot, note) == ops.HandOver(vid(1), 4, "port is bent")
    assert intents.hand_over(tablet.snapshot, note, "repair").need is None, "it is the need it was already"
    assert intents.hand_over(tablet.snapshot, note, "other").need == "other"


def test_a_quick_resolution_is_one_op():
    tablet = Tablet()
    op = intents.quick_resolution(tablet.snapshot, "repair", Resolution.SOLVED, vid(9), "M-1", "nl")
    assert op == ops.QuickResolution(vid(9), "M-1", "repair", "nl", Resolution.SOLVED)
    assert (
        intents.quick_resolution(tablet.snapshot, "choose", Resolution.SOLVED, vid(9), "M-1", "nl") is None
    ), "only a group"
    assert intents.quick_resolution(tablet.snapshot, None, Resolution.SOLVED, vid(9), "M-1", "nl") is None


def test_grouped_needs_are_flattened_in_their_place():
    assert [need.code for need in Tablet().snapshot.quick_needs] == [
        "repair",
        "choose-laptop",
        "choose-phone",
        "other",
    ]


def test_the_resolutions_of_a_need_are_first_and_all_ten_are_there():
    likely, rest = resolutions_for(CATALOGUE.need("other"))
    assert likely == [Resolution.SOLD, Resolution.SOLVED]
    assert set(likely) | set(rest) == set(Resolution)
    assert not set(likely) & set(rest)
